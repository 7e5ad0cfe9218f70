import { checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { checkBetas, momentOptions, type MomentOptions } from './moments.ts';
import { Optimizer, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface AdamaxOptions extends MomentOptions {
  /** Default: 0.002. */
  readonly lr?: OptimizerOptions['lr'];
  /** Added to the absolute value of the gradient. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * Adam with the maximum norm, by PyTorch's rule: with g = gradient + weightDecay · p, m ← β₁ m + (1 − β₁) g,
 * u ← max(β₂ u, |g| + eps), and p ← p − lr / (1 − β₁ᵗ) · m / u at the t-th update. (Kingma and Ba, ICLR 2015, algorithm 2.)
 */
export class Adamax<Tree = VariableTree> extends Optimizer<Tree> {
  readonly betas: readonly [first: number, norm: number];
  readonly eps: number;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AdamaxOptions = {}) {
    checkOptions('Adamax', options, momentOptions);
    const { lr = 2e-3, betas = [0.9, 0.999], eps = 1e-8, ...rest } = options;
    checkBetas('Adamax', betas);
    checkNonnegative('Adamax', 'eps', eps);
    super(tree, { lr, ...rest }, ['firstMoment', 'norm']);
    this.betas = betas;
    this.eps = eps;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { name, variable } = parameter;
    const [beta1, beta2] = this.betas;
    const g = this.addWeightDecay(parameter, grad);
    const [first, norm] = [this.state('firstMoment', name), this.state('norm', name)];
    const m = first.value.mul(beta1).add(g.mul(1 - beta1));
    const u = norm.value.mul(beta2).maximum(g.abs().add(this.eps));
    first.assign(m);
    norm.assign(u);
    const rate = this.scalar(parameter, (lr, step) => lr / (1 - beta1 ** (step + 1)));
    return variable.value.sub(m.div(u).mul(rate));
  }
}
