import { promote } from '../data/dtype.ts';
import { checkTensor } from './define.ts';
import { concat as concatPrimitive } from './movementRecords.ts';
import { normalizeAxis, sameShape, show } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';

/**
 * Tensors one after another along an axis; the other axes are equal. dtypes are promoted.
 * @throws {RangeError} if there is none, or shapes differ elsewhere.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = checkedFirst('concat', tensors);
  if (first.ndim === 0) throw new RangeError('concat: scalars have no axis to join along; use stack');
  const along = normalizeAxis('concat', axis, first.ndim);
  for (const x of tensors) {
    if (x.ndim !== first.ndim) {
      throw new RangeError(`concat: ${show(first.shape)} and ${show(x.shape)} differ in rank; reshape or use stack`);
    }
    if (!sameShape(x.shape.with(along, 0), first.shape.with(along, 0))) {
      throw new RangeError(`concat: ${show(first.shape)} and ${show(x.shape)} differ on another axis than ${along}`);
    }
  }
  const dtype = tensors.map((x) => x.dtype).reduce(promote);
  const length = tensors.reduce((total, x) => total + x.shape[along]!, 0);
  const inputs = tensors.map((x) => x.astype(dtype));
  return new Tensor(concatPrimitive, inputs, { shape: first.shape.with(along, length), dtype }, { axis: along });
}

/**
 * Tensors of one shape along a new axis at this place of the result.
 * @throws {RangeError} if there is none, or shapes differ.
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = checkedFirst('stack', tensors);
  const place = normalizeAxis('stack', axis, first.ndim + 1);
  const other = tensors.find((x) => !sameShape(x.shape, first.shape));
  if (other) throw new RangeError(`stack: shapes differ, ${show(first.shape)} and ${show(other.shape)}`);
  return concat(
    tensors.map((x) => x.expandDims(place)),
    place,
  );
}

function checkedFirst(operation: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors)) throw new TypeError(`${operation}: expected an array of tensors`);
  for (const x of tensors) checkTensor(operation, x);
  const [first] = tensors;
  if (!first) throw new RangeError(`${operation}: needs at least one tensor`);
  return first;
}
