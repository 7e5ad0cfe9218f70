import { bytesPerElement, type DType } from '../data/dtype.ts';
import { operandsOf } from '../schedule/body.ts';
import type { Body, Kernel, Operand, Plan, Slot } from '../schedule/kernel.ts';
import { sizeOf, type Shape, type View } from '../data/shape.ts';

/** What a kernel does, in words and numbers. */
export interface KernelDescription {
  /** The operations fused into it, in order: `convolution → add → relu`. */
  readonly name: string;
  /** Of the result. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** Read and written, each element once. */
  readonly bytes: number;
  /** Of products of matrices and convolutions; 0 for others. */
  readonly multiplyAdds: number;
  /** The code that it comes to, from `explain` on backends that show it. */
  readonly source?: string;
}

/** What evaluating tensors comes to. */
export interface Explanation {
  readonly kernels: readonly KernelDescription[];
  /** How many operations of the graph the kernels do. */
  readonly operations: number;
  readonly bytes: number;
  readonly multiplyAdds: number;
  /** The memory that intermediates share. */
  readonly arenaBytes: number;
  /** What they would take each by itself. */
  readonly intermediateBytes: number;
  toString(): string;
}

export function descriptionOf(kernel: Kernel): KernelDescription {
  const { output, kind } = kernel;
  const tail = kind === 'routine' ? kernel.tail : undefined;
  const names =
    kind === 'map'
      ? namesOf(kernel.body)
      : kind === 'reduce'
        ? [...namesOf(kernel.body), kernel.operation.name]
        : [kernel.operation.name, ...namesOf(tail)];
  return {
    name: names.join(' → '),
    shape: kind === 'reduce' ? kernel.shape.slice(0, kernel.kept) : kernel.shape,
    dtype: output.dtype,
    bytes: bytesOf(output) + operandsOf(kernel).reduce((sum, operand) => sum + bytesRead(operand), 0),
    multiplyAdds:
      kind === 'routine' ? (kernel.operation.multiplyAdds?.(kernel.shape, viewShapes(kernel.operands)) ?? 0) : 0,
  };
}

export function explanationOf(plan: Plan, sources: readonly string[] = []): Explanation {
  const kernels = plan.kernels.map((kernel, i) => {
    const source = sources[i];
    return source === undefined ? descriptionOf(kernel) : { ...descriptionOf(kernel), source };
  });
  const total = (of: (kernel: KernelDescription) => number): number => kernels.reduce((sum, k) => sum + of(k), 0);
  const operations = plan.kernels.reduce((sum, kernel) => sum + operationsOf(kernel), 0);
  const intermediates = new Set(plan.kernels.map(({ output }) => output).filter(({ kind }) => kind === 'arena'));
  const explanation = {
    kernels,
    operations,
    bytes: total(({ bytes }) => bytes),
    multiplyAdds: total(({ multiplyAdds }) => multiplyAdds),
    arenaBytes: plan.arenaBytes,
    intermediateBytes: [...intermediates].reduce((sum, slot) => sum + bytesOf(slot), 0),
  };
  return { ...explanation, toString: () => text(explanation) };
}

function text({
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

function operationsOf(kernel: Kernel): number {
  if (kernel.kind === 'map') return kernel.body.steps.length;
  return 1 + (kernel.kind === 'reduce' ? kernel.body.steps.length : (kernel.tail?.steps.length ?? 0));
}

function namesOf(body: Body | undefined): string[] {
  return body?.steps.map(({ operation }) => operation.name) ?? [];
}

function viewShapes(operands: readonly Operand[]): Shape[] {
  return operands.map(({ view }) => view.shape);
}

function bytesOf({ dtype, size }: Slot): number {
  return bytesPerElement(dtype) * size;
}

function bytesRead({ slot, view }: Operand): number {
  return bytesPerElement(slot.dtype) * Math.min(slot.size, distinct(view));
}

/** The number of elements of a view, broadcast ones counted once. */
function distinct({ shape, strides }: View): number {
  return sizeOf(shape.filter((length, axis) => length === 0 || strides[axis] !== 0));
}

function megabytes(bytes: number): string {
  return bytes < 1e4 ? `${bytes} B` : `${(bytes / 1e6).toPrecision(3)} MB`;
}

function millions(count: number): string {
  return count < 1e4 ? String(count) : `${(count / 1e6).toPrecision(3)} M`;
}
