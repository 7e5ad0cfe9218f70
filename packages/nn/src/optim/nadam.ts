import { checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { MomentOptimizer, type MomentOptions, momentOptions } from './moments.ts';
import type { OptimizerOptions, TrainedParameter } from './optimizer.ts';

export interface NAdamOptions extends MomentOptions {
  /** Default: 0.002. */
  readonly lr?: OptimizerOptions['lr'];
  /** How fast the momentum rises from β₁ / 2 to β₁. Default: 0.004. */
  readonly momentumDecay?: number;
}

/**
 * Adam with Nesterov's momentum: with g, m, v and v̂ as of {@link Adam}, and μᵢ = β₁ (1 − ½ · 0.96^(i · momentumDecay)),
 * p ← p − lr · ((1 − μₜ) g / (1 − μ₁ ⋯ μₜ) + μₜ₊₁ m / (1 − μ₁ ⋯ μₜ₊₁)) / (√v̂ + eps) at the t-th update. (Dozat, ICLR workshop
 * 2016.)
 */
export class NAdam<Tree = VariableTree> extends MomentOptimizer<Tree> {
  readonly momentumDecay: number;
  /** μ₁ ⋯ μₜ by t, up to where 1 minus it is 1. */
  readonly #products = [1];

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: NAdamOptions = {}) {
    checkOptions('NAdam', options, [...momentOptions, 'momentumDecay']);
    const { momentumDecay = 4e-3, ...rest } = options;
    checkNonnegative('NAdam', 'momentumDecay', momentumDecay);
    super(tree, rest, { lr: 2e-3 });
    this.momentumDecay = momentumDecay;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { g, m, v } = this.updateMoments(parameter, this.addWeightDecay(parameter, grad));
    const ofGradient = this.scalar(
      parameter,
      (lr, step) => (lr * (1 - this.#mu(step + 1))) / (1 - this.#product(step + 1)),
    );
    const ofMoment = this.scalar(parameter, (lr, step) => (lr * this.#mu(step + 2)) / (1 - this.#product(step + 2)));
    const direction = g.mul(ofGradient).add(m.mul(ofMoment));
    return parameter.variable.value.sub(direction.div(this.scaleOf(parameter, v)));
  }

  /** μₜ. */
  #mu(t: number): number {
    return this.betas[0] * (1 - 0.5 * 0.96 ** (t * this.momentumDecay));
  }

  /** μ₁ ⋯ μₜ. */
  #product(t: number): number {
    const products = this.#products;
    while (products.length <= t && products.at(-1)! > 2 ** -60) {
      products.push(products.at(-1)! * this.#mu(products.length));
    }
    return products[t] ?? 0;
  }
}
