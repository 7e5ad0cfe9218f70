import { i32, i32x4, type Value } from '../../assembler/index.ts';
import type { Row } from '../../emit/stridedLoop.ts';
import { Accumulator } from './accumulator.ts';
import { bytesOf, storeFour, storeOne } from '../../emit/elements.ts';
import { emitAhead, emitInvariants, type Walker } from '../../emit/vectorLoop.ts';
import { emitLoops, emitNext, emitTerm, type Reducing, type Structure } from './reducing.ts';

/** Results of which four are computed at once: several times four while there are as many, then four, then one. */
export function emitColumns(reducing: Reducing, row: Row): void {
  const { structure } = reducing;
  const { outputType } = structure;
  for (const group of groupsOf(structure)) {
    reducing.code.while(i32.geU(row.count, i32.const(4 * group)), () => {
      const totals = Array.from({ length: group }, () => new Accumulator(reducing, true));
      emitTotals(reducing, row, totals, true);
      totals.forEach((total, u) => {
        const to = i32.add(reducing.to, i32.const(4 * u * bytesOf(outputType)));
        const result = total.result(structure.type) as Value<'v128'>;
        const stored = outputType === 'bool' ? i32x4.ne(result, i32x4.splat(i32.const(0))) : result;
        reducing.code.emit(storeFour(outputType, to, stored));
      });
      emitNext(reducing, row, 4 * group);
    });
  }
  reducing.code.while(row.count, () => {
    const total = new Accumulator(reducing, false);
    emitTotals(reducing, row, [total], false);
    reducing.code.emit(storeOne(outputType, reducing.to, total.result(structure.type)));
    emitNext(reducing, row, 1);
  });
}

/** How many vectors of results at once: whole cache lines, as far as registers and the length of the code allow. */
function groupsOf({ expression: { weight }, lies }: Structure): readonly number[] {
  if (weight > 48 || lies.includes('apart')) return [1];
  return weight > 12 ? [4, 1] : [8, 1];
}

/** All terms, for results side by side. */
function emitTotals(reducing: Reducing, { at, steps }: Row, totals: readonly Accumulator[], wide: boolean): void {
  const { code, structure, imports } = reducing;
  const { expression, lies } = structure;
  const number = code.local('i32', i32.const(0));
  totals.forEach((total) => total.reset());
  emitLoops(reducing, 0, structure.reducedRank, at, (here) => {
    const walkers = here.map((address, j): Walker => ({ at: address, step: steps[j]!, lie: lies[j]! }));
    const invariants = emitInvariants(code, expression, walkers, imports, wide);
    totals.forEach((total, u) => {
      total.take(emitTerm(reducing, emitAhead(code, expression, walkers, 4 * u), wide, invariants), number);
    });
    if (structure.combining.index) code.add(number, i32.const(1));
  });
}
