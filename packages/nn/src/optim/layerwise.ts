// Optimizers for large batches, whose steps are in proportion to the norm of each variable.
import { checkNonnegative, checkOptions, checkPositive } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { MomentOptimizer, type MomentOptions, momentOptions } from './moments.ts';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface LAMBOptions extends MomentOptions {
  /** Default: 0.001. */
  readonly lr?: OptimizerOptions['lr'];
  /** Added to the root of the second moment. Default: 1e-6. */
  readonly eps?: number;
  /** Default: 0.01. */
  readonly weightDecay?: number;
}

/**
 * LAMB: with r = m̂ / (√v̂ + eps) + weightDecay · p, where m̂ and v̂ are {@link Adam}'s, p ← p − lr · ‖p‖ / ‖r‖ · r for each variable
 * (p ← p − lr · r if one of the norms is 0). (You et al., ICLR 2020, algorithm 2, with φ(z) = z.)
 */
export class LAMB<Tree = VariableTree> extends MomentOptimizer<Tree> {
  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: LAMBOptions = {}) {
    checkOptions('LAMB', options, momentOptions);
    super(tree, options, { lr: 1e-3, eps: 1e-6, weightDecay: 0.01 });
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { variable, weightDecay } = parameter;
    const [beta1] = this.betas;
    const p = variable.value;
    const { m, v } = this.updateMoments(parameter, grad);
    const unbiased = m.mul(this.scalar(parameter, (_lr, step) => 1 / (1 - beta1 ** (step + 1))));
    const adaptive = unbiased.div(this.scaleOf(parameter, v));
    const r = weightDecay === 0 ? adaptive : adaptive.add(p.mul(weightDecay));
    const rate = trustRatio(p.norm(), r.norm()).mul(this.scalar(parameter, (lr) => lr));
    return p.sub(r.mul(rate));
  }
}

export interface LARSOptions extends OptimizerOptions {
  /** Factor of the previous velocity. Default: 0.9. */
  readonly momentum?: number;
  /** The size of a step relative to the norm of the variable, before the learning rate. Default: 0.001. */
  readonly trustCoefficient?: number;
}

/**
 * LARS: with the local rate λ = trustCoefficient · ‖p‖ / (‖g‖ + weightDecay · ‖p‖) of each variable (1 if ‖p‖ or ‖g‖ is 0),
 * v ← momentum · v + lr · λ · (g + weightDecay · p) and p ← p − v. (You, Gitman and Ginsburg, 2017, arXiv 1708.03888, algorithm 1.)
 */
export class LARS<Tree = VariableTree> extends Optimizer<Tree> {
  readonly momentum: number;
  readonly trustCoefficient: number;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: LARSOptions) {
    checkOptions('LARS', options, [...optimizerOptions, 'momentum', 'trustCoefficient']);
    const { momentum = 0.9, trustCoefficient = 1e-3, ...rest } = options;
    checkNonnegative('LARS', 'momentum', momentum);
    checkPositive('LARS', 'trustCoefficient', trustCoefficient);
    super(tree, rest, ['momentum']);
    this.momentum = momentum;
    this.trustCoefficient = trustCoefficient;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { name, variable, weightDecay } = parameter;
    const p = variable.value;
    const [size, slope] = [p.norm(), grad.norm()];
    const local = slope
      .equal(0)
      .where(1, trustRatio(size.mul(this.trustCoefficient), slope.add(size.mul(weightDecay))));
    const rate = local.mul(this.scalar(parameter, (lr) => lr));
    const state = this.state('momentum', name);
    const velocity = state.value.mul(this.momentum).add(this.addWeightDecay(parameter, grad).mul(rate));
    state.assign(velocity);
    return p.sub(velocity);
  }
}

/** a / b; 1 if one of them is 0. */
function trustRatio(a: Tensor, b: Tensor): Tensor {
  const isDefined = a.greater(0).logicalAnd(b.greater(0));
  return isDefined.where(a.div(isDefined.where(b, 1)), 1);
}
