import type { Tensor, Variable } from '@thetagrad/core';
import { Module } from '../module.ts';
import { affineVariables, type AffineOptions, checkCount } from './affine.ts';

export type LinearOptions = AffineOptions;

/** x · weightᵀ + bias: [..., inFeatures] to [..., outFeatures]. */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Variable;
  /** [outFeatures] */
  readonly bias: Variable | undefined;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkCount('Linear', 'inFeatures', inFeatures);
    checkCount('Linear', 'outFeatures', outFeatures);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    ({ weight: this.weight, bias: this.bias } = affineVariables('Linear', [outFeatures, inFeatures], options));
  }

  /** @throws {RangeError} if the last axis of x is not `inFeatures` long. */
  override forward(x: Tensor): Tensor {
    if (x.ndim === 0 || x.shape.at(-1) !== this.inFeatures) {
      throw new RangeError(
        `Linear: the last axis of the input [${x.shape.join(', ')}] must have ${this.inFeatures} elements`,
      );
    }
    const product = x.matmul(this.weight.value.transpose());
    return this.bias ? product.add(this.bias.value) : product;
  }
}
