// Piecewise linear and exponential activations without variables.
import type { Tensor } from '@thetagrad/core';
import { argumentError, checkNonnegative, checkOptions, checkTensor } from '@thetagrad/core/backend';
import {
  celu,
  hardshrink,
  hardsigmoid,
  hardtanh,
  type HardtanhOptions,
  leakyRelu,
  relu6,
  rrelu,
  type RreluOptions,
  selu,
  softshrink,
  threshold,
} from '@thetagrad/ops';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { Module } from '../module.ts';
import { checkFinite, FunctionLayer } from './functionLayer.ts';

/**
 * min(max(x, 0), 6), of any shape.
 * @example
 * new ReLU6().forward(tensor([-1, 5, 9])); // tensor([0, 5, 6])
 */
export class ReLU6 extends FunctionLayer {
  constructor() {
    super('ReLU6', relu6);
  }
}

/** Options of {@link RReLU}. */
export interface RReLUOptions extends RreluOptions, Randomness {}

/**
 * x where x > 0; elsewhere in training x times a random slope from `lower` to `upper`, drawn for each element at each call, and in
 * evaluation x times their mean. (Xu et al., "Empirical evaluation of rectified activations", 2015.)
 * @example
 * new RReLU({ lower: 0.25, upper: 0.75 }).eval().forward(tensor([-2, 3])); // tensor([-1, 3])
 */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;
  /** The source of the slopes; save it with the model to resume training exactly. */
  readonly generator: Generator;

  /**
   * @throws {TypeError | RangeError} if a slope is not a finite number, or `lower` is not below `upper`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(options: RReLUOptions = {}) {
    super();
    checkOptions('RReLU', options, ['lower', 'upper', 'key', 'generator']);
    const { lower = 1 / 8, upper = 1 / 3 } = options;
    checkFinite('RReLU', 'lower', lower);
    checkFinite('RReLU', 'upper', upper);
    if (upper <= lower) throw argumentError('RReLU', 'upper', `a number > ${lower}`, upper, true);
    this.lower = lower;
    this.upper = upper;
    this.generator = generatorOf('RReLU', options);
  }

  override forward(x: Tensor): Tensor {
    checkTensor('RReLU', x);
    const { training, lower, upper } = this;
    if (training) return rrelu(this.generator.next(), x, { lower, upper });
    return leakyRelu(x, { negativeSlope: (lower + upper) / 2 });
  }
}

/**
 * x where x > 0, alpha · (e^(x / alpha) − 1) elsewhere. (Barron, "Continuously differentiable exponential linear units", 2017.)
 * @example
 * new CELU(0.5).forward(tensor([-1, 0, 2])); // tensor([-0.4323, 0.0000, 2.0000])
 */
export class CELU extends FunctionLayer {
  readonly alpha: number;

  /**
   * @param alpha Default: 1.
   * @throws {TypeError | RangeError} if alpha is not a finite number other than 0.
   */
  constructor(alpha = 1) {
    super('CELU', (x) => celu(x, { alpha }));
    checkFinite('CELU', 'alpha', alpha);
    if (alpha === 0) throw argumentError('CELU', 'alpha', 'other than 0', alpha);
    this.alpha = alpha;
  }
}

/**
 * 1.0507 · elu(x) with alpha 1.6733, which keeps mean 0 and variance 1. (Klambauer et al., NeurIPS 2017.)
 * @example
 * new SELU().forward(tensor([-1, 0, 1])); // tensor([-1.1113, 0.0000, 1.0507])
 */
export class SELU extends FunctionLayer {
  constructor() {
    super('SELU', selu);
  }
}

/**
 * x clamped to [minVal, maxVal]; the gradient at the bounds is 0.
 * @example
 * new Hardtanh({ maxVal: 2 }).forward(tensor([-2, 0.5, 3])); // tensor([-1.0, 0.5, 2.0])
 */
export class Hardtanh extends FunctionLayer {
  readonly minVal: number;
  readonly maxVal: number;

  /**
   * @param options `minVal` (default: −1) and `maxVal` (default: 1).
   * @throws {TypeError | RangeError} if a bound is not a number, or `minVal` exceeds `maxVal`.
   */
  constructor(options: HardtanhOptions = {}) {
    checkOptions('Hardtanh', options, ['minVal', 'maxVal']);
    const { minVal = -1, maxVal = 1 } = options;
    super('Hardtanh', (x) => hardtanh(x, { minVal, maxVal }));
    if (typeof minVal !== 'number') throw argumentError('Hardtanh', 'minVal', 'a number', minVal);
    if (!(maxVal >= minVal)) throw argumentError('Hardtanh', 'maxVal', `a number ≥ ${minVal}`, maxVal);
    this.minVal = minVal;
    this.maxVal = maxVal;
  }
}

/**
 * relu6(x + 3) / 6, a piecewise linear sigmoid. (Howard et al., ICCV 2019.)
 * @example
 * new Hardsigmoid().forward(tensor([-4, 0, 1.5])); // tensor([0.00, 0.50, 0.75])
 */
export class Hardsigmoid extends FunctionLayer {
  constructor() {
    super('Hardsigmoid', hardsigmoid);
  }
}

/**
 * x where it exceeds the threshold, else a value.
 * @example
 * new Threshold(1, 0).forward(tensor([-1, 0.5, 2])); // tensor([0, 0, 2])
 */
export class Threshold extends FunctionLayer {
  readonly threshold: number;
  readonly value: number;

  /** @throws {TypeError | RangeError} if an argument is not a finite number. */
  constructor(limit: number, value: number) {
    super('Threshold', (x) => threshold(x, limit, value));
    checkFinite('Threshold', 'threshold', limit);
    checkFinite('Threshold', 'value', value);
    this.threshold = limit;
    this.value = value;
  }
}

/**
 * x where |x| > lambd, else 0.
 * @example
 * new Hardshrink().forward(tensor([-1, 0.25, 0.75])); // tensor([-1.00, 0.00, 0.75])
 */
export class Hardshrink extends FunctionLayer {
  readonly lambd: number;

  /**
   * @param lambd Default: 0.5.
   * @throws {TypeError | RangeError} if it is not a finite number ≥ 0.
   */
  constructor(lambd = 0.5) {
    super('Hardshrink', (x) => hardshrink(x, { lambd }));
    checkNonnegative('Hardshrink', 'lambd', lambd);
    this.lambd = lambd;
  }
}

/**
 * x moved by lambd toward 0, and 0 where |x| ≤ lambd.
 * @example
 * new Softshrink().forward(tensor([-1, 0.25, 0.75])); // tensor([-0.50, 0.00, 0.25])
 */
export class Softshrink extends FunctionLayer {
  readonly lambd: number;

  /**
   * @param lambd Default: 0.5.
   * @throws {TypeError | RangeError} if it is not a finite number ≥ 0.
   */
  constructor(lambd = 0.5) {
    super('Softshrink', (x) => softshrink(x, { lambd }));
    checkNonnegative('Softshrink', 'lambd', lambd);
    this.lambd = lambd;
  }
}
