import { type DType, full, relu, sigmoid, tanh, type Tensor, Variable } from '@thetagrad/core';
import {
  argumentError,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  unknownValue,
} from '@thetagrad/core/backend';
import { elu, gelu, leakyRelu, prelu, silu, softplus } from '@thetagrad/ops';
import { Module } from '../module.ts';
import { checkFinite, FunctionLayer } from './functionLayer.ts';

/** max(x, 0). */
export class ReLU extends FunctionLayer {
  constructor() {
    super('ReLU', relu);
  }
}

/** x where x > 0, negativeSlope · x elsewhere. */
export class LeakyReLU extends FunctionLayer {
  readonly negativeSlope: number;

  /**
   * @param negativeSlope Default: 0.01.
   * @throws {TypeError | RangeError} if it is not a finite number.
   */
  constructor(negativeSlope = 0.01) {
    super('LeakyReLU', (x) => leakyRelu(x, { negativeSlope }));
    checkFinite('LeakyReLU', 'negativeSlope', negativeSlope);
    this.negativeSlope = negativeSlope;
  }
}

export interface PReLUOptions {
  /** The initial slopes. Default: 0.25, as in the paper. */
  readonly init?: number;
  /** Default: float32. */
  readonly dtype?: DType;
}

/**
 * x where x > 0, weight · x elsewhere, with a trained slope for each channel (axis 1), or one for all.
 * (He et al., "Delving deep into rectifiers", ICCV 2015, equation 1.)
 */
export class PReLU extends Module {
  /** [numParameters] */
  readonly weight: Variable;

  /**
   * @param numParameters the number of channels, or 1 for a slope that all share. Default: 1.
   * @throws {RangeError} if it is not an integer ≥ 1.
   */
  constructor(numParameters = 1, options: PReLUOptions = {}) {
    super();
    checkOptions('PReLU', options, ['init', 'dtype']);
    const { init = 0.25, dtype = 'float32' } = options;
    checkInteger('PReLU', 'numParameters', numParameters, { min: 1 });
    this.weight = new Variable(full([numParameters], init, { dtype }), { name: 'PReLU.weight' });
  }

  /** @throws {RangeError} if there are several slopes and axis 1 of x has another length. */
  override forward(x: Tensor): Tensor {
    checkTensor('PReLU', x);
    const [channels] = this.weight.shape as [number];
    if (channels > 1 && x.shape[1] !== channels) {
      throw new RangeError(`PReLU: axis 1 of the input ${formatShape(x.shape)} must have ${channels} channels`);
    }
    return prelu(x, this.weight.value);
  }
}

/** x where x > 0, alpha · (eˣ − 1) elsewhere. (Clevert, Unterthiner and Hochreiter, ICLR 2016.) */
export class ELU extends FunctionLayer {
  readonly alpha: number;

  /**
   * @param alpha Default: 1.
   * @throws {TypeError | RangeError} if it is not a finite number.
   */
  constructor(alpha = 1) {
    super('ELU', (x) => elu(x, { alpha }));
    checkFinite('ELU', 'alpha', alpha);
    this.alpha = alpha;
  }
}

export interface GELUOptions {
  /** `'none'` is exact, by erf; `'tanh'` approximates Φ. Default: `'none'`. */
  readonly approximate?: 'none' | 'tanh';
}

/**
 * x · Φ(x), where Φ is the normal distribution function. (Hendrycks and Gimpel, "Gaussian error linear units", 2016.)
 */
export class GELU extends FunctionLayer {
  readonly approximate: 'none' | 'tanh';

  /** @throws {TypeError} if the approximation is unknown. */
  constructor(options: GELUOptions = {}) {
    checkOptions('GELU', options, ['approximate']);
    const { approximate = 'none' } = options;
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw unknownValue('GELU', 'approximation', approximate, `'none' or 'tanh'`);
    }
    super('GELU', (x) => gelu(x, { approximate }));
    this.approximate = approximate;
  }
}

/** x · sigmoid(x), also known as swish. */
export class SiLU extends FunctionLayer {
  constructor() {
    super('SiLU', silu);
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends FunctionLayer {
  constructor() {
    super('Sigmoid', sigmoid);
  }
}

/** Hyperbolic tangent. */
export class Tanh extends FunctionLayer {
  constructor() {
    super('Tanh', tanh);
  }
}

/** log(1 + e^(beta · x)) / beta, and x where beta · x exceeds a threshold. */
export class Softplus extends FunctionLayer {
  readonly beta: number;
  readonly threshold: number;

  /**
   * @param beta Default: 1.
   * @param threshold Default: 20.
   * @throws {TypeError | RangeError} if an argument is not a number, or beta is 0 or not finite.
   */
  constructor(beta = 1, threshold = 20) {
    super('Softplus', (x) => softplus(x, { beta, threshold }));
    checkFinite('Softplus', 'beta', beta);
    if (beta === 0) throw argumentError('Softplus', 'beta', 'other than 0', beta);
    if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
      throw argumentError('Softplus', 'threshold', 'a number', threshold);
    }
    this.beta = beta;
    this.threshold = threshold;
  }
}
