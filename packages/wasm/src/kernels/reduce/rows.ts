import type { ScalarType } from '@thetagrad/core/backend';
import { i32, type Local } from '../../assembler/index.ts';
import { emitLeast } from '../../emit/units.ts';
import type { Row } from '../../emit/stridedLoop.ts';
import { Accumulator } from './accumulator.ts';
import { storeOne } from '../../emit/elements.ts';
import { emitAdvance, emitInvariants, type Walking } from '../../emit/vectorLoop.ts';
import { emitLoops, emitNext, emitTerm, type Reducing } from './reducing.ts';

/** Terms that are added one after another, in each lane of a vector, before their sum is added to that of others. */
const shortRun = 32;

/** Results one by one: short runs of terms are combined in vectors, and their results in float64, where sums lose nothing. */
export function emitRows(reducing: Reducing, row: Row): void {
  const { code, structure, lengths, to } = reducing;
  const { expression, combining, type, outputType, reducedRank } = structure;
  const precise: ScalarType = combining.exact ? type : 'f64';
  const total = new Accumulator(reducing, false, precise);
  const group = expression.weight <= 12 ? 4 : 1;
  const parts = Array.from({ length: expression.isNarrow ? group : 0 }, () => new Accumulator(reducing, true));
  const number = code.local('i32');
  code.while(row.count, () => {
    total.reset();
    code.set(number, i32.const(0));
    emitLoops(reducing, 0, reducedRank - 1, row.at, (at) => {
      const walkers = walkingOf(reducing, at);
      const left = code.local('i32', lengths[reducedRank - 1]!);
      if (parts.length > 0) {
        code.if(i32.geU(left, i32.const(4)), () => emitVectors(reducing, walkers, { total, parts, number, left }));
      }
      code.while(left, () => {
        total.take(emitTerm(reducing, walkers, false, new Map()), number);
        emitAdvance(code, expression, walkers, 1);
        code.add(number, i32.const(1));
        code.add(left, i32.const(-1));
      });
    });
    code.emit(storeOne(outputType, to, total.result(type)));
    emitNext(reducing, row, 1);
  });
}

interface Terms {
  readonly total: Accumulator;
  readonly parts: readonly Accumulator[];
  /** Of the next term. */
  readonly number: Local<'i32'>;
  /** Terms from here to the end of the innermost axis. */
  readonly left: Local<'i32'>;
}

/** Takes terms by fours, while there are four. */
function emitVectors(reducing: Reducing, walkers: readonly Walking[], { total, parts, number, left }: Terms): void {
  const { code, structure, imports } = reducing;
  const { expression, combining } = structure;
  const invariants = emitInvariants(code, expression, walkers, imports, true);
  const take = (part: Accumulator): void => {
    part.take(emitTerm(reducing, walkers, true, invariants), number);
    emitAdvance(code, expression, walkers, 4);
  };
  /** Takes a vector to each of the parts while the run has as many terms. */
  const takeAll = (run: Local<'i32'>, taking: readonly Accumulator[]): void => {
    const terms = 4 * taking.length;
    code.while(i32.geU(run, i32.const(terms)), () => {
      taking.forEach(take);
      code.add(number, i32.const(terms));
      code.add(run, i32.const(-terms));
    });
  };
  code.doWhile(
    () => {
      const run = combining.exact
        ? code.local('i32', left)
        : emitLeast(code, left, i32.const(4 * parts.length * shortRun));
      code.set(left, i32.sub(left, i32.and(run, i32.const(-4))));
      for (const part of parts) part.reset();
      if (parts.length > 1) takeAll(run, parts);
      const [sum, ...others] = parts as readonly [Accumulator, ...Accumulator[]];
      takeAll(run, [sum]);
      others.forEach((part, u) => sum.join(part, 4 * (u + 1)));
      total.joinLanes(sum);
    },
    i32.geU(left, i32.const(4)),
  );
}

/** Where operands are at the start of a run of terms along the innermost reduced axis. */
function walkingOf({ code, structure, strides }: Reducing, at: readonly Local<'i32'>[]): Walking[] {
  return at.map((start, j) => ({
    at: code.local('i32', start),
    step: strides[j]![structure.reducedRank - 1]!,
    lie: structure.lies[j]!,
  }));
}
