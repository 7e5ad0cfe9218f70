import type { ScalarType } from '@thetagrad/core/backend';
import { i32, type Local } from '../../assembler/index.ts';
import { storeOne } from '../../emit/elements.ts';
import type { Row } from '../../emit/stridedLoop.ts';
import { emitMin } from '../../emit/units.ts';
import type { MovableCursor } from '../../emit/vectorLoop.ts';
import { Accumulator } from './accumulator.ts';
import { emitAdvance, emitLoops, emitTerms, type EmittedReduction } from './terms.ts';

/** Terms that are added one after another in each lane of a vector, before their sum is added to that of others. */
const shortRun = 32;
/** The number of vectors that are combined side by side, and what they take in the workspace. */
const [lightGroup, heavyGroup] = [4, 2];
export const rowWorkspaceBytes: number = 16 * lightGroup;
const maxLightWeight = 12;

/**
 * Emits results one by one: short runs of terms are combined in vectors, and their results in float64 for precision.
 */
export function emitRows(reduction: EmittedReduction, row: Row): void {
  const { code, structure, combiner, loop, lengths, to } = reduction;
  const { expression, type, outputType, reducedRank } = structure;
  const precise: ScalarType = combiner.exact ? type : 'f64';
  const total = new Accumulator(reduction, false, precise);
  const group = expression.weight <= maxLightWeight ? lightGroup : heavyGroup;
  const parts = Array.from({ length: expression.isNarrow ? group : 0 }, () => new Accumulator(reduction, true));
  const number = code.local('i32');
  code.while(row.count, () => {
    total.reset();
    code.set(number, i32.const(0));
    emitLoops(reduction, 0, reducedRank - 1, row.at, (at) => {
      const cursors = cursorsAt(reduction, at);
      const left = code.local('i32', lengths[reducedRank - 1]!);
      if (parts.length > 0) {
        code.if(i32.geU(left, i32.const(4)), () => emitVectors(reduction, cursors, { total, parts, number, left }));
      }
      code.while(left, () => {
        total.add(loop.value(cursors, false), number);
        loop.advance(cursors, 1);
        code.add(number, i32.const(1));
        code.add(left, i32.const(-1));
      });
    });
    code.emit(storeOne(outputType, to, total.result(type)));
    emitAdvance(reduction, row, i32.const(1));
  });
}

interface Terms {
  readonly total: Accumulator;
  readonly parts: readonly Accumulator[];
  /** The number of the next term. */
  readonly number: Local<'i32'>;
  /** The number of terms that are left along the innermost axis. */
  readonly left: Local<'i32'>;
}

/** Emits the loop over vectors of four terms, while there are four. */
function emitVectors(
  reduction: EmittedReduction,
  cursors: readonly MovableCursor[],
  { total, parts, number, left }: Terms,
): void {
  const { code, combiner, loop, structure } = reduction;
  const invariants = loop.invariants(cursors, true);
  /** Adds a vector to each of the accumulators while the run has enough terms. */
  const addVectors = (run: Local<'i32'>, accumulators: readonly Accumulator[]): void => {
    const terms = 4 * accumulators.length;
    code.while(i32.geU(run, i32.const(terms)), () => {
      emitTerms(reduction, cursors, accumulators, { wide: true, number, invariants });
      loop.advance(cursors, terms);
      code.add(number, i32.const(terms));
      code.add(run, i32.const(-terms));
    });
  };
  code.doWhile(
    () => {
      const run = combiner.exact
        ? code.local('i32', left)
        : emitMin(code, left, i32.const(4 * parts.length * shortRun));
      code.set(left, i32.sub(left, i32.and(run, i32.const(-4))));
      for (const part of parts) part.reset();
      if (parts.length > 1) {
        addVectors(run, parts);
        if (structure.wide) Accumulator.spill(reduction, parts);
      }
      const [sum, ...others] = parts as readonly [Accumulator, ...Accumulator[]];
      addVectors(run, [sum]);
      others.forEach((part, u) => sum.join(part, 4 * (u + 1)));
      total.joinLanes(sum);
    },
    i32.geU(left, i32.const(4)),
  );
}

/** The operands at the start of a run of terms along the innermost reduced axis. */
function cursorsAt({ code, structure, strides }: EmittedReduction, at: readonly Local<'i32'>[]): MovableCursor[] {
  return at.map((start, j) => ({
    at: code.local('i32', start),
    step: strides[j]![structure.reducedRank - 1]!,
    access: structure.accesses[j]!,
  }));
}
