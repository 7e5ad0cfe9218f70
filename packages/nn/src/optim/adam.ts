import type { Tensor, VariableTree } from '@thetagrad/core';
import { checkAtLeast0, Optimizer, type OptimizerOptions, type Trained } from './optimizer.ts';

export interface AdamOptions extends Omit<OptimizerOptions, 'learningRate'> {
  /** 0.001 unless said otherwise. */
  readonly learningRate?: OptimizerOptions['learningRate'];
  /** How slowly the moments of the gradient follow: of the first and of the second; 0.9 and 0.999 unless said otherwise. */
  readonly betas?: readonly [first: number, second: number];
  /** Added to the root of the second moment; 1e-8 unless said otherwise. */
  readonly eps?: number;
}

/**
 * Adam by PyTorch's rule: with g = gradient + weightDecay · p, m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², and
 * p ← p − learningRate · m̂ / (√v̂ + eps), where m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) at the t-th update.
 * (Kingma and Ba, ICLR 2015, algorithm 1.)
 */
export class Adam extends Optimizer {
  readonly betas: readonly [first: number, second: number];
  readonly eps: number;

  /** @throws {RangeError} if an option is out of range. */
  constructor(tree: VariableTree, options: AdamOptions = {}) {
    const { learningRate = 1e-3, betas = [0.9, 0.999], eps = 1e-8, ...rest } = options;
    if (!betas.every((beta) => beta >= 0 && beta < 1)) {
      throw new RangeError(`Adam: betas must be at least 0 and less than 1, got ${betas.join(' and ')}`);
    }
    checkAtLeast0('Adam', 'eps', eps);
    super(tree, { learningRate, ...rest }, ['firstMoment', 'secondMoment']);
    this.betas = betas;
    this.eps = eps;
  }

  protected override apply(trained: Trained, grad: Tensor, rate: number): Tensor {
    const p = trained.variable.value;
    const { weightDecay } = trained;
    return this.adapted(trained, p, weightDecay === 0 ? grad : grad.add(p.mul(weightDecay)), rate);
  }

  /** p after a step along the adapted direction of g. */
  protected adapted({ name }: Trained, p: Tensor, g: Tensor, rate: number): Tensor {
    const [beta1, beta2] = this.betas;
    const t = this.step + 1;
    const first = this.slot('firstMoment', name);
    const second = this.slot('secondMoment', name);
    const m = first.value.mul(beta1).add(g.mul(1 - beta1));
    const v = second.value.mul(beta2).add(g.square().mul(1 - beta2));
    first.assign(m);
    second.assign(v);
    const scale = v
      .sqrt()
      .mul(1 / Math.sqrt(1 - beta2 ** t))
      .add(this.eps);
    return p.sub(m.div(scale).mul(rate / (1 - beta1 ** t)));
  }
}

/**
 * Adam with decoupled weight decay by PyTorch's rule: p is first multiplied by 1 − learningRate · weightDecay, and the
 * decay does not enter the moments. The decay is 0.01 unless said otherwise.
 * (Loshchilov and Hutter, ICLR 2019, algorithm 2.)
 */
export class AdamW extends Adam {
  constructor(tree: VariableTree, options: AdamOptions = {}) {
    super(tree, { weightDecay: 0.01, ...options });
  }

  protected override apply(trained: Trained, grad: Tensor, rate: number): Tensor {
    const p = trained.variable.value;
    const { weightDecay } = trained;
    return this.adapted(trained, weightDecay === 0 ? p : p.mul(1 - rate * weightDecay), grad, rate);
  }
}
