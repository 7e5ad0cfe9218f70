import { bytesPerElement, type DType } from '../data/dtype.ts';
import { collectWork, getBackend } from '../evaluate.ts';
import { operandsOf } from '../schedule/body.ts';
import { schedule } from '../schedule/schedule.ts';
import type { Body, Kernel, Operand, RoutineKernel, Slot } from '../schedule/kernel.ts';
import { sizeOf, type Shape, type View } from '../data/shape.ts';

/** What a kernel does, in words and numbers. */
export interface KernelDescription {
  /** The operations fused into it, in order: `convolution → add → relu`. */
  readonly name: string;
  /** The shape of the result. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** Read and written, each element once. */
  readonly bytes: number;
  /** For matrix products and convolutions; 0 for others. */
  readonly multiplyAdds: number;
  /** The generated code, from `explain` on backends that show it. */
  readonly source?: string;
}

/** The kernels, work and memory that evaluating tensors takes. */
export interface Explanation {
  readonly kernels: readonly KernelDescription[];
  /** The number of operations of the graph that the kernels compute. */
  readonly operations: number;
  readonly bytes: number;
  readonly multiplyAdds: number;
  /** The memory that intermediates share. */
  readonly arenaBytes: number;
  /** The memory that they would take without sharing. */
  readonly intermediateBytes: number;
  toString(): string;
}

/**
 * How `evaluate` would compute its arguments: which operations are fused into which kernels, the work that is, and the
 * memory it takes. Computes nothing. Print it.
 * @throws {TypeError} at an argument that holds no tensors.
 */
export function explain(...trees: unknown[]): Explanation {
  const backend = getBackend();
  const plan = schedule(collectWork('explain', trees).targets, backend);
  const sources = backend.sourcesOf?.(plan) ?? [];
  const kernels = plan.kernels.map((kernel, i) => {
    const source = sources[i];
    return source === undefined ? describeKernel(kernel) : { ...describeKernel(kernel), source };
  });
  const total = (of: (kernel: KernelDescription) => number): number => kernels.reduce((sum, k) => sum + of(k), 0);
  const intermediates = new Set(plan.kernels.map(({ output }) => output).filter(({ kind }) => kind === 'arena'));
  const explanation = {
    kernels,
    operations: plan.kernels.reduce((sum, kernel) => sum + operationNames(kernel).length, 0),
    bytes: total(({ bytes }) => bytes),
    multiplyAdds: total(({ multiplyAdds }) => multiplyAdds),
    arenaBytes: plan.arenaBytes,
    intermediateBytes: [...intermediates].reduce((sum, slot) => sum + bytesOf(slot), 0),
  };
  return { ...explanation, toString: () => format(explanation) };
}

/** What a kernel does, for `explain` and `profile`. */
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
      return [kernel.name, ...namesOf(kernel.epilogue)];
  }
}

function multiplyAddsOf(kernel: RoutineKernel): number {
  const definition: { multiplyAdds?(shape: Shape, inputs: readonly Shape[]): number } = kernel.definition;
  const shapes = kernel.operands.map(({ view }: Operand) => view.shape);
  return definition.multiplyAdds?.(kernel.shape, shapes) ?? 0;
}

function format({
  kernels,
  operations,
  bytes,
  multiplyAdds,
  arenaBytes,
  intermediateBytes,
}: Omit<Explanation, 'toString'>): string {
  const lines = kernels.map(({ name, shape, dtype, ...work }, i) => {
    const sizes = [
      megabytes(work.bytes),
      ...(work.multiplyAdds > 0 ? [`${millions(work.multiplyAdds)} multiply-adds`] : []),
    ];
    return `${String(i).padStart(String(kernels.length - 1).length)}: ${dtype}[${shape.join(', ')}] ${name} (${sizes.join(', ')})`;
  });
  return [
    ...lines,
    `${kernels.length} kernels for ${operations} operations, ${megabytes(bytes)} moved, ${millions(multiplyAdds)} multiply-adds`,
    `arena ${megabytes(arenaBytes)} for intermediates of ${megabytes(intermediateBytes)}`,
  ].join('\n');
}

function bytesOf({ dtype, size }: Slot): number {
  return bytesPerElement(dtype) * size;
}

function bytesRead({ slot, view }: Operand): number {
  return bytesPerElement(slot.dtype) * Math.min(slot.size, distinct(view));
}

/** The number of distinct elements of a view. */
function distinct({ shape, strides }: View): number {
  return sizeOf(shape.filter((length, axis) => length === 0 || strides[axis] !== 0));
}

function megabytes(bytes: number): string {
  return bytes < 1e4 ? `${bytes} B` : `${(bytes / 1e6).toPrecision(3)} MB`;
}

function millions(count: number): string {
  return count < 1e4 ? String(count) : `${(count / 1e6).toPrecision(3)} M`;
}
