// Random tensors, each a function of its shape and a seed.
import { isFloatingPoint, random, tensor, type DType, type Key, type Shape, type Tensor } from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';

/** Makes a tensor of a shape: the same one each time it is called. */
export type MakeTensor = (shape: Shape) => Tensor;

type Stream = ReturnType<Key['stream']>;

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

const bits = new DataView(new ArrayBuffer(8));

/** All kinds of values: special ones, ordinary magnitudes, halves and arbitrary bit patterns. */
export function anyValues(dtype: DType, seed: number): MakeTensor {
  return filledWith('any', dtype, seed, (stream) => {
    const kind = stream.integer(8);
    if (kind < 2) return special[dtype][stream.integer(special[dtype].length)]!;
    if (dtype === 'bool') return stream.integer(2);
    if (kind < 6) return stream.uniform(-1, 1) * [1, 3, 30, 300][kind - 2]!;
    if (kind === 6) return stream.integer(17) / 2 - 4;
    bits.setUint32(0, stream.uint32());
    bits.setUint32(4, stream.uint32());
    if (dtype === 'int32') return bits.getInt32(0);
    return dtype === 'float32' ? bits.getFloat32(0) : bits.getFloat64(0);
  });
}

/** Uniform numbers in [−1, 1); for int32, integers from −100 to 100. */
export function uniformValues(dtype: DType, seed: number): MakeTensor {
  return filledWith('uniform', dtype, seed, (stream) => {
    if (dtype === 'bool') return stream.integer(2);
    return isFloatingPoint(dtype) ? stream.uniform(-1, 1) : stream.integer(201) - 100;
  });
}

/** Integers from −max to max, whose sums and products are exact in every dtype. */
export function integerValues(dtype: DType, seed: number, max = 4): MakeTensor {
  return filledWith(`integers to ${max}`, dtype, seed, (stream) =>
    dtype === 'bool' ? stream.integer(2) : stream.integer(2 * max + 1) - max,
  );
}

/** Multiples of 1/64 from −1 to 1, whose sums are exact; for int32, integers from −64 to 64. */
export function fractionValues(dtype: DType, seed: number): MakeTensor {
  return filledWith('fractions', dtype, seed, (stream) => {
    if (dtype === 'bool') return stream.integer(2);
    const value = stream.integer(129) - 64;
    return isFloatingPoint(dtype) ? value / 64 : value;
  });
}

/** int32 indices of an axis, from −length to length − 1; zeros for an empty axis. */
export function indexValues(length: number, seed: number): MakeTensor {
  return filledWith(`indices of ${length}`, 'int32', seed, (stream) =>
    length === 0 ? 0 : stream.integer(2 * length) - length,
  );
}

/** Values by kind, dtype, seed and number. A test makes the same ones for each backend. */
const made = new Map<string, Float64Array>();

function filledWith(kind: string, dtype: DType, seed: number, next: (stream: Stream) => number): MakeTensor {
  return (shape) => {
    const size = sizeOf(shape);
    const name = [kind, dtype, seed, size].join();
    let values = made.get(name);
    if (!values) {
      values = new Float64Array(size);
      const stream = random.key(seed).stream();
      for (let i = 0; i < size; i++) values[i] = dtype === 'int32' ? Math.trunc(next(stream)) : next(stream);
      if (made.size === 64) made.clear();
      made.set(name, values);
    }
    return tensor(values, { shape, dtype });
  };
}
