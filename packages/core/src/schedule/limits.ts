import { bytesPerElement } from '../data/dtype.ts';
import { formatShape, sizeOf } from '../data/shape.ts';
import type { Backend } from './backend.ts';
import type { Kernel, Plan } from './kernel.ts';

/** The maximum number of elements of an array: indices are int32. */
const maxArrayLength: number = 2 ** 31 - 1;

/** @throws {RangeError} if a kernel's result is larger than the backend's arrays may be, or it reduces too many elements. */
export function checkSizes(operation: string, backend: Backend, { kernels }: Plan): void {
  const { maxBytes = Infinity, maxTerms = Infinity } = backend;
  for (const kernel of kernels) {
    const { output, shape } = kernel;
    const terms = kernel.kind === 'reduce' ? sizeOf(shape) : 0;
    const bytes = output.size * bytesPerElement(output.dtype);
    const limits: readonly (readonly [size: number, limit: number, unit: string])[] = [
      [output.size, maxArrayLength, 'elements in an array'],
      [bytes, maxBytes, 'bytes in an array'],
      [terms, maxTerms, 'elements in a reduction'],
    ];
    if (kernel.kind === 'routine' && kernel.definition.loop)
      checkSizes(operation, backend, kernel.definition.loop.plan);
    const exceeded = limits.find(([size, limit]) => size > limit);
    if (!exceeded) continue;
    const size = exceeded[0] === terms ? `reduces ${terms} elements` : `gives ${output.size} elements, ${bytes} bytes`;
    throw new RangeError(
      `${operation}: ${nameOf(kernel)} of shape ${formatShape(shape)} ${size}; ` +
        `the backend '${backend.name}' allows ${exceeded[1]} ${exceeded[2]}; compute it in parts`,
    );
  }
}

function nameOf(kernel: Kernel): string {
  if (kernel.kind === 'routine') return kernel.name;
  return kernel.kind === 'reduce' ? kernel.operation.name : (kernel.body.steps.at(-1)?.operation.name ?? 'data');
}
