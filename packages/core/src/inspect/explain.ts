import { bytesPerElement, type DType } from '../data/dtype.ts';
import { checkNotDisposed } from '../graph/tensor.ts';
import { countMultiplyAdds, type Loop } from '../graph/routines.ts';
import { collectWork, getBackend } from '../evaluate.ts';
import { operandsOf } from '../schedule/body.ts';
import { schedule } from '../schedule/schedule.ts';
import type { Body, Kernel, Operand, RoutineKernel, Slot } from '../schedule/kernel.ts';
import { sizeOf, type Shape, type View } from '../data/shape.ts';

/** A description of a kernel. */
export interface KernelDescription {
  /** The operations fused into it, in order, such as `convolution → add → relu`. */
  readonly name: string;
  /** The shape of the result. */
  readonly shape: Shape;
  /** The dtype of the result. */
  readonly dtype: DType;
  /** The number of bytes read and written, counting each element once. */
  readonly bytes: number;
  /** The number of multiply-adds of a matrix product or convolution; 0 for other kernels. */
  readonly multiplyAdds: number;
  /** Whether the backend has no code for it, or for its epilogue, and runs the definition on the host, from `explain`. */
  readonly onHost?: boolean;
  /** The generated code, from `explain` on backends that provide it. */
  readonly source?: string;
}

/** The kernels, work and memory of an evaluation. */
export interface Explanation {
  /** The kernels in execution order. */
  readonly kernels: readonly KernelDescription[];
  /** The number of operations fused into the kernels. */
  readonly operations: number;
  /** The number of bytes read and written by all kernels. */
  readonly bytes: number;
  /** The number of multiply-adds of all kernels. */
  readonly multiplyAdds: number;
  /** The size of the arena, which intermediates share, in bytes. */
  readonly arenaBytes: number;
  /** The sum of the sizes of all intermediates in bytes. */
  readonly intermediateBytes: number;
  /** One line for each kernel, and totals. */
  toString(): string;
}

/**
 * Explains how `evaluate` would compute its arguments, without computing anything: the kernels, the operations fused into
 * each, their work, and the memory for intermediates. Print the result.
 * @throws {TypeError} if an argument cannot hold tensors.
 */
export function explain(...trees: unknown[]): Explanation {
  const backend = getBackend();
  const { targets } = collectWork('explain', backend, trees);
  for (const tensor of targets.order) checkNotDisposed('explain', tensor);
  const plan = schedule(targets, backend);
  const sources = backend.sourcesOf?.(plan) ?? [];
  const kernels = plan.kernels.map((kernel, i) => {
    const source = sources[i];
    return {
      ...describeKernel(kernel),
      ...(source && { source }),
      ...(backend.runsOnHost?.(kernel) && { onHost: true }),
    };
  });
  const total = (key: 'bytes' | 'multiplyAdds'): number => kernels.reduce((sum, kernel) => sum + kernel[key], 0);
  const intermediates = new Set(plan.kernels.map(({ output }) => output).filter(({ kind }) => kind === 'arena'));
  const explanation = {
    kernels,
    operations: plan.kernels.reduce((sum, kernel) => sum + operationNames(kernel).length, 0),
    bytes: total('bytes'),
    multiplyAdds: total('multiplyAdds'),
    arenaBytes: plan.arenaBytes,
    intermediateBytes: [...intermediates].reduce((sum, slot) => sum + bytesOf(slot), 0),
  };
  return { ...explanation, toString: () => format(explanation) };
}

/** Describes a kernel, for `explain` and `profile`. */
export function describeKernel(kernel: Kernel): KernelDescription {
  return {
    name: operationNames(kernel).join(' → '),
    shape: kernel.kind === 'reduce' ? kernel.shape.slice(0, kernel.kept) : kernel.shape,
    dtype: kernel.output.dtype,
    bytes: bytesOf(kernel.output) + operandsOf(kernel).reduce((sum, operand) => sum + bytesRead(operand), 0),
    multiplyAdds: kernel.kind === 'routine' ? multiplyAddsOf(kernel) : 0,
  };
}

function operationNames(kernel: Kernel): string[] {
  const namesOf = (body: Body | undefined): string[] => body?.steps.map(({ operation }) => operation.name) ?? [];
  switch (kernel.kind) {
    case 'map':
      return namesOf(kernel.body);
    case 'reduce':
      return [...namesOf(kernel.body), kernel.operation.name];
    case 'routine':
      return [nameOfRoutine(kernel.definition), ...namesOf(kernel.epilogue)];
  }
}

/** The name of a routine; of a loop, with what it computes in each step. */
export function nameOfRoutine({ name, loop }: { readonly name: string; readonly loop?: Loop }): string {
  if (!loop) return name;
  const kernels = loop.plan.kernels.map((kernel) => operationNames(kernel).join(' → '));
  return `${name} of ${loop.isConditional ? 'up to ' : ''}${loop.count} step${loop.count === 1 ? '' : 's'} (${kernels.join('; ')})`;
}

function multiplyAddsOf({ definition, operands, shape }: RoutineKernel): number {
  return countMultiplyAdds(
    definition,
    shape,
    operands.map(({ view }: Operand) => view.shape),
  );
}

function format({
  kernels,
  operations,
  bytes,
  multiplyAdds,
  arenaBytes,
  intermediateBytes,
}: Omit<Explanation, 'toString'>): string {
  const lines = kernels.map(({ name, shape, dtype, onHost, ...work }, i) => {
    const sizes = [
      formatBytes(work.bytes),
      ...(work.multiplyAdds > 0 ? [`${formatCount(work.multiplyAdds)} multiply-adds`] : []),
      ...(onHost ? ['on the host'] : []),
    ];
    return `${String(i).padStart(String(kernels.length - 1).length)}: ${dtype}[${shape.join(', ')}] ${name} (${sizes.join(', ')})`;
  });
  return [
    ...lines,
    `${kernels.length} kernels for ${operations} operations, ${formatBytes(bytes)} moved, ${formatCount(multiplyAdds)} multiply-adds`,
    `arena ${formatBytes(arenaBytes)} for intermediates of ${formatBytes(intermediateBytes)}`,
  ].join('\n');
}

function bytesOf({ dtype, size }: Slot): number {
  return bytesPerElement(dtype) * size;
}

function bytesRead({ slot, view }: Operand): number {
  return bytesPerElement(slot.dtype) * Math.min(slot.size, distinctElements(view));
}

/** The number of distinct elements of a view. */
function distinctElements({ shape, strides }: View): number {
  return sizeOf(shape.filter((length, axis) => length === 0 || strides[axis] !== 0));
}

function formatBytes(bytes: number): string {
  return bytes < 1e4 ? `${bytes} B` : `${(bytes / 1e6).toPrecision(3)} MB`;
}

function formatCount(count: number): string {
  return count < 1e4 ? String(count) : `${(count / 1e6).toPrecision(3)} M`;
}
