import { checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface ASGDOptions extends Partial<OptimizerOptions> {
  /** Default: 0.01. */
  readonly lr?: OptimizerOptions['lr'];
  /** The decay λ of the variables. Default: 1e-4. */
  readonly lambd?: number;
  /** The power of the decay of the learning rate. Default: 0.75. */
  readonly alpha?: number;
  /** The number of updates after which averaging begins. Default: 1e6. */
  readonly t0?: number;
}

/**
 * Averaged SGD by PyTorch's rule: with g = gradient + weightDecay · p and η = lr / (1 + λ · lr · n)^α after n updates,
 * p ← (1 − λ η) p − η g. The mean of p over the updates from `t0` on is the state `average.…`. (Polyak and Juditsky, SIAM J. Control
 * Optim. 1992.)
 */
export class ASGD<Tree = VariableTree> extends Optimizer<Tree> {
  readonly lambd: number;
  readonly alpha: number;
  readonly t0: number;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: ASGDOptions = {}) {
    checkOptions('ASGD', options, [...optimizerOptions, 'lambd', 'alpha', 't0']);
    const { lr = 1e-2, lambd = 1e-4, alpha = 0.75, t0 = 1e6, ...rest } = options;
    checkNonnegative('ASGD', 'lambd', lambd);
    checkNonnegative('ASGD', 'alpha', alpha);
    checkNonnegative('ASGD', 't0', t0);
    super(tree, { lr, ...rest }, ['average']);
    this.lambd = lambd;
    this.alpha = alpha;
    this.t0 = t0;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { lambd, alpha, t0 } = this;
    const eta = (lr: number, step: number): number => lr / (1 + lambd * lr * step) ** alpha;
    const decayed = parameter.variable.value.mul(this.scalar(parameter, (lr, step) => 1 - lambd * eta(lr, step)));
    const p = decayed.sub(this.addWeightDecay(parameter, grad).mul(this.scalar(parameter, eta)));
    const average = this.state('average', parameter.name);
    const share = (step: number): number => 1 / Math.max(1, step - t0);
    const old = average.value.mul(this.scalar(parameter, (_lr, step) => 1 - share(step)));
    average.assign(old.add(p.mul(this.scalar(parameter, (_lr, step) => share(step)))));
    return p;
  }
}
