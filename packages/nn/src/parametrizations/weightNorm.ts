import type { Tensor } from '@thetagrad/core';
import { checkInteger, checkOptions, normalizeAxis } from '@thetagrad/core/backend';
import type { AnyModule } from '../module.ts';
import { Parametrization, type Parametrized, registerParametrization } from './parametrized.ts';

/** Options of {@link weightNorm}. */
export interface WeightNormOptions {
  /** The variable. Default: 'weight'. */
  readonly name?: string;
  /** The axis along which each slice has a length, or `null` for one length of all. Default: 0. */
  readonly axis?: number | null;
}

/** original0 · original1 / ‖original1‖, with norms over all axes but one, or over all. */
class WeightNorm extends Parametrization {
  readonly axis: number | null;

  constructor(axis: number | null) {
    super();
    this.axis = axis;
  }

  override forward(lengths: Tensor, directions: Tensor): Tensor {
    return directions.mul(lengths.div(this.#norm(directions)));
  }

  override rightInverse(value: Tensor): readonly Tensor[] {
    return [this.#norm(value), value];
  }

  #norm(x: Tensor): Tensor {
    if (this.axis === null) return x.norm();
    const kept = normalizeAxis('weightNorm', this.axis, x.ndim);
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== kept);
    return axes.length === 0 ? x.abs() : x.norm(axes, { keepdims: true });
  }
}

/**
 * Separates the lengths of the slices of a weight from their directions (PyTorch's `parametrizations.weight_norm`): the weight is
 * original0 · original1 / ‖original1‖. (Salimans and Kingma, NeurIPS 2016, equation 2.)
 * @throws {RangeError} if the module has no such variable, or the axis is out of range.
 * @example
 * weightNorm(new Linear(2, 3)).variables()['parametrizations.weight.original0'].shape; // [3, 1]
 */
export function weightNorm<M extends AnyModule>(
  module: M | Parametrized<M>,
  options: WeightNormOptions = {},
): Parametrized<M> {
  checkOptions('weightNorm', options, ['name', 'axis']);
  const { name = 'weight', axis = 0 } = options;
  if (axis !== null) checkInteger('weightNorm', 'axis', axis);
  return registerParametrization(module, name, new WeightNorm(axis));
}
