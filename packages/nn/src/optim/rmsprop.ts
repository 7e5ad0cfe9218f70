import { checkBoolean, checkFraction, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { boundSquare } from './moments.ts';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface RMSpropOptions extends Partial<OptimizerOptions> {
  /** Default: 0.01. */
  readonly lr?: OptimizerOptions['lr'];
  /** Decay rate of the mean square of the gradient. Default: 0.99. */
  readonly alpha?: number;
  /** Added to the root. Default: 1e-8. */
  readonly eps?: number;
  /** Factor of the previous step. Default: 0. */
  readonly momentum?: number;
  /** Whether the gradient is divided by an estimate of its standard deviation. Default: false. */
  readonly centered?: boolean;
}

/**
 * RMSprop by PyTorch's rule: with g = gradient + weightDecay · p, v ← α v + (1 − α) g², and p ← p − lr · g / (√v + eps). If it is
 * centered, √(v − ḡ²) takes the place of √v, where ḡ ← α ḡ + (1 − α) g (Graves, 2013, arXiv 1308.0850); with momentum,
 * b ← momentum · b + g / (√v + eps) and p ← p − lr · b. (Hinton's lecture 6e, 2012.) An element of g beyond ±2⁶³ (±2⁵¹¹ in
 * float64) counts as that.
 */
export class RMSprop<Tree = VariableTree> extends Optimizer<Tree> {
  readonly alpha: number;
  readonly eps: number;
  readonly momentum: number;
  readonly centered: boolean;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: RMSpropOptions = {}) {
    checkOptions('RMSprop', options, [...optimizerOptions, 'alpha', 'eps', 'momentum', 'centered']);
    const { lr = 1e-2, alpha = 0.99, eps = 1e-8, momentum = 0, centered = false, ...rest } = options;
    checkFraction('RMSprop', 'alpha', alpha);
    checkNonnegative('RMSprop', 'eps', eps);
    checkNonnegative('RMSprop', 'momentum', momentum);
    checkBoolean('RMSprop', 'centered', centered);
    const optional = [...(centered ? ['firstMoment'] : []), ...(momentum === 0 ? [] : ['momentum'])];
    super(tree, { lr, ...rest }, ['secondMoment', ...optional]);
    this.alpha = alpha;
    this.eps = eps;
    this.momentum = momentum;
    this.centered = centered;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { name, variable } = parameter;
    const g = boundSquare(this.addWeightDecay(parameter, grad));
    const average = (key: string, x: Tensor): Tensor => {
      const state = this.state(key, name);
      const mean = state.value.mul(this.alpha).add(x.mul(1 - this.alpha));
      state.assign(mean);
      return mean;
    };
    const v = average('secondMoment', g.square());
    // Rounding may make a variance of 0 negative.
    const variance = this.centered ? v.sub(average('firstMoment', g).square()).maximum(0) : v;
    let direction = g.div(variance.sqrt().add(this.eps));
    if (this.momentum !== 0) {
      const state = this.state('momentum', name);
      direction = state.value.mul(this.momentum).add(direction);
      state.assign(direction);
    }
    return variable.value.sub(direction.mul(this.scalar(parameter, (lr) => lr)));
  }
}
