import { checkFraction, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface SGDOptions extends OptimizerOptions {
  /** Factor of the previous velocity. Default: 0. */
  readonly momentum?: number;
  /** Each gradient but the first enters the velocity with factor 1 − dampening. Default: 0. */
  readonly dampening?: number;
  /** Nesterov's momentum, which looks ahead along the new velocity. Default: false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent by PyTorch's rule: with g = gradient + weightDecay · p,
 * v ← momentum · v + (1 − dampening) · g (v = g at first) and p ← p − lr · v; with Nesterov's momentum
 * p ← p − lr · (g + momentum · v). (Sutskever et al., ICML 2013, with the learning rate outside the velocity.)
 */
export class SGD<Tree = VariableTree> extends Optimizer<Tree> {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;

  /**
   * @throws {RangeError} if an option is out of range, `nesterov` is used without momentum or with dampening, or as
   *   {@link Optimizer}.
   */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: SGDOptions) {
    checkOptions('SGD', options, [...optimizerOptions, 'momentum', 'dampening', 'nesterov']);
    const { momentum = 0, dampening = 0, nesterov = false, ...rest } = options;
    checkNonnegative('SGD', 'momentum', momentum);
    checkFraction('SGD', 'dampening', dampening);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError('SGD: nesterov needs momentum > 0 and no dampening');
    }
    super(tree, rest, momentum === 0 ? [] : ['momentum']);
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { name, variable } = parameter;
    let direction = this.addWeightDecay(parameter, grad);
    if (this.momentum !== 0) {
      const state = this.state('momentum', name);
      const dampened =
        this.dampening === 0
          ? direction
          : direction.mul(this.scalar(parameter, (_lr, step) => (step === 0 ? 1 : 1 - this.dampening)));
      const velocity = state.value.mul(this.momentum).add(dampened);
      state.assign(velocity);
      direction = this.nesterov ? direction.add(velocity.mul(this.momentum)) : velocity;
    }
    return variable.value.sub(direction.mul(this.scalar(parameter, (lr) => lr)));
  }
}
