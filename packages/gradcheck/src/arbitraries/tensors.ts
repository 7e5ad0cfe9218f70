import { tensor, type DType, type NestedArray, type Shape, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { shapes } from './shapes.ts';

export interface ValueOptions {
  /** The smallest value; −3. */
  readonly from?: number;
  /** The largest value; 3. */
  readonly to?: number;
  /** Points to stay away from: kinks and poles. */
  readonly avoid?: readonly number[];
  /** How far to stay away from them; 1/16, which is further than differences reach. */
  readonly margin?: number;
}

export interface TensorArbitraryOptions extends ValueOptions {
  /** The shape, or shapes to choose from; {@link shapes}() by default. */
  readonly shape?: Shape | fc.Arbitrary<Shape>;
  /** The element type; float64. */
  readonly dtype?: 'float32' | 'float64';
}

const fewest = 512;

/**
 * Numbers in an interval away from given points. They are multiples of a power of two (exact in float32), and shrink to
 * simple ones: 0, 1, 2, …, −1, −2, …, then halves, quarters, and so on.
 * @throws {RangeError} if nothing is left of the interval.
 */
export function values(options: ValueOptions = {}): fc.Arbitrary<number> {
  const { from = -3, to = 3, avoid = [], margin = 1 / 16 } = options;
  if (!(from < to && Number.isFinite(to - from)))
    throw new RangeError(`values: needs from < to, got ${from} and ${to}`);
  let unit = 1;
  while ((to - from) / unit < fewest) unit /= 2;
  while ((to - from) / unit > 8 * fewest) unit *= 2;
  const allowed: number[] = [];
  for (let i = Math.ceil(from / unit); i * unit <= to; i++) {
    if (avoid.every((point) => Math.abs(i * unit - point) >= margin)) allowed.push(i * unit);
  }
  if (allowed.length === 0)
    throw new RangeError(`values: [${from}, ${to}] is all within ${margin} of ${avoid.join(', ')}`);
  const keyed = allowed.map((value) => ({ value, steps: denominator(value) }));
  // In runs of one sign, so that shrinking a number that must keep its sign does not get stuck.
  keyed.sort(
    (a, b) => a.steps - b.steps || Number(a.value < 0) - Number(b.value < 0) || Math.abs(a.value) - Math.abs(b.value),
  );
  return fc.nat(keyed.length - 1).map((i) => keyed[i]!.value);
}

/**
 * Tensors of such values (see {@link values}), float64 unless said otherwise. In counterexamples they print as the
 * code that makes them.
 */
export function tensors(options: TensorArbitraryOptions = {}): fc.Arbitrary<Tensor> {
  const { shape, dtype = 'float64', ...rest } = options;
  const element = values(rest);
  return withShape(shape, (fixed) => {
    const size = sizeOf(fixed);
    return fc
      .array(element, { minLength: size, maxLength: size, size: 'max' })
      .map((numbers) => asTensor(numbers, fixed, dtype));
  });
}

export interface DistinctOptions {
  /** The shape, or shapes to choose from; {@link shapes}() by default. */
  readonly shape?: Shape | fc.Arbitrary<Shape>;
  /** The smallest distance of two values; 1/8. */
  readonly gap?: number;
}

/** Tensors whose values are pairwise apart, for sorting and for the largest of them: float64, spread around 0. Shrink to sorted ones. */
export function distinctTensors({ shape, gap = 1 / 8 }: DistinctOptions = {}): fc.Arbitrary<Tensor> {
  return withShape(shape, (fixed) => {
    const size = sizeOf(fixed);
    // The elements are ordered by random keys and laid out at twice the gap, each moved by up to one gap.
    const element = fc.record({ key: fc.nat(1023), extra: fc.nat(8) });
    return fc.array(element, { minLength: size, maxLength: size, size: 'max' }).map((elements) => {
      const numbers = new Array<number>(size);
      const order = elements.map((one, at) => ({ ...one, at })).sort((a, b) => a.key - b.key);
      order.forEach(({ at, extra }, place) => (numbers[at] = (2 * place - size + 1 + extra / 8) * gap));
      return asTensor(numbers, fixed, 'float64');
    });
  });
}

/** A tensor that prints in counterexamples as the code that makes it. */
export function asTensor(numbers: readonly number[], shape: Shape, dtype: DType): Tensor {
  const array =
    dtype === 'int32'
      ? Int32Array.from(numbers)
      : dtype === 'float32'
        ? Float32Array.from(numbers)
        : Float64Array.from(numbers);
  const result = tensor(array, { shape, dtype });
  const code = (): string => {
    // Nested arrays do not tell the shape of a tensor without elements.
    const empty = numbers.length === 0 && shape.length > 1 ? `, shape: [${shape.join(', ')}]` : '';
    return `tensor(${text(empty === '' ? result.toArraySync() : [])}, { dtype: '${dtype}'${empty} })`;
  };
  Object.defineProperty(result, fc.toStringMethod, { value: code });
  return result;
}

export function withShape<Value>(
  shape: Shape | fc.Arbitrary<Shape> | undefined,
  build: (shape: Shape) => fc.Arbitrary<Value>,
): fc.Arbitrary<Value> {
  if (shape instanceof fc.Arbitrary) return shape.chain(build);
  return shape === undefined ? shapes().chain(build) : build(shape);
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, length) => size * length, 1);
}

function text(value: NestedArray): string {
  return Array.isArray(value) ? `[${value.map(text).join(', ')}]` : Object.is(value, -0) ? '-0' : String(value);
}

/** How many bits there are behind the binary point. */
function denominator(value: number): number {
  let bits = 0;
  for (let rest = value; !Number.isInteger(rest); rest *= 2) bits++;
  return bits;
}
