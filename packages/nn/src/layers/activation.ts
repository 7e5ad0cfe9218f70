import { type DType, full, type Tensor, Variable } from '@thetagrad/core';
import {
  argumentError,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  unknownValue,
} from '@thetagrad/core/backend';
import { Module } from '../module.ts';

/** max(x, 0). */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    checkTensor('ReLU', x);
    return x.relu();
  }
}

/** x where x > 0, negativeSlope · x elsewhere. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  /** @param negativeSlope Default: 0.01. */
  constructor(negativeSlope = 0.01) {
    super();
    if (typeof negativeSlope !== 'number') throw argumentError('LeakyReLU', 'negativeSlope', 'a number', negativeSlope);
    this.negativeSlope = negativeSlope;
  }

  override forward(x: Tensor): Tensor {
    checkTensor('LeakyReLU', x);
    return x.greater(0).where(x, x.strongMul(this.negativeSlope));
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
    // One slope is a scalar, which broadcasts to any shape, [] included.
    const slope = this.weight.value.reshape(channels === 1 ? [] : [channels, ...x.shape.slice(2).map(() => 1)]);
    return x.greater(0).where(x, x.strongMul(slope));
  }
}

/** x where x > 0, alpha · (eˣ − 1) elsewhere. (Clevert, Unterthiner and Hochreiter, ICLR 2016.) */
export class ELU extends Module {
  readonly alpha: number;

  /** @param alpha Default: 1. */
  constructor(alpha = 1) {
    super();
    if (typeof alpha !== 'number') throw argumentError('ELU', 'alpha', 'a number', alpha);
    this.alpha = alpha;
  }

  override forward(x: Tensor): Tensor {
    checkTensor('ELU', x);
    const positive = x.greater(0);
    // The exponential is taken of 0 where x > 0: its overflow there would make the gradient NaN.
    return positive.where(x, positive.where(0, x).expm1().mul(this.alpha));
  }
}

export interface GELUOptions {
  /** `'none'` is exact, by erf; `'tanh'` approximates Φ. Default: `'none'`. */
  readonly approximate?: 'none' | 'tanh';
}

/**
 * x · Φ(x), where Φ is the normal distribution function. (Hendrycks and Gimpel, "Gaussian error linear units", 2016.)
 */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  /** @throws {TypeError} if the approximation is unknown. */
  constructor(options: GELUOptions = {}) {
    super();
    checkOptions('GELU', options, ['approximate']);
    const { approximate = 'none' } = options;
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw unknownValue('GELU', 'approximation', approximate, `'none' or 'tanh'`);
    }
    this.approximate = approximate;
  }

  override forward(x: Tensor): Tensor {
    checkTensor('GELU', x);
    const z =
      this.approximate === 'tanh'
        ? x
            .mul(x.square().mul(0.044715).add(1))
            .mul(Math.sqrt(2 / Math.PI))
            .tanh()
        : x.mul(Math.SQRT1_2).erf();
    // strongMul, since the other factor is 0 where x is −∞.
    return x.strongMul(z.add(1)).mul(0.5);
  }
}

/** x · sigmoid(x), also known as swish. */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    checkTensor('SiLU', x);
    return x.strongMul(x.sigmoid());
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    checkTensor('Sigmoid', x);
    return x.sigmoid();
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    checkTensor('Tanh', x);
    return x.tanh();
  }
}

/** log(1 + e^(beta · x)) / beta. */
export class Softplus extends Module {
  readonly beta: number;

  /** @param beta Default: 1. */
  constructor(beta = 1) {
    super();
    if (typeof beta !== 'number') throw argumentError('Softplus', 'beta', 'a number', beta);
    this.beta = beta;
  }

  override forward(x: Tensor): Tensor {
    checkTensor('Softplus', x);
    return x.mul(this.beta).softplus().div(this.beta);
  }
}
