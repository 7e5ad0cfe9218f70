// Random tensors: values of every kind, in buffers whose elements lie in any order, with gaps between them.
import { isFloat, tensor, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';

export type Make = (shape: readonly number[]) => Tensor;

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Uniform numbers in [0, 1) (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const special: Readonly<Record<DType, readonly number[]>> = {
  float32: [
    NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1,
    -1,
    2 ** -149,
    -(2 ** -140),
    2 ** -126,
    (2 - 2 ** -23) * 2 ** 127,
    -1e38,
  ],
  float64: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2 ** -1074, -(2 ** -1060), 2 ** -1022, Number.MAX_VALUE, -1e300],
  int32: [0, 1, -1, 2, 2 ** 31 - 1, -(2 ** 31), 65_536, -65_537],
  bool: [0, 1],
};

const view = new DataView(new ArrayBuffer(8));

/** Values of every kind: special ones, of ordinary size, halves, and any bits. */
export function anything(dtype: DType, seed: number): Make {
  const random = uniform(seed);
  const next = (): number => {
    const kind = Math.floor(random() * 8);
    if (kind < 2) return special[dtype][Math.floor(random() * special[dtype].length)]!;
    if (dtype === 'bool') return Math.floor(random() * 2);
    if (kind < 6) return (random() * 2 - 1) * [1, 3, 30, 300][kind - 2]!;
    if (kind === 6) return Math.floor(random() * 17 - 8) / 2;
    view.setUint32(0, random() * 2 ** 32);
    view.setUint32(4, random() * 2 ** 32);
    if (dtype === 'int32') return view.getInt32(0);
    return dtype === 'float32' ? view.getFloat32(0) : view.getFloat64(0);
  };
  return filled(dtype, next);
}

/** Ordinary numbers between −1 and 1; integers up to 100. */
export function ordinary(dtype: DType, seed: number): Make {
  const random = uniform(seed);
  if (dtype === 'bool') return filled(dtype, () => Math.floor(random() * 2));
  return filled(dtype, isFloat(dtype) ? () => random() * 2 - 1 : () => Math.floor(random() * 201) - 100);
}

/** Small integers, whose sums and products are exact in every dtype. */
export function integers(dtype: DType, seed: number, largest = 4): Make {
  const random = uniform(seed);
  if (dtype === 'bool') return filled(dtype, () => Math.floor(random() * 2));
  return filled(dtype, () => Math.floor(random() * (2 * largest + 1)) - largest);
}

function filled(dtype: DType, next: () => number): Make {
  return (shape) => tensor(Float64Array.from({ length: sizeOf(shape) }, next), { shape, dtype });
}

/** How a tensor is seen: the order of its axes in memory, and for each axis where it begins, in what steps it goes, and whether backwards or not at all. */
export interface Layout {
  readonly order: readonly number[];
  readonly axes: readonly {
    readonly start: number;
    readonly step: number;
    readonly flipped: boolean;
    readonly repeated: boolean;
  }[];
}

export function layouts(rank: number): fc.Arbitrary<Layout> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const axis = fc.record({
    start: fc.constantFrom(0, 0, 1),
    step: fc.constantFrom(1, 1, 1, 2, 3),
    flipped: fc.constantFrom(false, false, true),
    repeated: fc.constantFrom(false, false, false, false, true),
  });
  return fc.record({
    order: fc.oneof(fc.constant(axes), fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank })),
    axes: fc.array(axis, { minLength: rank, maxLength: rank }),
  });
}

/** A tensor of this shape that lies in memory as the layout says. */
export function laidOut(shape: readonly number[], { order, axes }: Layout, make: Make): Tensor {
  const stored = shape.map((length, i) => {
    const { start, step, repeated } = axes[i]!;
    return repeated ? 1 : start + length * step;
  });
  const inMemory = make(order.map((axis) => stored[axis]!));
  const sliced = inMemory
    .permute(shape.map((_, axis) => order.indexOf(axis)))
    .slice(axes.map(({ start, step, repeated }) => (repeated ? null : [start, null, step])))
    .slice(shape.map((length, i) => (axes[i]!.repeated ? null : [0, length])));
  return sliced.flip(shape.flatMap((_, i) => (axes[i]!.flipped ? [i] : []))).broadcastTo(shape);
}

/** Sizes around those of vectors. */
export const sizes: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 3, 4, 5, 8, 17),
  fc.integer({ min: 0, max: 70 }),
);

/** Shapes of few elements, long in one axis at most. */
export function shapes(minRank = 0): fc.Arbitrary<number[]> {
  const short = fc.integer({ min: 0, max: 5 }).map((length) => (length === 0 ? 1 : length));
  return fc
    .tuple(fc.array(short, { minLength: minRank, maxLength: 4 }), fc.nat(), sizes)
    .map(([lengths, axis, size]) => (lengths.length === 0 ? lengths : lengths.with(axis % lengths.length, size)));
}
