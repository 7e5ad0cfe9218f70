import { i32, i32x4, type Value } from '../../assembler/index.ts';
import { bytesOf, storeFour, storeOne } from '../../emit/elements.ts';
import type { Row } from '../../emit/stridedLoop.ts';
import type { Cursor } from '../../emit/vectorLoop.ts';
import { Accumulator } from './accumulator.ts';
import { emitStreamedColumns } from './streamedColumns.ts';
import { emitAdvance, emitLoops, emitTerms, type EmittedReduction, type Structure } from './terms.ts';

/** Emits neighboring results together: several vectors of four while enough results are left, then four, then one. */
export function emitColumns(reduction: EmittedReduction, row: Row): void {
  const { code, structure, to } = reduction;
  const { outputType, type } = structure;
  if (structure.streamed) emitStreamedColumns(reduction, row);
  for (const group of vectorCounts(structure)) {
    code.while(i32.geU(row.count, i32.const(4 * group)), () => {
      const totals = Array.from({ length: group }, () => new Accumulator(reduction, true));
      emitTotals(reduction, row, totals, true);
      totals.forEach((total, u) => {
        const result = total.result(type) as Value<'v128'>;
        const stored = outputType === 'bool' ? i32x4.ne(result, i32x4.splat(i32.const(0))) : result;
        code.emit(storeFour(outputType, to, stored, 4 * u * bytesOf(outputType)));
      });
      emitAdvance(reduction, row, i32.const(4 * group));
    });
  }
  code.while(row.count, () => {
    const total = new Accumulator(reduction, false);
    emitTotals(reduction, row, [total], false);
    code.emit(storeOne(outputType, to, total.result(type)));
    emitAdvance(reduction, row, i32.const(1));
  });
}

/** How many vectors of results to compute together: whole cache lines, as far as registers and code size allow. */
function vectorCounts({ expression: { weight }, accesses, streamed, wide }: Structure): readonly number[] {
  if (streamed) return [1];
  if (weight > 48 || accesses.includes('strided')) return [1];
  if (weight > 12) return wide ? [4, 2, 1] : [4, 1];
  return wide ? [16, 4, 1] : [8, 1];
}

/** Emits the loop over all terms of neighboring results. */
function emitTotals(
  reduction: EmittedReduction,
  { at, steps }: Row,
  totals: readonly Accumulator[],
  wide: boolean,
): void {
  const { code, structure, combiner, loop } = reduction;
  const number = code.local('i32', i32.const(0));
  totals.forEach((total) => total.reset());
  emitLoops(reduction, 0, structure.reducedRank, at, (here) => {
    const cursors = here.map((address, j): Cursor => ({
      at: address,
      step: steps[j]!,
      access: structure.accesses[j]!,
    }));
    const invariants = loop.invariants(cursors, wide);
    emitTerms(reduction, cursors, totals, { wide, number, invariants });
    if (combiner.index) code.add(number, i32.const(1));
  });
}
