import { checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { boundSquare } from './moments.ts';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface AdagradOptions extends Partial<OptimizerOptions> {
  /** Default: 0.01. */
  readonly lr?: OptimizerOptions['lr'];
  /** The learning rate is divided by 1 + lrDecay · the number of updates so far. Default: 0. */
  readonly lrDecay?: number;
  /** What the sum of squares begins with. Default: 0. */
  readonly initialAccumulatorValue?: number;
  /** Added to the root of the sum. Default: 1e-10. */
  readonly eps?: number;
}

/**
 * Adagrad by PyTorch's rule: with g = gradient + weightDecay · p, s ← s + g² and p ← p − lr / (1 + lrDecay · n) · g / (√s + eps)
 * after n updates. (Duchi, Hazan and Singer, JMLR 2011, figure 1.) An element of g beyond ±2⁶³ (±2⁵¹¹ in float64) counts as that.
 */
export class Adagrad<Tree = VariableTree> extends Optimizer<Tree> {
  readonly lrDecay: number;
  readonly initialAccumulatorValue: number;
  readonly eps: number;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AdagradOptions = {}) {
    checkOptions('Adagrad', options, [...optimizerOptions, 'lrDecay', 'initialAccumulatorValue', 'eps']);
    const { lr = 1e-2, lrDecay = 0, initialAccumulatorValue = 0, eps = 1e-10, ...rest } = options;
    checkNonnegative('Adagrad', 'lrDecay', lrDecay);
    checkNonnegative('Adagrad', 'initialAccumulatorValue', initialAccumulatorValue);
    checkNonnegative('Adagrad', 'eps', eps);
    super(tree, { lr, ...rest }, ['sum']);
    this.lrDecay = lrDecay;
    this.initialAccumulatorValue = initialAccumulatorValue;
    this.eps = eps;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const g = boundSquare(this.addWeightDecay(parameter, grad));
    const state = this.state('sum', parameter.name);
    const sum = state.value.add(g.square());
    // Added to the first square, since the state begins with 0.
    const initial = this.scalar(parameter, (_lr, step) => (step === 0 ? this.initialAccumulatorValue : 0));
    const total = this.initialAccumulatorValue === 0 ? sum : sum.add(initial);
    state.assign(total);
    const rate = this.scalar(parameter, (lr, step) => lr / (1 + step * this.lrDecay));
    return parameter.variable.value.sub(g.div(total.sqrt().add(this.eps)).mul(rate));
  }
}
