import { isFloat, type DType } from '../data/dtype.ts';
import { arange } from './creation.ts';
import { positions, rowMajorStrides } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import { scattered, taken } from './indexingRecords.ts';
import type { Routine } from '../graph/primitive.ts';

/** What a scan accumulates: see {@link combinations}. */
export type Combination = 'sum' | 'prod' | 'max' | 'min' | 'linear';

/** How it goes along the axis. */
export type Direction = {
  /** Each result is without the element in its own place: the first is that of nothing. */
  readonly exclusive: boolean;
  /** From the last element to the first. */
  readonly reverse: boolean;
};

type ScanAttributes = Direction & { readonly combination: Combination; readonly axis: number };

/** From what it begins with, by one element of the input (and of the factors) after another. */
interface Accumulation {
  readonly initial: number;
  readonly combine: (accumulator: number, value: number, factor: number) => number;
}

/** Of floating-point numbers, in double precision. */
const combinations: Readonly<Record<Combination, Accumulation>> = {
  sum: { initial: 0, combine: (accumulator, value) => accumulator + value },
  prod: { initial: 1, combine: (accumulator, value) => accumulator * value },
  max: { initial: -Infinity, combine: (a, x) => (x > a || x !== x ? x : a) },
  min: { initial: Infinity, combine: (a, x) => (x < a || x !== x ? x : a) },
  linear: { initial: 0, combine: (accumulator, value, factor) => factor * accumulator + value },
};

/** Of int32 and bool; sums and products modulo 2³². */
const integerCombinations: typeof combinations = {
  ...combinations,
  sum: { initial: 0, combine: (accumulator, value) => (accumulator + value) | 0 },
  prod: { initial: 1, combine: (a, x) => Math.imul(a, x) },
  max: { initial: -(2 ** 31), combine: (a, x) => Math.max(a, x) },
  min: { initial: 2 ** 31 - 1, combine: (a, x) => Math.min(a, x) },
};

/**
 * All partial results of a reduction along an axis. `linear` has a second input, factors of the same shape, and is the
 * recurrence sᵢ = factorᵢ · sᵢ₋₁ + xᵢ from 0: what the gradients of products, and its own, are made of.
 */
export const scan: Routine = {
  kind: 'routine',
  name: 'scan',
  run: (output, shape, [x, factors], attributes) => {
    const { combination, axis, exclusive, reverse } = attributes as ScanAttributes;
    const integer = output instanceof Int32Array || output instanceof Uint8Array;
    const { initial, combine } = (integer ? integerCombinations : combinations)[combination];
    const length = shape[axis]!;
    const one = shape.with(axis, Math.min(1, length));
    const strides = rowMajorStrides(shape);
    const to = positions({ shape: one, strides, offset: 0 });
    const from = positions({ ...x!.view, shape: one });
    const factorsFrom = factors && positions({ ...factors.view, shape: one });
    for (let line = 0; line < to.length; line++) {
      let accumulator = initial;
      for (let step = 0; step < length; step++) {
        const i = reverse ? length - 1 - step : step;
        const value = x!.values[from[line]! + i * x!.view.strides[axis]!]!;
        const factor = factors ? factors.values[factorsFrom![line]! + i * factors.view.strides[axis]!]! : 1;
        const next = combine(accumulator, value, factor);
        output[to[line]! + i * strides[axis]!] = exclusive ? accumulator : next;
        accumulator = next;
      }
    }
  },
  vjp: (cotangent, output, input) => {
    const { combination, axis, exclusive, reverse } = output.attributes as ScanAttributes;
    if (combination === 'sum') return scanned('sum', [cotangent], axis, { exclusive, reverse: !reverse });
    if (combination === 'max' || combination === 'min') {
      return scattered(attaining(output), cotangent, output.shape, axis);
    }
    const adjoint = adjointOf(cotangent, output);
    return combination === 'linear' && input === 0 ? adjoint : adjoint.mul(before(output));
  },
  jvp: (tangent, output, input) => {
    const attributes = output.attributes as ScanAttributes;
    const { combination, axis } = attributes;
    if (combination === 'sum') return scanned('sum', [tangent], axis, attributes);
    if (combination === 'max' || combination === 'min') return taken(tangent, attaining(output), axis);
    const added = combination === 'linear' && input === 0 ? tangent : tangent.mul(before(output));
    return scanned('linear', [added, output.inputs.at(-1)!], axis, attributes);
  },
};

/** The node; of `linear`, inputs are the values and the factors. The axis has been checked. */
export function scanned(
  combination: Combination,
  inputs: readonly Tensor[],
  axis: number,
  { exclusive, reverse }: Direction,
): Tensor {
  const { shape, dtype } = inputs[0]!;
  return new Tensor(scan, inputs, { shape, dtype }, { combination, axis, exclusive, reverse } satisfies ScanAttributes);
}

/**
 * For a product or a linear recurrence: how much each step's result, once it is there, adds to what the cotangent weighs.
 * That is Sₖ = gₖ + fₖ₊₁ Sₖ₊₁, or gₖ₊₁ + fₖ₊₁ Sₖ₊₁ where results are those of the steps before: a recurrence with the
 * same factors in the other direction. Nothing is divided, so that factors may be 0.
 */
function adjointOf(cotangent: Tensor, output: Tensor): Tensor {
  const { axis, exclusive, reverse } = output.attributes as ScanAttributes;
  const factors = output.inputs.at(-1)!;
  const back = { exclusive: true, reverse: !reverse };
  return exclusive
    ? scanned('linear', [cotangent, factors], axis, back)
    : cotangent.add(scanned('linear', [cotangent.mul(factors), factors], axis, back));
}

/** For each step the result of the steps before it. */
function before(output: Tensor): Tensor {
  const { combination, axis, exclusive, reverse } = output.attributes as ScanAttributes;
  return exclusive ? output : scanned(combination, output.inputs, axis, { exclusive: true, reverse });
}

/** int32: where along the axis the largest (smallest) element so far is: the latest of equals, as in PyTorch. */
function attaining(output: Tensor): Tensor {
  const { axis, reverse } = output.attributes as ScanAttributes;
  const [x] = output.inputs as [Tensor];
  const length = x.shape[axis]!;
  const places = arange(length, { dtype: 'int32' }).reshape(x.shape.map((_, i) => (i === axis ? length : 1)));
  const attained = x.equal(output).logicalOr(x.isnan());
  // The first element attains it always: what is put where none does is never the latest.
  const latest = attained.where(places, reverse ? length : -1);
  return scanned(reverse ? 'min' : 'max', [latest], axis, { exclusive: false, reverse });
}

/** What is accumulated of a dtype: sums and products of bool are int32. */
export function accumulated(combination: Combination, dtype: DType): DType {
  return isFloat(dtype) || combination === 'max' || combination === 'min' ? dtype : 'int32';
}
