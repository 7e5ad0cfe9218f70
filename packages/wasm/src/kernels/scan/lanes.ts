import type { ScalarType, ScanCombination } from '@thetagrad/core/backend';
import { f32x4, f64x2, i32x4, i8x16, v128, type Statement, type Value } from '../../assembler/index.ts';

type V = Value<'v128'>;

/** Loads and stores lanes. */
interface LoadStore {
  readonly load: (at: Value<'i32'>) => V;
  readonly store: (at: Value<'i32'>, x: V) => Statement;
}

/** Vectors of accumulators, and how elements are combined with them: in all lanes, or only the first. */
export interface ScanLanes {
  /** The number of accumulators in a vector. */
  readonly elements: number;
  /** The size of an element. */
  readonly bytes: number;
  readonly one: LoadStore;
  readonly many: LoadStore;
  /** Accumulators in memory. */
  readonly accumulator: { readonly bytes: number; readonly one: LoadStore; readonly many: LoadStore };
  readonly initial: V;
  readonly combine: (accumulator: V, value: V, factor?: V) => V;
}

export function scanLanes(combination: ScanCombination, type: ScalarType): ScanLanes {
  const isExtreme = combination === 'max' || combination === 'min';
  const accumulatorType = type === 'f32' && !isExtreme ? 'f64' : type;
  const accumulator = { bytes: sizes[accumulatorType], ...loadStoreOf(accumulatorType) };
  const elements = 16 / accumulator.bytes;
  return {
    elements,
    bytes: sizes[type],
    ...(type === accumulatorType ? loadStoreOf(type) : promotedLoadStore),
    accumulator,
    initial: v128.const(new arrays[accumulatorType](elements).fill(initialOf(combination, type))),
    combine: combineOf(combination, accumulatorType),
  };
}

const sizes: Readonly<Record<ScalarType, number>> = { f32: 4, f64: 8, i32: 4, bool: 1 };
const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Uint8Array } as const;

function loadStoreOf(type: ScalarType): Readonly<Record<'one' | 'many', LoadStore>> {
  const bits = (8 * sizes[type]) as 8 | 32 | 64;
  return {
    one: { load: (at) => v128[`load${bits}Splat`](at), store: (at, x) => v128[`store${bits}Lane`](at, x, 0) },
    many: {
      load: (at) => v128.load(at, { align: sizes[type] }),
      store: (at, x) => v128.store(at, x, { align: sizes[type] }),
    },
  };
}

/** float32 in memory, float64 in lanes. */
const promotedLoadStore: Readonly<Record<'one' | 'many', LoadStore>> = {
  one: {
    load: (at) => f64x2.promoteLowF32x4(v128.load32Zero(at)),
    store: (at, x) => v128.store32Lane(at, f32x4.demoteF64x2Zero(x), 0),
  },
  many: {
    load: (at) => f64x2.promoteLowF32x4(v128.load64Zero(at, { align: 4 })),
    store: (at, x) => v128.store64Lane(at, f32x4.demoteF64x2Zero(x), 0, { align: 4 }),
  },
};

function initialOf(combination: ScanCombination, type: ScalarType): number {
  if (combination === 'prod') return 1;
  if (combination === 'sum' || combination === 'linear') return 0;
  const [min, max] = { f32: infinities, f64: infinities, i32: [-(2 ** 31), 2 ** 31 - 1], bool: [0, 1] }[type];
  return (combination === 'max' ? min : max)!;
}

const infinities = [-Infinity, Infinity];

function combineOf(combination: ScanCombination, type: ScalarType): ScanLanes['combine'] {
  const numbers = type === 'i32' ? i32x4 : f64x2;
  switch (combination) {
    case 'sum':
      return (accumulator, value) => numbers.add(accumulator, value);
    case 'prod':
      return (accumulator, value) => numbers.mul(accumulator, value);
    case 'linear':
      return (accumulator, value, factor) => f64x2.add(f64x2.mul(factor!, accumulator), value);
    case 'max':
    case 'min': {
      if (type === 'i32' || type === 'bool') {
        const { max, min } =
          type === 'i32' ? { max: i32x4.maxS, min: i32x4.minS } : { max: i8x16.maxU, min: i8x16.minU };
        const better = combination === 'max' ? max : min;
        return (accumulator, value) => better(accumulator, value);
      }
      const floats = type === 'f32' ? f32x4 : f64x2;
      const beats = combination === 'max' ? floats.gt : floats.lt;
      return (accumulator, value) =>
        v128.bitselect(value, accumulator, v128.or(beats(value, accumulator), floats.ne(value, value)));
    }
  }
}
