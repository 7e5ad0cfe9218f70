import type { Tensor, Variable } from '@thetagrad/core';
import { checkInteger, checkOptions, checkTensor, formatShape } from '@thetagrad/core/backend';
import { Module } from '../module.ts';
import { affineOptions, type AffineOptions, createAffineVariables } from './affine.ts';

export type LinearOptions = AffineOptions;

/** x · weightᵀ + bias: [..., inFeatures] to [..., outFeatures]. */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Variable;
  /** [outFeatures] */
  readonly bias: Variable | undefined;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkOptions('Linear', options, affineOptions);
    checkInteger('Linear', 'inFeatures', inFeatures, { min: 1 });
    checkInteger('Linear', 'outFeatures', outFeatures, { min: 1 });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    ({ weight: this.weight, bias: this.bias } = createAffineVariables('Linear', [outFeatures, inFeatures], options));
  }

  /** @throws {RangeError} if the last axis of x does not have `inFeatures` elements. */
  override forward(x: Tensor): Tensor {
    checkTensor('Linear', x);
    if (x.ndim === 0 || x.shape.at(-1) !== this.inFeatures) {
      throw new RangeError(
        `Linear: the last axis of the input ${formatShape(x.shape)} must have ${this.inFeatures} elements`,
      );
    }
    const product = x.matmul(this.weight.value.transpose());
    return this.bias ? product.add(this.bias.value) : product;
  }
}
