import { checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { checkBetas } from './moments.ts';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface LionOptions extends Partial<OptimizerOptions> {
  /** Default: 1e-4. */
  readonly lr?: OptimizerOptions['lr'];
  /** The share of the momentum in the step, and its decay rate. Default: 0.9 and 0.99. */
  readonly betas?: readonly [step: number, momentum: number];
}

/**
 * Lion: p ← p − lr · (sign(β₁ m + (1 − β₁) g) + weightDecay · p), then m ← β₂ m + (1 − β₂) g. (Chen et al., NeurIPS 2023,
 * algorithm 2.) Every step of an element is of the size of the learning rate, which should be 3 to 10 times as small as Adam's, with
 * a weight decay as many times as large.
 */
export class Lion<Tree = VariableTree> extends Optimizer<Tree> {
  readonly betas: readonly [step: number, momentum: number];

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: LionOptions = {}) {
    checkOptions('Lion', options, [...optimizerOptions, 'betas']);
    const { lr = 1e-4, betas = [0.9, 0.99], ...rest } = options;
    checkBetas('Lion', betas);
    super(tree, { lr, ...rest }, ['momentum']);
    this.betas = betas;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { name, variable, weightDecay } = parameter;
    const [beta1, beta2] = this.betas;
    const p = variable.value;
    const momentum = this.state('momentum', name);
    const mix = (beta: number): Tensor => momentum.value.mul(beta).add(grad.mul(1 - beta));
    const direction = mix(beta1).sign();
    momentum.assign(mix(beta2));
    const decayed = weightDecay === 0 ? direction : direction.add(p.mul(weightDecay));
    return p.sub(decayed.mul(this.scalar(parameter, (lr) => lr)));
  }
}
