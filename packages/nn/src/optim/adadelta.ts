import { checkFraction, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { boundSquare } from './moments.ts';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface AdadeltaOptions extends Partial<OptimizerOptions> {
  /** Default: 1. */
  readonly lr?: OptimizerOptions['lr'];
  /** Decay rate of both mean squares. Default: 0.9. */
  readonly rho?: number;
  /** Added to both mean squares. Default: 1e-6. */
  readonly eps?: number;
}

/**
 * Adadelta by PyTorch's rule: with g = gradient + weightDecay · p, v ← ρ v + (1 − ρ) g², Δ = √(u + eps) / √(v + eps) · g,
 * u ← ρ u + (1 − ρ) Δ², and p ← p − lr · Δ. (Zeiler, 2012, arXiv 1212.5701, algorithm 1.) An element of g beyond ±2⁶³ (±2⁵¹¹ in
 * float64) counts as that.
 */
export class Adadelta<Tree = VariableTree> extends Optimizer<Tree> {
  readonly rho: number;
  readonly eps: number;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AdadeltaOptions = {}) {
    checkOptions('Adadelta', options, [...optimizerOptions, 'rho', 'eps']);
    const { lr = 1, rho = 0.9, eps = 1e-6, ...rest } = options;
    checkFraction('Adadelta', 'rho', rho);
    checkNonnegative('Adadelta', 'eps', eps);
    super(tree, { lr, ...rest }, ['secondMoment', 'stepSecondMoment']);
    this.rho = rho;
    this.eps = eps;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { name, variable } = parameter;
    const { rho, eps } = this;
    const g = boundSquare(this.addWeightDecay(parameter, grad));
    const [squares, steps] = [this.state('secondMoment', name), this.state('stepSecondMoment', name)];
    const v = squares.value.mul(rho).add(g.square().mul(1 - rho));
    const delta = steps.value.add(eps).sqrt().div(v.add(eps).sqrt()).mul(g);
    squares.assign(v);
    steps.assign(steps.value.mul(rho).add(delta.square().mul(1 - rho)));
    return variable.value.sub(delta.mul(this.scalar(parameter, (lr) => lr)));
  }
}
