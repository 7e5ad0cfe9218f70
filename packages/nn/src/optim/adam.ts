import { checkBoolean, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { MomentOptimizer, type MomentOptions, momentOptions } from './moments.ts';
import type { OptimizerOptions, TrainedParameter } from './optimizer.ts';

export interface AdamOptions extends MomentOptions {
  /** Default: 0.001. */
  readonly lr?: OptimizerOptions['lr'];
  /** Whether the largest second moment so far takes the place of the last one (Reddi et al., ICLR 2018). Default: false. */
  readonly amsgrad?: boolean;
}

const optionNames = [...momentOptions, 'amsgrad'] as const;

/**
 * Adam by PyTorch's rule: with g = gradient + weightDecay · p, m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², and
 * p ← p − lr · m̂ / (√v̂ + eps), where m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) at the t-th update.
 * (Kingma and Ba, ICLR 2015, algorithm 1.) An element of g beyond ±2⁶³ (±2⁵¹¹ in float64) counts as that, so that its square
 * is in range.
 */
export class Adam<Tree = VariableTree> extends MomentOptimizer<Tree> {
  readonly amsgrad: boolean;

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AdamOptions = {}) {
    const operation = new.target.name;
    checkOptions(operation, options, optionNames);
    const { amsgrad = false, ...rest } = options;
    checkBoolean(operation, 'amsgrad', amsgrad);
    super(tree, rest, { lr: 1e-3 }, amsgrad ? ['maxSecondMoment'] : []);
    this.amsgrad = amsgrad;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    return this.applyAdam(parameter, parameter.variable.value, this.addWeightDecay(parameter, grad));
  }

  /** Adam's step from p; assigns the moments. */
  protected applyAdam(parameter: TrainedParameter, p: Tensor, gradient: Tensor): Tensor {
    const [beta1] = this.betas;
    const { m, v } = this.updateMoments(parameter, gradient);
    const scale = this.scaleOf(parameter, this.amsgrad ? this.#largest(parameter, v) : v);
    return p.sub(m.div(scale).mul(this.scalar(parameter, (lr, step) => lr / (1 - beta1 ** (step + 1)))));
  }

  /** Updates the largest second moment. */
  #largest({ name }: TrainedParameter, v: Tensor): Tensor {
    const state = this.state('maxSecondMoment', name);
    const largest = state.value.maximum(v);
    state.assign(largest);
    return largest;
  }
}

/**
 * Adam with decoupled weight decay by PyTorch's rule: p is first multiplied by 1 − lr · weightDecay, and the decay does
 * not enter the moments. (Loshchilov and Hutter, ICLR 2019, algorithm 2.)
 */
export class AdamW<Tree = VariableTree> extends Adam<Tree> {
  /**
   * @param options as of {@link Adam}, but `weightDecay` has the default 0.01
   * @throws {RangeError} as {@link Adam}.
   */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AdamOptions = {}) {
    checkOptions(new.target.name, options, optionNames);
    super(tree, { weightDecay: 0.01, ...options });
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const p = parameter.variable.value;
    const { weightDecay } = parameter;
    const decayed = weightDecay === 0 ? p : p.mul(this.scalar(parameter, (lr) => 1 - lr * weightDecay));
    return this.applyAdam(parameter, decayed, grad);
  }
}
