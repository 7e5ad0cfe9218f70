import { argumentError, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { Optimizer, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface AdamOptions extends Omit<OptimizerOptions, 'lr'> {
  /** Default: 0.001. */
  readonly lr?: OptimizerOptions['lr'];
  /** Decay rates of the first and second moment of the gradient. Default: 0.9 and 0.999. */
  readonly betas?: readonly [first: number, second: number];
  /** Added to the root of the second moment. Default: 1e-8. */
  readonly eps?: number;
}

const optionNames = ['lr', 'betas', 'eps', 'weightDecay', 'groups'] as const;

/**
 * Adam by PyTorch's rule: with g = gradient + weightDecay · p, m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², and
 * p ← p − lr · m̂ / (√v̂ + eps), where m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) at the t-th update.
 * (Kingma and Ba, ICLR 2015, algorithm 1.) An element of g beyond ±2⁶³ (±2⁵¹¹ in float64) counts as that, so that its square
 * is in range.
 */
export class Adam<Tree = VariableTree> extends Optimizer<Tree> {
  readonly betas: readonly [first: number, second: number];
  readonly eps: number;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AdamOptions = {}) {
    const operation = new.target.name;
    checkOptions(operation, options, optionNames);
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, ...rest } = options;
    const areNumbers = Array.isArray(betas) && betas.every((beta) => typeof beta === 'number');
    if (!areNumbers || betas.length !== 2 || !betas.every((beta) => beta >= 0 && beta < 1)) {
      throw argumentError(operation, 'betas', 'two numbers in [0, 1)', betas, areNumbers);
    }
    checkNonnegative(operation, 'eps', eps);
    super(tree, { lr, ...rest }, ['firstMoment', 'secondMoment']);
    this.betas = betas;
    this.eps = eps;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const p = parameter.variable.value;
    const { weightDecay } = parameter;
    return this.applyAdam(parameter, p, weightDecay === 0 ? grad : grad.add(p.mul(weightDecay)));
  }

  /** Adam's step from p; assigns the moments. */
  protected applyAdam(parameter: TrainedParameter, p: Tensor, gradient: Tensor): Tensor {
    const { name } = parameter;
    const [beta1, beta2] = this.betas;
    const limit = p.dtype === 'float64' ? 2 ** 511 : 2 ** 63;
    const g = gradient.clip(-limit, limit);
    const first = this.state('firstMoment', name);
    const second = this.state('secondMoment', name);
    const m = first.value.mul(beta1).add(g.mul(1 - beta1));
    const v = second.value.mul(beta2).add(g.square().mul(1 - beta2));
    first.assign(m);
    second.assign(v);
    const scale = v
      .sqrt()
      .mul(this.scalar(parameter, (_lr, step) => 1 / Math.sqrt(1 - beta2 ** (step + 1))))
      .add(this.eps);
    return p.sub(m.div(scale).mul(this.scalar(parameter, (lr, step) => lr / (1 - beta1 ** (step + 1)))));
  }
}

/**
 * Adam with decoupled weight decay by PyTorch's rule: p is first multiplied by 1 − lr · weightDecay, and the decay does
 * not enter the moments. (Loshchilov and Hutter, ICLR 2019, algorithm 2.)
 */
export class AdamW<Tree = VariableTree> extends Adam<Tree> {
  /**
   * @param options as of {@link Adam}, but `weightDecay` has the default 0.01
   * @throws {RangeError} as {@link Adam}.
   */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AdamOptions = {}) {
    checkOptions(new.target.name, options, optionNames);
    super(tree, { weightDecay: 0.01, ...options });
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const p = parameter.variable.value;
    const { weightDecay } = parameter;
    const decayed = weightDecay === 0 ? p : p.mul(this.scalar(parameter, (lr) => 1 - lr * weightDecay));
    return this.applyAdam(parameter, decayed, grad);
  }
}
