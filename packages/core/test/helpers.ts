import fc from 'fast-check';
import { sizeOf } from '../src/backend.ts';
import { tensor, type DType, type Shape, type Tensor } from '../src/index.ts';

export { sizeOf };

/** The elements of a tensor in row-major order. */
export function numbers(x: Tensor): number[] {
  return Array.from(x.dataSync());
}

/** A plain array with a shape and row-major elements: the model that operations are compared with. */
export interface Model {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** All index tuples of a shape in row-major order. */
export function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (prefixes, length) => prefixes.flatMap((prefix) => Array.from({ length }, (_, i) => [...prefix, i])),
    [[]],
  );
}

/** The element at an index, of which axes of size 1 and missing leading axes broadcast. */
export function elementAt(model: Model, index: readonly number[]): number {
  const trailing = index.slice(index.length - model.shape.length);
  const position = model.shape.reduce((flat, length, axis) => flat * length + (length === 1 ? 0 : trailing[axis]!), 0);
  return model.data[position]!;
}

/** A model whose elements are a function of their index. */
export function build(shape: Shape, element: (index: readonly number[]) => number): Model {
  return { shape, data: indicesOf(shape).map(element) };
}

export function toModel(x: Tensor): Model {
  return { shape: x.shape, data: numbers(x) };
}

export function toTensor({ shape, data }: Model, dtype: DType = 'float64'): Tensor {
  return tensor(Float64Array.from(data), { shape, dtype });
}

/** The model of 0, 1, 2, … */
export function counting(shape: Shape): Model {
  return { shape, data: Array.from({ length: sizeOf(shape) }, (_, i) => i) };
}

export function shapes(maxRank = 4, minRank = 0, maxLength = 4): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 0, max: maxLength }), { minLength: minRank, maxLength: maxRank });
}

/** Multiples of 1/16, whose sums are exact. */
export const ordinary: fc.Arbitrary<number> = fc.integer({ min: -400, max: 400 }).map((n) => n / 16);

export function models(shape: fc.Arbitrary<number[]>, element: fc.Arbitrary<number> = ordinary): fc.Arbitrary<Model> {
  return shape.chain((lengths) =>
    fc
      .array(element, { minLength: sizeOf(lengths), maxLength: sizeOf(lengths) })
      .map((data) => ({ shape: lengths, data })),
  );
}

/** Shapes that broadcast against each other. */
export function broadcastable(count: number): fc.Arbitrary<number[][]> {
  return shapes(3).chain((shape) =>
    fc.tuple(
      ...Array.from({ length: count }, () =>
        fc
          .tuple(
            fc.nat({ max: shape.length }),
            fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
          )
          .map(([drop, ones]) => shape.map((length, axis) => (ones[axis] ? 1 : length)).slice(drop)),
      ),
    ),
  );
}

/** NumPy's broadcasting rule, independently of core: aligned at the last axis, the size that is not 1 wins. */
export function broadcastShape(shapesGiven: readonly Shape[]): number[] {
  const rank = Math.max(...shapesGiven.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapesGiven.map((shape) => shape[shape.length - rank + axis] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/** The largest |a − b| / max(1, |b|); infinite if NaN or infinities differ. */
export function deviation(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(
    0,
    ...actual.map((a, i) => {
      const b = expected[i]!;
      if (Object.is(a, b) || a === b) return 0;
      return Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) / Math.max(1, Math.abs(b)) : Infinity;
    }),
  );
}
