// Lengths of the sequences of a batch.
import { type Shape, tensor, Tensor } from '@thetagrad/core';
import { argumentError, checkInteger, formatShape, HostBuffer, sameShape } from '@thetagrad/core/backend';

export interface Lengths {
  /** int32 [N] */
  readonly counts: Tensor;
  /** Their values, if they are plain data. */
  readonly known: ArrayLike<number> | undefined;
}

/**
 * Checks numbers of steps.
 * @param samples the shape that they must have
 * @throws {TypeError} if they are neither an int32 tensor nor integers.
 * @throws {RangeError} if there is not one for each sample, or one that is plain data is not from 0 to `max`.
 */
export function toLengths(
  operation: string,
  name: string,
  lengths: Tensor | readonly number[] | number,
  { samples, max }: { readonly samples: Shape; readonly max: number },
): Lengths {
  const given = typeof lengths === 'number' ? [lengths] : lengths;
  if (!(given instanceof Tensor) && !Array.isArray(given)) {
    throw argumentError(operation, name, 'a tensor or an array of integers', lengths, false);
  }
  const isTensor = given instanceof Tensor;
  if (isTensor && given.dtype !== 'int32') {
    throw new TypeError(`${operation}: ${name} must be int32, got ${given.dtype}; convert with astype('int32')`);
  }
  const shape = isTensor ? given.shape : typeof lengths === 'number' ? [] : [given.length];
  if (!sameShape(shape, samples) && !(samples.length === 0 && sameShape(shape, [1]))) {
    throw new RangeError(
      `${operation}: ${name} must be ${formatShape(samples)}, one per sample, got ${formatShape(shape)}`,
    );
  }
  const known = isTensor ? (given.buffer instanceof HostBuffer ? given.buffer.values : undefined) : given;
  for (const length of known ?? []) checkInteger(operation, name, length, { min: 0, max });
  return { counts: isTensor ? given.reshape([-1]) : tensor(Int32Array.from(given)), known };
}
