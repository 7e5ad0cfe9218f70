import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { argumentError, checkNonnegative } from '@thetagrad/core/backend';
import { Optimizer, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface MomentOptions extends Partial<OptimizerOptions> {
  /** Decay rates of the first and second moment of the gradient. Default: 0.9 and 0.999. */
  readonly betas?: readonly [first: number, second: number];
  /** Added to the root of the second moment. Default: 1e-8. */
  readonly eps?: number;
}

/** The names of {@link MomentOptions}. */
export const momentOptions = ['lr', 'weightDecay', 'groups', 'maximize', 'betas', 'eps'] as const;

/** Options that have defaults of their own in each optimizer. */
interface MomentDefaults {
  readonly lr: number;
  readonly eps?: number;
  readonly weightDecay?: number;
}

/** Base of optimizers with running averages of the gradient and of its square. */
export abstract class MomentOptimizer<Tree = VariableTree> extends Optimizer<Tree> {
  readonly betas: readonly [first: number, second: number];
  readonly eps: number;

  /**
   * @param extraState names of values kept besides the moments. Default: none.
   * @throws {RangeError} if an option is out of range, or as {@link Optimizer}.
   */
  constructor(
    tree: Tree & VariableTreeOf<Tree>,
    options: MomentOptions,
    defaults: MomentDefaults,
    extraState: readonly string[] = [],
  ) {
    const operation = new.target.name;
    const { lr = defaults.lr, weightDecay = defaults.weightDecay ?? 0, ...rest } = options;
    const { betas = [0.9, 0.999], eps = defaults.eps ?? 1e-8, ...others } = rest;
    checkBetas(operation, betas);
    checkNonnegative(operation, 'eps', eps);
    super(tree, { lr, weightDecay, ...others }, ['firstMoment', 'secondMoment', ...extraState]);
    this.betas = betas;
    this.eps = eps;
  }

  /** Updates the moments of a variable, m ← β₁ m + (1 − β₁) g and v ← β₂ v + (1 − β₂) g², and returns g, m and v. */
  protected updateMoments({ name }: TrainedParameter, gradient: Tensor): { g: Tensor; m: Tensor; v: Tensor } {
    const [beta1, beta2] = this.betas;
    const g = boundSquare(gradient);
    const [first, second] = [this.state('firstMoment', name), this.state('secondMoment', name)];
    const m = first.value.mul(beta1).add(g.mul(1 - beta1));
    const v = second.value.mul(beta2).add(g.square().mul(1 - beta2));
    first.assign(m);
    second.assign(v);
    return { g, m, v };
  }

  /** √v̂ + eps, where v̂ = v / (1 − β₂ᵗ) at the t-th update. */
  protected scaleOf(parameter: TrainedParameter, v: Tensor): Tensor {
    const beta2 = this.betas[1];
    const correction = this.scalar(parameter, (_lr, step) => 1 / Math.sqrt(1 - beta2 ** (step + 1)));
    return v.sqrt().mul(correction).add(this.eps);
  }
}

/** @throws {TypeError | RangeError} if the decay rates are not two numbers in [0, 1). */
export function checkBetas(operation: string, betas: readonly [number, number]): void {
  const areNumbers = Array.isArray(betas) && betas.every((beta) => typeof beta === 'number');
  if (areNumbers && betas.length === 2 && betas.every((beta) => beta >= 0 && beta < 1)) return;
  throw argumentError(operation, 'betas', 'two numbers in [0, 1)', betas, areNumbers);
}

/** Bounds the elements of a gradient by ±2⁶³ (±2⁵¹¹ in float64), so that their squares are in range. */
export function boundSquare(gradient: Tensor): Tensor {
  const limit = gradient.dtype === 'float64' ? 2 ** 511 : 2 ** 63;
  return gradient.clip(-limit, limit);
}
