// How the threads of a workgroup combine their accumulators through arrays in shared memory, which have an element for each
// thread: `values` and, for reductions to an index, `indices`.
import type { WgslWriter } from '../code/wgsl.ts';
import type { Value } from '../code/writer.ts';
import type { Accumulator, Reduction } from './reduction.ts';

/** Writes how accumulators are combined, and returns that of all threads, which thread 0 has. */
export type CombineThreads = (
  writer: WgslWriter,
  reduction: Reduction,
  own: Accumulator,
  workgroupSize: number,
) => Accumulator;

/** In each round half of the threads take in the other half. */
export const combineInMemory: CombineThreads = (writer, reduction, own, workgroupSize) => {
  share(writer, own);
  writer.block(`for (var half = ${workgroupSize / 2}; half > 0; half /= 2)`, () => {
    writer.line('workgroupBarrier();');
    writer.block('if (thread < half)', () => {
      mergeFrom(writer, reduction, own, (array) => `${array}[thread + half]`);
      share(writer, own);
    });
  });
  return own;
};

/**
 * The lanes of each subgroup combine their accumulators, and then those of all subgroups. Nothing is assumed about which
 * threads are in a subgroup, nor how many: its total is shared by its first lane, and the others share empty accumulators.
 */
export const combineInSubgroups: CombineThreads = (writer, reduction, own, workgroupSize) => {
  // `subgroup_size` may be larger than the number of threads.
  writer.line('let lanes = subgroupAdd(1u);');
  const combineLanes = (total: Accumulator): void =>
    writer.block('for (var mask = 1u; mask < lanes; mask *= 2u)', () =>
      mergeFrom(writer, reduction, total, (_, { text }) => `subgroupShuffleXor(${text}, mask)`),
    );
  combineLanes(own);
  const total = reduction.begin(writer);
  share(writer, total);
  writer.block('if (lane == 0u)', () => share(writer, own));
  writer.line('workgroupBarrier();');
  writer.block(`for (var slot = lane; slot < ${workgroupSize}u; slot += lanes)`, () =>
    mergeFrom(writer, reduction, total, (array) => `${array}[slot]`),
  );
  combineLanes(total);
  return total;
};

function share(writer: WgslWriter, { value, index }: Accumulator): void {
  writer.line(`values[thread] = ${value.text};`);
  if (index) writer.line(`indices[thread] = ${index.text};`);
}

/** Combines an accumulator with another thread's, whose variables are expressions of the array and of the own variable. */
function mergeFrom(
  writer: WgslWriter,
  reduction: Reduction,
  total: Accumulator,
  read: (array: string, own: Value) => string,
): void {
  const bind = (array: string, own: Value): Value => ({ ...own, text: writer.bindIndex(read(array, own)) });
  const value = bind('values', total.value);
  reduction.mergeUnordered(writer, total, total.index ? { value, index: bind('indices', total.index) } : { value });
}
