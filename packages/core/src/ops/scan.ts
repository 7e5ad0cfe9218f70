// All partial results of a reduction along one axis: the result has the shape of the input.
import { toFloat } from '../data/dtype.ts';
import { normalizeAxis, positions, rowMajorStrides } from '../data/shape.ts';
import type { Node, Routine } from '../graph/primitive.ts';
import type { InputsOf, ScanAttributes, ScanCombination } from '../graph/routines.ts';
import { applyRoutine, Tensor } from '../graph/tensor.ts';
import { arange } from './creation.ts';
import { accumulatorDType, checkTensor } from './define.ts';
import { stopGradient } from './identity.ts';
import { ScatterAdd, TakeAlongAxis } from './indexing.ts';

/** Starts from `initial` and combines one element of the input (and of the factors) after another. */
interface Accumulation {
  readonly initial: number;
  readonly combine: (accumulator: number, value: number, factor: number) => number;
}

/** For floating-point numbers, in double precision. */
const combinations: Readonly<Record<ScanCombination, Accumulation>> = {
  sum: { initial: 0, combine: (accumulator, value) => accumulator + value },
  prod: { initial: 1, combine: (accumulator, value) => accumulator * value },
  max: { initial: -Infinity, combine: (a, x) => (x > a || x !== x ? x : a) },
  min: { initial: Infinity, combine: (a, x) => (x < a || x !== x ? x : a) },
  linear: { initial: 0, combine: (accumulator, value, factor) => factor * accumulator + value },
};

/** For int32 and bool; sums and products modulo 2³². */
const integerCombinations: typeof combinations = {
  ...combinations,
  sum: { initial: 0, combine: (accumulator, value) => (accumulator + value) | 0 },
  prod: { initial: 1, combine: (a, x) => Math.imul(a, x) },
  max: { initial: -(2 ** 31), combine: (a, x) => Math.max(a, x) },
  min: { initial: 2 ** 31 - 1, combine: (a, x) => Math.min(a, x) },
};

type ScanNode = Node<InputsOf<'scan', Tensor>, ScanAttributes>;

/**
 * All partial results of a reduction along an axis. `linear` has a second input, factors of the same shape, and is the
 * recurrence sᵢ = factorᵢ · sᵢ₋₁ + xᵢ from 0: the gradients of products, and its own, are made of it.
 */
export const Scan: Routine<'scan'> = {
  kind: 'routine',
  name: 'scan',
  run: (output, shape, [x, factors], { combination, axis, exclusive, reverse }) => {
    const integer = output instanceof Int32Array || output instanceof Uint8Array;
    const { initial, combine } = (integer ? integerCombinations : combinations)[combination];
    const length = shape[axis]!;
    const lines = shape.with(axis, Math.min(1, length));
    const strides = rowMajorStrides(shape);
    const to = positions({ shape: lines, strides, offset: 0 });
    const from = positions({ ...x.view, shape: lines });
    const factorsFrom = factors && positions({ ...factors.view, shape: lines });
    for (let line = 0; line < to.length; line++) {
      let accumulator = initial;
      for (let step = 0; step < length; step++) {
        const i = reverse ? length - 1 - step : step;
        const value = x.values[from[line]! + i * x.view.strides[axis]!]!;
        const factor = factors ? factors.values[factorsFrom![line]! + i * factors.view.strides[axis]!]! : 1;
        const next = combine(accumulator, value, factor);
        output[to[line]! + i * strides[axis]!] = exclusive ? accumulator : next;
        accumulator = next;
      }
    }
  },
  vjp: (cotangent, output, input) => {
    const { attributes, shape, dtype } = output;
    const { combination, axis, reverse } = attributes;
    if (combination === 'sum') return scan([cotangent], { ...attributes, reverse: !reverse });
    if (combination === 'max' || combination === 'min') {
      return applyRoutine(ScatterAdd, [attainingIndices(output), cotangent], { shape, dtype }, { axis });
    }
    const adjoint = adjointOf(cotangent, output);
    return combination === 'linear' && input === 0 ? adjoint : adjoint.mul(resultsBefore(output));
  },
  jvp: (tangent, output, input) => {
    const { attributes, shape, dtype } = output;
    const { combination, axis } = attributes;
    if (combination === 'sum') return scan([tangent], attributes);
    if (combination === 'max' || combination === 'min') {
      return applyRoutine(TakeAlongAxis, [tangent, attainingIndices(output)], { shape, dtype }, { axis });
    }
    const added = combination === 'linear' && input === 0 ? tangent : tangent.mul(resultsBefore(output));
    return scan([added, factorsOf(output)], { ...attributes, combination: 'linear' });
  },
};

/** The node; for `linear`, inputs are the values and the factors. The axis has been checked. */
function scan(inputs: readonly [Tensor] | readonly [Tensor, Tensor], attributes: ScanAttributes): Tensor {
  return applyRoutine(Scan, inputs, inputs[0], attributes);
}

/** A product is a linear recurrence whose factors are its elements. */
function factorsOf({ inputs: [x, factors = x] }: ScanNode): Tensor {
  return factors;
}

/**
 * For a product or a linear recurrence: how much each step's result, once it is there, adds to what the cotangent weighs.
 * That is Sₖ = gₖ + fₖ₊₁ Sₖ₊₁, or gₖ₊₁ + fₖ₊₁ Sₖ₊₁ where results exclude their own element: a recurrence with the same
 * factors in the other direction. Nothing is divided, so that factors may be 0.
 */
function adjointOf(cotangent: Tensor, output: ScanNode): Tensor {
  const { axis, exclusive, reverse } = output.attributes;
  const factors = factorsOf(output);
  const backwards = { combination: 'linear', axis, exclusive: true, reverse: !reverse } as const;
  return exclusive
    ? scan([cotangent, factors], backwards)
    : cotangent.add(scan([cotangent.mul(factors), factors], backwards));
}

/** For each step the result of the steps before it. */
function resultsBefore(output: ScanNode): Tensor {
  const { inputs, attributes } = output;
  return attributes.exclusive ? output : new Tensor(Scan, inputs, output, { ...attributes, exclusive: true });
}

/** int32: the index of the largest (smallest) element so far; the latest of equals, as in PyTorch. */
function attainingIndices(output: ScanNode): Tensor {
  const { axis, reverse } = output.attributes;
  const [x] = output.inputs;
  const length = x.shape[axis]!;
  const indices = arange(length, { dtype: 'int32' }).reshape(x.shape.map((_, i) => (i === axis ? length : 1)));
  const attained = x.equal(output).logicalOr(x.isnan());
  // The first element always attains it: the value elsewhere is never the latest.
  const latest = attained.where(indices, reverse ? length : -1);
  return scan([latest], { combination: reverse ? 'min' : 'max', axis, exclusive: false, reverse });
}

export interface ScanOptions {
  /** From the end of the axis to its beginning. */
  readonly reverse?: boolean;
}

export interface CumulativeOptions extends ScanOptions {
  /** Each result without the element in its own place: the first is 0 for a sum, 1 for a product. */
  readonly exclusive?: boolean;
}

/**
 * The sums of all elements up to each one along an axis, itself included. int32 and bool give int32, modulo 2³²;
 * float32 is added up in double precision.
 * @param axis negative ones count from the end. Default: −1.
 */
export function cumsum(x: Tensor, axis = -1, options: CumulativeOptions = {}): Tensor {
  return along('cumsum', 'sum', x, axis, options);
}

/**
 * The products of all elements up to each one along an axis, itself included. int32 and bool give int32, modulo 2³².
 * Its gradients divide nothing, and are right where elements are 0.
 * @param axis negative ones count from the end. Default: −1.
 */
export function cumprod(x: Tensor, axis = -1, options: CumulativeOptions = {}): Tensor {
  return along('cumprod', 'prod', x, axis, options);
}

/**
 * The largest of all elements up to each one along an axis; NaN from the first NaN on. The gradient goes to the latest of
 * equal elements, as in PyTorch.
 * @param axis negative ones count from the end. Default: −1.
 */
export function cummax(x: Tensor, axis = -1, { reverse = false }: ScanOptions = {}): Tensor {
  return along('cummax', 'max', x, axis, { reverse });
}

/**
 * The smallest of all elements up to each one along an axis; NaN from the first NaN on. The gradient goes to the latest of
 * equal elements, as in PyTorch.
 * @param axis negative ones count from the end. Default: −1.
 */
export function cummin(x: Tensor, axis = -1, { reverse = false }: ScanOptions = {}): Tensor {
  return along('cummin', 'min', x, axis, { reverse });
}

/**
 * log Σ exp(x) over all elements up to each one along an axis, without overflow. Integers become float32. −∞ as long as
 * all elements are; no gradient flows there.
 * @param axis negative ones count from the end. Default: −1.
 */
export function logcumsumexp(x: Tensor, axis = -1, { reverse = false }: ScanOptions = {}): Tensor {
  checkTensor('logcumsumexp', x);
  const values = x.astype(toFloat(x.dtype));
  const held = stopGradient(values);
  const direction = { axis: normalizeAxis('logcumsumexp', axis, x.ndim), exclusive: false, reverse };
  // sᵢ = Σ exp(xⱼ − mᵢ), where m is the largest so far: when m grows, the sum shrinks. The shift cancels in the value.
  const largest = scan([held], { combination: 'max', ...direction });
  const previous = scan([held], { combination: 'max', ...direction, exclusive: true });
  const shrunk = previous.equal(largest).where(1, previous.sub(largest).exp());
  const shift = largest.isfinite().where(largest, 0);
  const sums = scan([values.sub(shift).exp(), shrunk], { combination: 'linear', ...direction });
  const none = sums.equal(0);
  return none.where(-Infinity, none.where(1, sums).log().add(shift));
}

function along(
  operation: string,
  combination: 'sum' | 'prod' | 'max' | 'min',
  x: Tensor,
  axis: number,
  { exclusive = false, reverse = false }: CumulativeOptions,
): Tensor {
  checkTensor(operation, x);
  const isArithmetic = combination === 'sum' || combination === 'prod';
  const values = isArithmetic ? x.astype(accumulatorDType(x.dtype)) : x;
  return scan([values], { combination, axis: normalizeAxis(operation, axis, x.ndim), exclusive, reverse });
}
