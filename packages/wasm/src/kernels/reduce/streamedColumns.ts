import { i32, type Local, type Value } from '../../assembler/index.ts';
import { bytesOf, storeFour } from '../../emit/elements.ts';
import type { Row } from '../../emit/stridedLoop.ts';
import { emitMin } from '../../emit/units.ts';
import type { MovableCursor } from '../../emit/vectorLoop.ts';
import { Accumulator } from './accumulator.ts';
import { emitAdvance, emitLoops, emitTerms, type EmittedReduction } from './terms.ts';

/** The number of results that are computed together, whose accumulators are in the workspace. */
const maxBlock = 1024;
export const streamedWorkspaceBytes: number = 4 * maxBlock;
/** The number of results in a pair of vectors. */
const step = 8;

interface Block {
  readonly row: Row;
  /** The accumulators of neighboring results. */
  readonly pair: readonly Accumulator[];
  /** The address of the pair's state in the workspace. */
  readonly at: Local<'i32'>;
  /** Emits a loop over the pairs of the block. */
  readonly forPairs: (body: () => void) => void;
}

/**
 * Emits neighboring results together, term after term: the operands are read in the order of memory, which is faster than
 * many terms of few results where each term is on another page. Leaves less than a pair of vectors of results.
 */
export function emitStreamedColumns(reduction: EmittedReduction, row: Row): void {
  const { code, structure, workspace, to } = reduction;
  const { type, outputType } = structure;
  const pair = [0, 1].map(() => new Accumulator(reduction, true));
  const at = code.local('i32');
  const end = code.local('i32');
  const block: Block = { row, pair, at, forPairs: (body) => code.for(at, workspace, end, 4 * step, body) };
  code.while(i32.geU(row.count, i32.const(step)), () => {
    const size = emitMin(code, i32.and(row.count, i32.const(-step)), i32.const(maxBlock));
    code.set(end, i32.add(workspace, i32.shl(size, i32.const(2))));
    for (const total of pair) total.reset();
    block.forPairs(() => pair.forEach((total, i) => total.store(at, 16 * i)));
    emitLoops(reduction, 0, structure.reducedRank - 1, row.at, (here) => emitBlockTerms(reduction, block, here));
    const target = code.local('i32', to);
    block.forPairs(() => {
      pair.forEach((total, i) => total.load(at, 16 * i));
      const results = pair.map((total) => total.result(type) as Value<'v128'>);
      results.forEach((result, i) => code.emit(storeFour(outputType, target, result, 4 * i * bytesOf(outputType))));
      code.add(target, i32.const(step * bytesOf(outputType)));
    });
    emitAdvance(reduction, row, size);
  });
}

/** Emits the terms along the innermost reduced axis. */
function emitBlockTerms(
  reduction: EmittedReduction,
  { row, pair, at, forPairs }: Block,
  here: readonly Local<'i32'>[],
): void {
  const { code, structure, loop, lengths, strides } = reduction;
  const axis = structure.reducedRank - 1;
  const next = here.map((address) => code.local('i32', address));
  const left = code.local('i32', lengths[axis]!);
  const number = code.local('i32');
  for (const count of structure.expression.weight > 12 ? [1] : [4, 1]) {
    code.while(i32.geU(left, i32.const(count)), () => {
      const terms = Array.from({ length: count }, () => {
        const cursors = next.map((address, j): MovableCursor => {
          const start = code.local('i32', address);
          code.add(address, strides[j]![axis]!);
          return { at: start, step: row.steps[j]!, access: structure.accesses[j]! };
        });
        return { cursors, invariants: loop.invariants(cursors, true) };
      });
      forPairs(() => {
        pair.forEach((total, i) => total.load(at, 16 * i));
        for (const { cursors, invariants } of terms) {
          emitTerms(reduction, cursors, pair, { wide: true, number, invariants });
          loop.advance(cursors, step);
        }
        pair.forEach((total, i) => total.store(at, 16 * i));
      });
      code.add(left, i32.const(-count));
    });
  }
}
