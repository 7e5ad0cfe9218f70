import { tensor, type DType, type NestedArray, type Shape, type Tensor } from '@thetagrad/core';
import { checkOptions, sizeOf } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { shapes } from './shapes.ts';

export interface ValueOptions {
  /** The smallest value. Default: −3. */
  readonly from?: number;
  /** The largest value. Default: 3. */
  readonly to?: number;
  /** Points to stay away from: kinks and poles. Default: none. */
  readonly avoid?: readonly number[];
  /** The distance to keep from them. Default: 1/16, which is more than the step of the differences. */
  readonly margin?: number;
}

export interface TensorArbitraryOptions extends ValueOptions {
  /** The shape, or an arbitrary of shapes. Default: {@link shapes}(). */
  readonly shape?: Shape | fc.Arbitrary<Shape>;
  /** The dtype. Default: float64. */
  readonly dtype?: 'float32' | 'float64';
}

/** The fewest values that an interval is divided into; at most eight times as many. */
const minValues = 512;

/**
 * Numbers in an interval, away from given points: multiples of a power of two, exact in float32. They shrink to simple
 * ones: 0, 1, 2, …, −1, −2, …, then halves, quarters, and so on.
 * @throws {RangeError} if the interval is empty, or all of it is too near to the points.
 */
export function values(options: ValueOptions = {}): fc.Arbitrary<number> {
  checkOptions('values', options, ['from', 'to', 'avoid', 'margin']);
  const { from = -3, to = 3, avoid = [], margin = 1 / 16 } = options;
  if (!(from < to && Number.isFinite(to - from)))
    throw new RangeError(`values: needs from < to, got ${from} and ${to}`);
  let unit = 1;
  while ((to - from) / unit < minValues) unit /= 2;
  while ((to - from) / unit > 8 * minValues) unit *= 2;
  const allowed: number[] = [];
  for (let i = Math.ceil(from / unit); i * unit <= to; i++) {
    if (avoid.every((point) => Math.abs(i * unit - point) >= margin)) allowed.push(i * unit);
  }
  if (allowed.length === 0)
    throw new RangeError(`values: [${from}, ${to}] is all within ${margin} of ${avoid.join(', ')}`);
  const keyed = allowed.map((value) => ({ value, bits: fractionBits(value) }));
  // Runs of one sign, so that shrinking does not get stuck on a number that must keep its sign.
  keyed.sort(
    (a, b) => a.bits - b.bits || Number(a.value < 0) - Number(b.value < 0) || Math.abs(a.value) - Math.abs(b.value),
  );
  return fc.nat(keyed.length - 1).map((i) => keyed[i]!.value);
}

/**
 * Tensors of {@link values}. They shrink to small shapes and simple values, and print in counterexamples as the code that
 * makes them.
 * @throws {RangeError} as {@link values}.
 */
export function tensors(options: TensorArbitraryOptions = {}): fc.Arbitrary<Tensor> {
  checkOptions('tensors', options, ['shape', 'dtype', 'from', 'to', 'avoid', 'margin']);
  const { shape, dtype = 'float64', ...rest } = options;
  const element = values(rest);
  return withShape(shape, (fixed) => {
    const size = sizeOf(fixed);
    return fc
      .array(element, { minLength: size, maxLength: size, size: 'max' })
      .map((numbers) => makeTensor(numbers, fixed, dtype));
  });
}

export interface DistinctOptions {
  /** The shape, or an arbitrary of shapes. Default: {@link shapes}(). */
  readonly shape?: Shape | fc.Arbitrary<Shape>;
  /** The smallest distance between two values. Default: 1/8. */
  readonly gap?: number;
}

/** float64 tensors without ties, centered at 0, for sorting and extrema. They shrink to sorted ones. */
export function distinctTensors(options: DistinctOptions = {}): fc.Arbitrary<Tensor> {
  checkOptions('distinctTensors', options, ['shape', 'gap']);
  const { shape, gap = 1 / 8 } = options;
  return withShape(shape, (fixed) => {
    const size = sizeOf(fixed);
    // Random keys order the elements, which lie two gaps apart and are shifted by up to one gap.
    const element = fc.record({ key: fc.nat(1023), shift: fc.nat(8) });
    return fc.array(element, { minLength: size, maxLength: size, size: 'max' }).map((elements) => {
      const numbers = new Array<number>(size);
      const order = elements.map((element, position) => ({ ...element, position })).sort((a, b) => a.key - b.key);
      order.forEach(({ position, shift }, rank) => (numbers[position] = (2 * rank - size + 1 + shift / 8) * gap));
      return makeTensor(numbers, fixed, 'float64');
    });
  });
}

/** Makes a tensor that prints in counterexamples as the code that makes it. */
export function makeTensor(numbers: readonly number[], shape: Shape, dtype: DType): Tensor {
  const result = tensor(Float64Array.from(numbers), { shape, dtype });
  const code = (): string => {
    // Nested arrays lose the shape of a tensor without elements.
    const empty = numbers.length === 0 && shape.length > 1 ? `, shape: [${shape.join(', ')}]` : '';
    return `tensor(${showNested(empty === '' ? result.toArraySync() : [])}, { dtype: '${dtype}'${empty} })`;
  };
  Object.defineProperty(result, fc.toStringMethod, { value: code });
  return result;
}

/** Chains an arbitrary to a fixed shape, an arbitrary of shapes, or {@link shapes}(). */
function withShape<Value>(
  shape: Shape | fc.Arbitrary<Shape> | undefined,
  build: (shape: Shape) => fc.Arbitrary<Value>,
): fc.Arbitrary<Value> {
  if (shape instanceof fc.Arbitrary) return shape.chain(build);
  return shape === undefined ? shapes().chain(build) : build(shape);
}

function showNested(value: NestedArray): string {
  return Array.isArray(value) ? `[${value.map(showNested).join(', ')}]` : Object.is(value, -0) ? '-0' : String(value);
}

/** The number of bits after the binary point. */
function fractionBits(value: number): number {
  let bits = 0;
  for (let rest = value; !Number.isInteger(rest); rest *= 2) bits++;
  return bits;
}
