import { type DType, full, type Tensor, Variable } from '@thetagrad/core';
import { Module } from '../module.ts';
import { checkCount } from './affine.ts';

/** max(x, 0). */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** x where it is positive, `negativeSlope` · x elsewhere. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = negativeSlope;
  }

  override forward(x: Tensor): Tensor {
    return x.greater(0).where(x, x.mul(this.negativeSlope));
  }
}

export interface PReLUOptions {
  /** The slopes to start with; 0.25 unless said otherwise, as in the paper. */
  readonly init?: number;
  readonly dtype?: DType;
}

/**
 * x where it is positive, weight · x elsewhere, with a trained slope for each channel (axis 1), or one for all.
 * (He et al., "Delving deep into rectifiers", ICCV 2015, equation 1.)
 */
export class PReLU extends Module {
  /** [channels], or [1] if shared. */
  readonly weight: Variable;

  /** @param channels the length of axis 1 of the input; 1 (the default) for one shared slope. */
  constructor(channels = 1, { init = 0.25, dtype = 'float32' }: PReLUOptions = {}) {
    super();
    checkCount('PReLU', 'channels', channels);
    this.weight = new Variable(full([channels], init, { dtype }), { name: 'PReLU.weight' });
  }

  /** @throws {RangeError} if axis 1 of x is not as long as there are slopes. */
  override forward(x: Tensor): Tensor {
    const [channels] = this.weight.shape as [number];
    if (channels > 1 && x.shape[1] !== channels) {
      throw new RangeError(`PReLU: axis 1 of the input [${x.shape.join(', ')}] must have ${channels} channels`);
    }
    const slope = this.weight.value.reshape([channels, ...x.shape.slice(2).map(() => 1)]);
    return x.greater(0).where(x, x.mul(slope));
  }
}

/** x where it is positive, alpha · (eˣ − 1) elsewhere. (Clevert, Unterthiner and Hochreiter, ICLR 2016.) */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  override forward(x: Tensor): Tensor {
    const positive = x.greater(0);
    // The exponential must not see large positive numbers: its overflow would spoil the gradient of the other branch.
    return positive.where(x, positive.where(0, x).expm1().mul(this.alpha));
  }
}

/**
 * x · Φ(x), with the normal distribution function Φ, or its approximation by tanh.
 * (Hendrycks and Gimpel, "Gaussian error linear units", 2016.)
 */
export class GELU extends Module {
  readonly approximate: boolean;

  constructor({ approximate = false }: { readonly approximate?: boolean } = {}) {
    super();
    this.approximate = approximate;
  }

  override forward(x: Tensor): Tensor {
    const z = this.approximate
      ? x
          .mul(x.square().mul(0.044715).add(1))
          .mul(Math.sqrt(2 / Math.PI))
          .tanh()
      : x.mul(Math.SQRT1_2).erf();
    return x.mul(z.add(1)).mul(0.5);
  }
}

/** x · sigmoid(x), also known as swish. */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return x.mul(x.sigmoid());
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** log(1 + e^(beta · x)) / beta. */
export class Softplus extends Module {
  readonly beta: number;

  constructor(beta = 1) {
    super();
    this.beta = beta;
  }

  override forward(x: Tensor): Tensor {
    return x.mul(this.beta).softplus().div(this.beta);
  }
}
