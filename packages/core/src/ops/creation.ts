import { areNumbers, argumentError, checkInteger, checkOptions, show } from '../data/checks.ts';
import {
  allocate,
  isDType,
  maxInt32,
  minInt32,
  toStored,
  typedArrayType,
  unknownDType,
  type DType,
  type TypedArray,
} from '../data/dtype.ts';
import { HostBuffer } from '../data/hostBuffer.ts';
import { checkShape, formatShape, sizeOf, type Shape } from '../data/shape.ts';
import { batchLeading } from '../graph/batching.ts';
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
  batch: batchLeading,
};

/** Creates a tensor that shares `values`, which must not change afterwards. */
export function fromArray(values: TypedArray, shape: Shape, dtype: DType): Tensor {
  const result = new Tensor({ kind: 'source', name: 'data' }, [], { shape, dtype });
  setBuffer(result, new HostBuffer(values, dtype));
  return result;
}

export interface TensorOptions {
  /** The element type. Default: 'float32', where the operation does not say otherwise. */
  readonly dtype?: DType;
}

/** A number or boolean, or nested arrays of them, in which all rows of an axis have equal length. */
export type Nested = number | boolean | readonly Nested[];

/**
 * Creates a tensor from a copy of values.
 * @param values a number or boolean, nested arrays of them, or a typed array.
 * @param options `dtype`. Default: float32 for numbers, bool for booleans only; of typed arrays that of Float32Array and
 *   Float64Array, int32 for integer arrays. `shape`. Default: that of the nested arrays; [length] for a typed array.
 * @throws {TypeError} if values are neither numbers nor booleans, a typed array holds 64-bit or unsigned 32-bit integers, or
 *   an option is invalid.
 * @throws {RangeError} if rows differ in length, the values do not fill the shape, or the dtype is int32 and a value is not an
 *   int32 (`astype` truncates).
 * @example
 * tensor([[1, 2], [3, 4]], { dtype: 'int32' }); // tensor([[1, 2], [3, 4]], int32)
 */
export function tensor(
  values: Nested | TypedArray | Int8Array | Uint8ClampedArray | Int16Array | Uint16Array,
  options: TensorOptions & { readonly shape?: Shape } = {},
): Tensor {
  checkTensorOptions('tensor', options, 'shape');
  return fromValues('tensor', values, options);
}

/** As {@link tensor}, for an operation that messages name. */
export function fromValues(
  operation: string,
  values: Parameters<typeof tensor>[0],
  { dtype, shape }: TensorOptions & { readonly shape?: Shape } = {},
): Tensor {
  if (shape) checkShape(operation, shape);
  let elements: ArrayLike<number>;
  let valuesShape: Shape;
  let valuesDType: DType;
  const arrayType = typedArrayType(values);
  if (arrayType !== undefined) {
    elements = values as TypedArray;
    valuesShape = [elements.length];
    const fromType = dtypes.get(arrayType);
    if (!fromType) {
      throw new TypeError(
        `${operation}: a ${show(values)} cannot be a tensor; copy it into an Int32Array or Float64Array`,
      );
    }
    valuesDType = fromType;
  } else {
    const numbers: number[] = [];
    valuesShape = shapeOf(operation, values as Nested);
    valuesDType = flattenInto(operation, numbers, values as Nested, valuesShape) ? 'bool' : 'float32';
    elements = numbers;
  }
  const target = shape ?? valuesShape;
  if (sizeOf(target) !== elements.length) {
    throw new RangeError(
      `${operation}: ${elements.length} values do not fill the shape ${formatShape(target)}, which holds ${sizeOf(target)}`,
    );
  }
  return convertTo(operation, dtype ?? valuesDType, elements, [...target]);
}

/** The dtypes of typed arrays; elements of the integer ones fit int32. */
const dtypes = new Map<string, DType>([
  ['Float32Array', 'float32'],
  ['Float64Array', 'float64'],
  ...['Int8', 'Uint8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32'].map((name) => [`${name}Array`, 'int32'] as const),
]);

/**
 * Creates a tensor filled with one value. It is a broadcast scalar and takes no memory of its size.
 * @param options `dtype`. Default: float32 for a number, bool for a boolean.
 * @throws {TypeError} if the shape, the value or an option is invalid.
 * @throws {RangeError} if the dtype is int32 and the value is not an int32.
 * @example
 * full([2], 7); // tensor([7, 7])
 */
export function full(shape: Shape, value: number | boolean, options?: TensorOptions): Tensor {
  return fill('full', shape, value, options);
}

/**
 * Creates a tensor of zeros.
 * @param options `dtype`. Default: float32.
 * @throws {TypeError} if the shape or an option is invalid.
 * @example
 * zeros([2, 2]); // tensor([[0, 0], [0, 0]])
 */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return fill('zeros', shape, 0, options);
}

/**
 * Creates a tensor of ones.
 * @param options `dtype`. Default: float32.
 * @throws {TypeError} if the shape or an option is invalid.
 * @example
 * ones([3]); // tensor([1, 1, 1])
 */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return fill('ones', shape, 1, options);
}

/**
 * Creates a tensor of zeros with the shape of x.
 * @param options `dtype`. Default: that of x.
 * @throws {TypeError} if x is not a tensor or an option is invalid.
 * @example
 * zerosLike(tensor([1, 2])); // tensor([0, 0])
 */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  checkTensor('zerosLike', x);
  checkTensorOptions('zerosLike', options);
  return fill('zerosLike', x.shape, 0, { dtype: x.dtype, ...options });
}

/**
 * Creates a tensor of ones with the shape of x.
 * @param options `dtype`. Default: that of x.
 * @throws {TypeError} if x is not a tensor or an option is invalid.
 * @example
 * onesLike(tensor([1, 2])); // tensor([1, 1])
 */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  checkTensor('onesLike', x);
  checkTensorOptions('onesLike', options);
  return fill('onesLike', x.shape, 1, { dtype: x.dtype, ...options });
}

/**
 * Creates the vector start, start + step, … up to but excluding `stop` (NumPy's `arange`). Elements are computed in double
 * precision and rounded once.
 * @param start Default: 0.
 * @param step Default: 1.
 * @param options `dtype`. Default: int32 if start, stop and step are integers, else float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the step is 0, a number is not finite, or the dtype is int32 and an element is not an int32.
 * @example
 * arange(2, 8, 2); // tensor([2, 4, 6], int32)
 */
export function arange(stop: number, options?: TensorOptions): Tensor;
export function arange(start: number, stop: number, options?: TensorOptions): Tensor;
export function arange(start: number, stop: number, step?: number, options?: TensorOptions): Tensor;
export function arange(first: number, ...rest: readonly (number | TensorOptions | undefined)[]): Tensor {
  const last = rest.findIndex((argument) => argument !== undefined && typeof argument !== 'number');
  const { [last < 0 ? 2 : last]: options = {} } = rest as Readonly<Record<number, TensorOptions>>;
  checkTensorOptions('arange', options);
  const [second, step = 1] = (last < 0 ? rest : rest.slice(0, last)) as readonly (number | undefined)[];
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const numbers = [start, stop, step];
  if (!numbers.every(Number.isFinite) || step === 0) {
    const expected = 'finite and the step not 0';
    throw argumentError('arange', 'start, stop and step', expected, numbers, areNumbers(numbers));
  }
  const integer = numbers.every(Number.isInteger);
  const dtype = options.dtype ?? (integer ? 'int32' : 'float32');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (dtype === 'int32' && length > 0) {
    const end = start + (length - 1) * step;
    if (Math.min(start, end) < minInt32 || Math.max(start, end) > maxInt32) {
      throw new RangeError(`arange: ${start} to ${end} does not fit int32; ask for { dtype: 'float64' }`);
    }
  }
  if (dtype === 'int32' && integer) {
    const indices = iota(length);
    // Exact modulo 2³², also for a step outside of int32.
    const multiples = step === 1 ? indices : indices.mul(step | 0);
    return start === 0 ? multiples : multiples.add(start);
  }
  checkInteger('arange', 'the number of elements', length, { max: maxInt32 });
  const values = Float64Array.from({ length }, (_, i) => start + i * step);
  return convertTo('arange', dtype, values, [length]);
}

/**
 * Creates a vector of `count` evenly spaced numbers from `start` to `stop`, both included exactly (NumPy's `linspace`).
 * @param count Default: 50.
 * @param options `dtype`. Default: float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the count is not an integer ≥ 0, an end is not finite, or the dtype is int32 and an element is not an
 *   int32.
 * @example
 * linspace(0, 1, 5); // tensor([0.00, 0.25, 0.50, 0.75, 1.00])
 */
export function linspace(start: number, stop: number, count = 50, options: TensorOptions = {}): Tensor {
  checkInteger('linspace', 'count', count, { min: 0, max: maxInt32 });
  const ends = [start, stop];
  if (!ends.every(Number.isFinite)) {
    throw argumentError('linspace', 'start and stop', 'finite', ends, areNumbers(ends));
  }
  checkTensorOptions('linspace', options);
  const { dtype = 'float32' } = options;
  const step = (stop - start) / (count - 1);
  const values = Float64Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? stop : start + i * step));
  if (count === 1) values[0] = start;
  return convertTo('linspace', dtype, values, [count]);
}

/**
 * Creates a matrix [rows, columns] with ones on the diagonal and zeros elsewhere.
 * @param options `columns`. Default: `rows`. `dtype`. Default: float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if rows or columns is not an integer ≥ 0.
 * @example
 * eye(2); // tensor([[1, 0], [0, 1]])
 */
export function eye(rows: number, options: TensorOptions & { readonly columns?: number } = {}): Tensor {
  checkTensorOptions('eye', options, 'columns');
  const { columns = rows, dtype = 'float32' } = options;
  checkInteger('eye', 'rows', rows, { min: 0 });
  checkInteger('eye', 'columns', columns, { min: 0 });
  return iota(rows).expandDims(1).equal(iota(columns)).astype(dtype);
}

function fill(operation: string, shape: Shape, value: number | boolean, options: TensorOptions = {}): Tensor {
  checkShape(operation, shape);
  checkTensorOptions(operation, options);
  const { dtype } = options;
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw argumentError(operation, 'value', 'a number or a boolean', value);
  }
  const type = dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32');
  return scalar(toStored(operation, type, Number(value)), type).broadcastTo(shape);
}

function iota(length: number): Tensor {
  return applyRoutine(Iota, [], { shape: [length], dtype: 'int32' }, {});
}

/** The maximum depth of nested arrays, more than any tensor of more than one element needs. */
const maxDepth = 64;

function shapeOf(operation: string, values: Nested): Shape {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (shape.length > maxDepth)
      throw new RangeError(`${operation}: arrays are nested deeper than ${maxDepth}, or contain themselves`);
    if (level.length === 0) break;
  }
  return shape;
}

/** Appends the elements of nested arrays, checked against `shape`. Returns whether all of them are booleans. */
function flattenInto(operation: string, numbers: number[], values: Nested, shape: Shape, axis = 0): boolean {
  if (!Array.isArray(values)) {
    if (axis !== shape.length || (typeof values !== 'number' && typeof values !== 'boolean')) {
      throw axis === shape.length
        ? argumentError(operation, 'values', 'numbers or booleans in nested arrays', values)
        : new RangeError(
            `${operation}: rows differ in depth: expected an array of ${shape[axis]} at depth ${axis}, got ${show(values)}`,
          );
    }
    numbers.push(Number(values));
    return typeof values === 'boolean';
  }
  if (values.length !== shape[axis]) {
    throw new RangeError(
      `${operation}: rows differ in length: expected ${shape[axis] ?? 'a number'} at depth ${axis}, got an array of ${values.length}`,
    );
  }
  let booleans = values.length > 0;
  for (const value of values as readonly Nested[]) {
    booleans = flattenInto(operation, numbers, value, shape, axis + 1) && booleans;
  }
  return booleans;
}

/** Creates a tensor from a copy of numbers, which must be elements of its dtype, see {@link toStored}. */
function convertTo(operation: string, dtype: DType, values: ArrayLike<number>, shape: Shape): Tensor {
  const result = allocate(dtype, values.length);
  if (dtype === 'bool') for (let i = 0; i < result.length; i++) result[i] = values[i] === 0 ? 0 : 1;
  else result.set(values);
  const isChecked = dtype === 'int32' && !(values instanceof Int32Array);
  const wrong = isChecked ? result.findIndex((element, i) => element !== values[i]) : -1;
  if (wrong >= 0) {
    const index = shape.map((length, axis) => Math.floor(wrong / sizeOf(shape.slice(axis + 1))) % length);
    toStored(operation, dtype, Number(values[wrong]), shape.length > 0 ? ` at index ${formatShape(index)}` : '');
  }
  return fromArray(result, shape, dtype);
}

/** Checks options, of which `more` are known besides `dtype`. */
export function checkTensorOptions<Options extends TensorOptions>(
  operation: string,
  options: Options,
  ...more: readonly (keyof Options & string)[]
): void {
  checkOptions(operation, options, ['dtype', ...more]);
  if (options.dtype !== undefined && !isDType(options.dtype)) throw unknownDType(operation, options.dtype);
}
