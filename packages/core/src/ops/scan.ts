// Cumulative operations (scans) along an axis: sums, products, extrema and linear recurrences.
import { checkOptions } from '../data/checks.ts';
import { load } from '../data/strided.ts';
import { toFloat } from '../data/dtype.ts';
import { at, normalizeLineAxis, positions, type View, contiguous } from '../data/shape.ts';
import { batchAlongAxis } from '../graph/batching.ts';
import type { Node, Routine } from '../graph/primitive.ts';
import type { InputsOf, ScanAttributes, ScanCombination } from '../graph/routines.ts';
import { applyRoutine, Tensor } from '../graph/tensor.ts';
import { arange } from './creation.ts';
import { accumulatorDType, checkTensor, toLines } from './define.ts';
import { stopGradient } from './identity.ts';
import { ScatterAdd, Take } from './gather.ts';
import { strongMul } from './strongZero.ts';

/** A left fold, whose step takes an element of the input and one of the factors. */
interface Accumulation {
  readonly initial: number;
  readonly combine: (accumulator: number, value: number, factor: number) => number;
}

/** Accumulations of floats, in double precision. */
const combinations: Readonly<Record<ScanCombination, Accumulation>> = {
  sum: { initial: 0, combine: (accumulator, value) => accumulator + value },
  prod: { initial: 1, combine: (accumulator, value) => accumulator * value },
  max: { initial: -Infinity, combine: (a, x) => (x > a || x !== x ? x : a) },
  min: { initial: Infinity, combine: (a, x) => (x < a || x !== x ? x : a) },
  linear: { initial: 0, combine: (accumulator, value, factor) => factor * accumulator + value },
};

/** Accumulations of int32 and bool; sums and products wrap around. */
const integerCombinations: typeof combinations = {
  ...combinations,
  sum: { initial: 0, combine: (accumulator, value) => (accumulator + value) | 0 },
  prod: { initial: 1, combine: (a, x) => Math.imul(a, x) },
  max: { initial: -(2 ** 31), combine: (a, x) => Math.max(a, x) },
  min: { initial: 2 ** 31 - 1, combine: (a, x) => Math.min(a, x) },
};

type ScanNode = Node<InputsOf<'scan', Tensor>, ScanAttributes>;

/**
 * All partial results of a fold along an axis. `linear` has a second input, the factors, of the same shape, and is the
 * recurrence sᵢ = factorᵢ · sᵢ₋₁ + xᵢ from 0, in which the gradients of products and of `linear` are expressed.
 */
export const Scan: Routine<'scan'> = {
  kind: 'routine',
  name: 'scan',
  run: (output, shape, [x, factors], { combination, axis, exclusive, reverse }) => {
    const integer = output instanceof Int32Array || output instanceof Uint8Array;
    const { initial, combine } = (integer ? integerCombinations : combinations)[combination];
    const length = at(shape, axis);
    const lines = shape.with(axis, Math.min(1, length));
    const startsOf = (view: View): Int32Array => positions({ ...view, shape: lines });
    const outputView = contiguous(shape);
    const xStarts = startsOf(x.view);
    const factorStarts = factors && startsOf(factors.view);
    const outputStride = at(outputView.strides, axis);
    const xStride = at(x.view.strides, axis);
    const factorStride = factors ? at(factors.view.strides, axis) : 0;
    startsOf(outputView).forEach((outputStart, line) => {
      const xStart = load(xStarts, line);
      const factorStart = factorStarts ? load(factorStarts, line) : 0;
      let accumulator = initial;
      for (let step = 0; step < length; step++) {
        const i = reverse ? length - 1 - step : step;
        const factor = factors ? load(factors.values, factorStart + i * factorStride) : 1;
        const next = combine(accumulator, load(x.values, xStart + i * xStride), factor);
        output[outputStart + i * outputStride] = exclusive ? accumulator : next;
        accumulator = next;
      }
    });
  },
  vjp: (cotangent, output, input) => {
    const { attributes, shape, dtype } = output;
    const { combination, axis, reverse } = attributes;
    if (combination === 'sum') return applyScan([cotangent], { ...attributes, reverse: !reverse });
    if (combination === 'max' || combination === 'min') {
      return applyRoutine(ScatterAdd, [attainingIndices(output), cotangent], { shape, dtype }, { axis });
    }
    const adjoint = adjointOf(cotangent, output);
    return combination === 'linear' && input === 0 ? adjoint : strongMul(adjoint, resultsBefore(output));
  },
  jvp: (tangent, output, input) => {
    const { attributes, shape, dtype } = output;
    const { combination, axis } = attributes;
    if (combination === 'sum') return applyScan([tangent], attributes);
    if (combination === 'max' || combination === 'min') {
      return applyRoutine(Take, [tangent, attainingIndices(output)], { shape, dtype }, { axis });
    }
    const added = combination === 'linear' && input === 0 ? tangent : strongMul(tangent, resultsBefore(output));
    return applyScan([added, factorsOf(output)], { ...attributes, combination: 'linear' });
  },
  batch: batchAlongAxis,
};

/** Creates the node. Inputs are the values and, for `linear`, the factors. The axis must have been checked. */
function applyScan(inputs: readonly [Tensor] | readonly [Tensor, Tensor], attributes: ScanAttributes): Tensor {
  return applyRoutine(Scan, inputs, inputs[0], attributes);
}

/** The factors of a linear recurrence; a product is one whose factors are its elements. */
function factorsOf({ inputs: [x, factors = x] }: ScanNode): Tensor {
  return factors;
}

/**
 * The adjoint of a product or a linear recurrence: the derivative of ⟨g, output⟩ by the accumulator after step k, where g is
 * the cotangent. It satisfies Sₖ = gₖ + fₖ₊₁ Sₖ₊₁, or Sₖ = gₖ₊₁ + fₖ₊₁ Sₖ₊₁ for exclusive results: a recurrence with the same
 * factors in the opposite direction. Does not divide by factors, which may be 0.
 */
function adjointOf(cotangent: Tensor, output: ScanNode): Tensor {
  const { axis, exclusive, reverse } = output.attributes;
  const factors = factorsOf(output);
  const backwards = { combination: 'linear', axis, exclusive: true, reverse: !reverse } as const;
  return exclusive
    ? applyScan([cotangent, factors], backwards)
    : cotangent.add(applyScan([strongMul(cotangent, factors), factors], backwards));
}

/** The accumulator before each step: the exclusive results. */
function resultsBefore(output: ScanNode): Tensor {
  const { inputs, attributes } = output;
  return attributes.exclusive ? output : new Tensor(Scan, inputs, output, { ...attributes, exclusive: true });
}

/** int32: the index of the cumulative maximum (minimum): the latest of equals, as in PyTorch. */
function attainingIndices(output: ScanNode): Tensor {
  const { axis, reverse } = output.attributes;
  const [x] = output.inputs;
  const length = at(x.shape, axis);
  const indices = arange(length, { dtype: 'int32' }).reshape(x.shape.map((_, i) => (i === axis ? length : 1)));
  const attained = x.equal(output).logicalOr(x.isnan());
  // The placeholder for elements that do not attain it never wins, since the first element always attains it.
  const latest = attained.where(indices, reverse ? length : -1);
  return applyScan([latest], { combination: reverse ? 'min' : 'max', axis, exclusive: false, reverse });
}

export interface ScanOptions {
  /** Whether to scan from the end of the axis to its beginning. Default: false. */
  readonly reverse?: boolean;
}

export interface CumulativeOptions extends ScanOptions {
  /** Whether each result excludes the element at its own index: the first is 0 for sums, 1 for products. Default: false. */
  readonly exclusive?: boolean;
}

/**
 * The cumulative sum along an axis, of x's shape. bool becomes int32; int32 wraps around. float32 accumulates in double
 * precision.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * cumsum(tensor([1, 2, 3])); // tensor([1, 3, 6])
 */
export function cumsum(x: Tensor, axis = -1, options: CumulativeOptions = {}): Tensor {
  return accumulate('cumsum', 'sum', x, axis, options);
}

/**
 * The cumulative product along an axis, of x's shape. bool becomes int32; int32 wraps around. The gradient is computed
 * without division and correct at zeros.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * cumprod(tensor([1, 2, 3])); // tensor([1, 2, 6])
 */
export function cumprod(x: Tensor, axis = -1, options: CumulativeOptions = {}): Tensor {
  return accumulate('cumprod', 'prod', x, axis, options);
}

/**
 * The cumulative maximum along an axis, of x's shape and dtype; NaN from the first NaN on. At a tie the gradient goes to the
 * latest element, as in PyTorch.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * cummax(tensor([1, 3, 2])); // tensor([1, 3, 3])
 */
export function cummax(x: Tensor, axis = -1, options: ScanOptions = {}): Tensor {
  return accumulate('cummax', 'max', x, axis, options);
}

/**
 * The cumulative minimum along an axis, of x's shape and dtype; NaN from the first NaN on. At a tie the gradient goes to the
 * latest element, as in PyTorch.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * cummin(tensor([2, 3, 1])); // tensor([2, 2, 1])
 */
export function cummin(x: Tensor, axis = -1, options: ScanOptions = {}): Tensor {
  return accumulate('cummin', 'min', x, axis, options);
}

/**
 * The cumulative log Σ exp(x) along an axis, without overflow (PyTorch's `logcumsumexp`). int32 and bool become float32.
 * −∞, without a gradient, as long as all elements are −∞.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * logcumsumexp(tensor([0, 0, 0])); // tensor([0.0000, 0.6931, 1.0986])
 */
export function logcumsumexp(x: Tensor, axis = -1, options: ScanOptions = {}): Tensor {
  checkTensor('logcumsumexp', x);
  checkOptions('logcumsumexp', options, ['reverse']);
  const { reverse = false } = options;
  const values = toLines(x.astype(toFloat(x.dtype)));
  const constant = stopGradient(values);
  const direction = { axis: normalizeLineAxis('logcumsumexp', axis, x.ndim), exclusive: false, reverse };
  // sᵢ = sᵢ₋₁ exp(mᵢ₋₁ − mᵢ) + exp(xᵢ − mᵢ), where m is the cumulative maximum, a constant shift that cancels in the result.
  const largest = applyScan([constant], { combination: 'max', ...direction });
  const previous = applyScan([constant], { combination: 'max', ...direction, exclusive: true });
  const rescaling = previous.equal(largest).where(1, previous.sub(largest).exp());
  const shift = largest.isfinite().where(largest, 0);
  const sums = applyScan([values.sub(shift).exp(), rescaling], { combination: 'linear', ...direction });
  const isEmpty = sums.equal(0);
  return isEmpty.where(-Infinity, isEmpty.where(1, sums).log().add(shift)).reshape(x.shape);
}

function accumulate(
  operation: string,
  combination: 'sum' | 'prod' | 'max' | 'min',
  x: Tensor,
  axis: number,
  options: CumulativeOptions,
): Tensor {
  checkTensor(operation, x);
  const isArithmetic = combination === 'sum' || combination === 'prod';
  checkOptions(operation, options, isArithmetic ? ['reverse', 'exclusive'] : ['reverse']);
  const { exclusive = false, reverse = false } = options;
  const values = toLines(isArithmetic ? x.astype(accumulatorDType(x.dtype)) : x);
  const attributes = { combination, axis: normalizeLineAxis(operation, axis, x.ndim), exclusive, reverse };
  return applyScan([values], attributes).reshape(x.shape);
}
