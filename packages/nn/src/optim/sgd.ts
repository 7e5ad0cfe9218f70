import type { Tensor, VariableTree } from '@thetagrad/core';
import { checkAtLeast0, Optimizer, type OptimizerOptions, type Trained } from './optimizer.ts';

export interface SGDOptions extends OptimizerOptions {
  /** How much of the last direction is kept; 0 (none) unless said otherwise. */
  readonly momentum?: number;
  /** Takes away this share of each gradient that joins the momentum, but for the first; 0 unless said otherwise. */
  readonly dampening?: number;
  /** Nesterov's momentum: look ahead along the new direction. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent by PyTorch's rule: with g = gradient + weightDecay · p,
 * v ← momentum · v + (1 − dampening) · g (v = g at first) and p ← p − learningRate · v; with Nesterov's momentum
 * p ← p − learningRate · (g + momentum · v). (Sutskever et al., ICML 2013, with the learning rate outside the velocity.)
 */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;

  /** @throws {RangeError} if an option is out of range, or Nesterov's momentum is asked for without momentum or with dampening. */
  constructor(tree: VariableTree, options: SGDOptions) {
    const { momentum = 0, dampening = 0, nesterov = false } = options;
    checkAtLeast0('SGD', 'momentum', momentum);
    if (!(dampening >= 0 && dampening <= 1)) {
      throw new RangeError(`SGD: dampening must be between 0 and 1, got ${dampening}`);
    }
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError('SGD: nesterov needs momentum > 0 and no dampening');
    }
    super(tree, options, momentum === 0 ? [] : ['momentum']);
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
  }

  protected override apply({ name, variable, weightDecay }: Trained, grad: Tensor, rate: number): Tensor {
    const p = variable.value;
    let direction = weightDecay === 0 ? grad : grad.add(p.mul(weightDecay));
    if (this.momentum !== 0) {
      const slot = this.slot('momentum', name);
      const joining = this.dampening === 0 ? direction : direction.mul(this.step === 0 ? 1 : 1 - this.dampening);
      const velocity = slot.value.mul(this.momentum).add(joining);
      slot.assign(velocity);
      direction = this.nesterov ? direction.add(velocity.mul(this.momentum)) : velocity;
    }
    return p.sub(direction.mul(rate));
  }
}
