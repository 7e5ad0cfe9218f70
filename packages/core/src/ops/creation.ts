import { checkInteger } from '../data/checks.ts';
import { allocate, isDType, promoteNumber, unknownDType, type DType, type TypedArray } from '../data/dtype.ts';
import { HostBuffer } from '../data/hostBuffer.ts';
import { checkShape, formatShape, sizeOf, type Shape } from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import { applyRoutine, setBuffer, Tensor } from '../graph/tensor.ts';
import { checkTensor, scalar } from './define.ts';

/** 0, 1, 2, … */
export const Iota: Routine<'iota'> = {
  kind: 'routine',
  name: 'iota',
  run: (output) => {
    for (let i = 0; i < output.length; i++) output[i] = i;
  },
};

/** A tensor over an array, which must not change afterwards. */
export function fromArray(values: TypedArray, shape: Shape, dtype: DType): Tensor {
  const result = new Tensor({ kind: 'source', name: 'data' }, [], { shape, dtype });
  setBuffer(result, new HostBuffer(values, dtype));
  return result;
}

export interface TensorOptions {
  /** The element type; float32 unless said otherwise. */
  readonly dtype?: DType;
}

/** Numbers or booleans in arrays in arrays: all rows of one length. */
export type Nested = number | boolean | readonly Nested[];

/**
 * A tensor of given values, which are copied. Numbers become float32 and booleans bool, unless `dtype` says otherwise;
 * a typed array keeps its type (Uint8Array and the other integer arrays become int32), and takes a `shape`, or is a vector.
 * @throws {RangeError} if rows differ in length, or the values do not fill the shape.
 */
export function tensor(
  values: Nested | TypedArray | Int8Array | Uint8ClampedArray | Int16Array | Uint16Array,
  options: TensorOptions & { readonly shape?: Shape } = {},
): Tensor {
  checkOptions('tensor', options);
  const { dtype, shape } = options;
  if (shape) checkShape('tensor', shape);
  let flat: ArrayLike<number>;
  let found: Shape;
  let own: DType;
  if (ArrayBuffer.isView(values)) {
    flat = values as TypedArray;
    found = [flat.length];
    own = values instanceof Float32Array ? 'float32' : values instanceof Float64Array ? 'float64' : 'int32';
    if (!integerArrays.some((constructor) => values instanceof constructor) && own === 'int32') {
      throw new TypeError(
        `tensor: a ${(values as object).constructor.name} cannot be a tensor; copy it into an Int32Array or Float64Array`,
      );
    }
  } else {
    const numbers: number[] = [];
    found = shapeOf(values as Nested);
    own = flattenInto(numbers, values as Nested, found, 0) ? 'bool' : 'float32';
    flat = numbers;
  }
  const target = shape ?? found;
  if (sizeOf(target) !== flat.length) {
    throw new RangeError(
      `tensor: ${flat.length} values do not fill the shape ${formatShape(target)}, which holds ${sizeOf(target)}`,
    );
  }
  return fromArray(converted(flat, dtype ?? own), [...target], dtype ?? own);
}

/** What fits int32. */
const integerArrays = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array];

/** A tensor filled with one value; float32, or bool for a boolean. Takes no memory until it is written somewhere. */
export function full(shape: Shape, value: number | boolean, options?: TensorOptions): Tensor {
  return filled('full', shape, value, options);
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return filled('zeros', shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return filled('ones', shape, 1, options);
}

/** Zeros of x's shape and, unless said otherwise, dtype. */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  checkTensor('zerosLike', x);
  checkOptions('zerosLike', options);
  return filled('zerosLike', x.shape, 0, { dtype: x.dtype, ...options });
}

/** Ones of x's shape and, unless said otherwise, dtype. */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  checkTensor('onesLike', x);
  checkOptions('onesLike', options);
  return filled('onesLike', x.shape, 1, { dtype: x.dtype, ...options });
}

/**
 * start, start + step, … up to but without `stop`; with one number, from 0 to it. int32 if all three are integers,
 * float32 otherwise, unless `dtype` says otherwise. Fractions are computed in double precision and rounded once.
 * @throws {RangeError} if the step is 0, a number is not finite, or integers do not fit int32.
 */
export function arange(stop: number, options?: TensorOptions): Tensor;
export function arange(start: number, stop: number, step?: number, options?: TensorOptions): Tensor;
export function arange(first: number, second?: number | TensorOptions, step = 1, last?: TensorOptions): Tensor {
  const [start, stop] = typeof second === 'number' ? [first, second] : [0, first];
  const options = (typeof second === 'number' ? last : (second ?? last)) ?? {};
  checkOptions('arange', options);
  if (![start, stop, step].every(Number.isFinite) || step === 0) {
    throw new RangeError(
      `arange: start, stop and step must be finite and the step not 0, got ${start}, ${stop}, ${step}`,
    );
  }
  const integer = [start, stop, step].every(Number.isInteger);
  const dtype = options.dtype ?? (integer ? 'int32' : 'float32');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (dtype === 'int32' && length > 0) {
    const end = start + (length - 1) * step;
    if (promoteNumber('int32', Math.trunc(start)) !== 'int32' || promoteNumber('int32', Math.trunc(end)) !== 'int32') {
      throw new RangeError(`arange: ${start} to ${end} does not fit int32; ask for { dtype: 'float64' }`);
    }
  }
  if (dtype === 'int32' && integer) {
    const counted = indices('arange', length);
    const scaled = step === 1 ? counted : counted.mul(step);
    return start === 0 ? scaled : scaled.add(start);
  }
  // In double precision, and rounded once.
  const values = Float64Array.from({ length }, (_, i) => start + i * step);
  return fromArray(converted(values, dtype), [length], dtype);
}

/**
 * `count` numbers at equal distances from `start` to `stop`, both included exactly; float32.
 * @throws {RangeError} if the count is not an integer ≥ 1, or an end is not finite.
 */
export function linspace(start: number, stop: number, count = 50, options: TensorOptions = {}): Tensor {
  checkInteger('linspace', 'count', count, { min: 1 });
  if (!Number.isFinite(start) || !Number.isFinite(stop)) {
    throw new RangeError(`linspace: start and stop must be finite, got ${start} and ${stop}`);
  }
  checkOptions('linspace', options);
  const { dtype = 'float32' } = options;
  const step = (stop - start) / (count - 1);
  const values = Float64Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? stop : start + i * step));
  if (count === 1) values[0] = start;
  return fromArray(converted(values, dtype), [count], dtype);
}

/** A matrix with ones on the diagonal; square unless `columns` is given; float32. */
export function eye(rows: number, options: TensorOptions & { readonly columns?: number } = {}): Tensor {
  checkOptions('eye', options);
  const { columns = rows, dtype = 'float32' } = options;
  return indices('eye', rows).expandDims(1).equal(indices('eye', columns)).astype(dtype);
}

function filled(operation: string, shape: Shape, value: number | boolean, options: TensorOptions = {}): Tensor {
  checkShape(operation, shape);
  checkOptions(operation, options);
  const { dtype } = options;
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new TypeError(`${operation}: the value is a number or boolean, got ${String(value)}`);
  }
  return scalar(Number(value), dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32')).broadcastTo(shape);
}

function indices(operation: string, length: number): Tensor {
  checkShape(operation, [length]);
  return applyRoutine(Iota, [], { shape: [length], dtype: 'int32' }, {});
}

function shapeOf(values: Nested): Shape {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

/** Appends the numbers, checking that they fill `shape`; tells whether they are all booleans. */
function flattenInto(numbers: number[], values: Nested, shape: Shape, axis: number): boolean {
  if (!Array.isArray(values)) {
    if (axis !== shape.length || (typeof values !== 'number' && typeof values !== 'boolean')) {
      throw axis === shape.length
        ? new TypeError(`tensor: values are numbers or booleans in nested arrays, got ${String(values)}`)
        : new RangeError(
            `tensor: rows differ in depth: expected an array of ${shape[axis]} at depth ${axis}, got ${String(values)}`,
          );
    }
    numbers.push(Number(values));
    return typeof values === 'boolean';
  }
  if (values.length !== shape[axis]) {
    throw new RangeError(
      `tensor: rows differ in length: expected ${shape[axis] ?? 'a number'} at depth ${axis}, got an array of ${values.length}`,
    );
  }
  let booleans = values.length > 0;
  for (const value of values as readonly Nested[]) booleans = flattenInto(numbers, value, shape, axis + 1) && booleans;
  return booleans;
}

function converted(values: ArrayLike<number>, dtype: DType): TypedArray {
  const result = allocate(dtype, values.length);
  if (dtype === 'bool') for (let i = 0; i < result.length; i++) result[i] = values[i] === 0 ? 0 : 1;
  else result.set(values);
  return result;
}

/** Options are checked here too: a dtype given without its name would be overlooked. */
function checkOptions(operation: string, options: TensorOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${operation}: options are an object, such as { dtype: 'int32' }, got ${String(options)}`);
  }
  const { dtype } = options;
  if (dtype !== undefined && !isDType(dtype)) {
    throw unknownDType(operation, dtype);
  }
}
