import { strongDiv, type Tensor, type VariableTree, type VariableTreeOf } from '@thetagrad/core';
import { checkOptions } from '@thetagrad/core/backend';
import { MomentOptimizer, type MomentOptions, momentOptions } from './moments.ts';
import type { OptimizerOptions, TrainedParameter } from './optimizer.ts';

export interface RAdamOptions extends MomentOptions {
  /** Default: 0.001. */
  readonly lr?: OptimizerOptions['lr'];
}

/**
 * Adam whose step is rectified while the second moment rests on few gradients: with g, m̂ and v as of {@link Adam},
 * p ← p − lr · r · m̂ · √(1 − β₂ᵗ) / (√v + eps) where the length ρ of the average exceeds 5, and p ← p − lr · m̂ before.
 * (Liu et al., ICLR 2020, algorithm 2, with PyTorch's eps.)
 */
export class RAdam<Tree = VariableTree> extends MomentOptimizer<Tree> {
  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: RAdamOptions = {}) {
    checkOptions('RAdam', options, momentOptions);
    super(tree, options, { lr: 1e-3 });
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const [beta1, beta2] = this.betas;
    const { m, v } = this.updateMoments(parameter, this.addWeightDecay(parameter, grad));
    // One of both factors is 0, so that all updates are one plan.
    const plain = this.scalar(parameter, (_lr, step) => (rectification(beta2, step + 1) === undefined ? 1 : 0));
    const adaptive = this.scalar(
      parameter,
      (_lr, step) => (rectification(beta2, step + 1) ?? 0) * Math.sqrt(1 - beta2 ** (step + 1)),
    );
    const factor = strongDiv(adaptive, v.sqrt().add(this.eps)).add(plain);
    const rate = this.scalar(parameter, (lr, step) => lr / (1 - beta1 ** (step + 1)));
    return parameter.variable.value.sub(m.mul(factor).mul(rate));
  }
}

/** The factor r at the t-th update; `undefined` while the variance of the adaptive step is unbounded. */
function rectification(beta2: number, t: number): number | undefined {
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * t * beta2 ** t) / (1 - beta2 ** t);
  if (length <= 5) return undefined;
  return Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
}
