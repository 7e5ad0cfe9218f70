import { bytesPerElement } from '../data/dtype.ts';
import { formatShape, sizeOf } from '../data/shape.ts';
import type { Backend } from './backend.ts';
import type { Kernel, Plan } from './kernel.ts';

/** The maximum number of elements of an array: indices are int32. */
export const maxArrayLength: number = 2 ** 31 - 1;

/** @throws {RangeError} if a kernel's result is larger than the backend's arrays may be, or it reduces too many elements. */
export function checkSizes(operation: string, backend: Backend, { kernels }: Plan): void {
  const { maxBytes = Infinity, maxTerms = Infinity } = backend;
  for (const kernel of kernels) {
    const { output, shape } = kernel;
    const elements = sizeOf(shape);
    const bytes = bytesPerElement(output.dtype);
    const limits: readonly (readonly [size: number, limit: number, unit: string])[] = [
      [output.size, maxArrayLength, 'elements in an array'],
      [output.size * bytes, maxBytes, 'bytes in an array'],
      [kernel.kind === 'reduce' ? elements : 0, maxTerms, 'elements in a reduction'],
    ];
    const exceeded = limits.find(([size, limit]) => size > limit);
    if (!exceeded) continue;
    throw new RangeError(
      `${operation}: ${nameOf(kernel)} of shape ${formatShape(shape)} has ${elements} elements, ${elements * bytes} bytes; ` +
        `the backend '${backend.name}' allows ${exceeded[1]} ${exceeded[2]}; compute it in parts`,
    );
  }
}

function nameOf(kernel: Kernel): string {
  if (kernel.kind === 'routine') return kernel.name;
  return kernel.kind === 'reduce' ? kernel.operation.name : (kernel.body.steps.at(-1)?.operation.name ?? 'data');
}
