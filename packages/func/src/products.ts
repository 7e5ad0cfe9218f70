// Cotangents of matrices that each step of a loop multiplies by: a sum of products, which is one product of taller matrices.
import { type DType, type Tensor, zeros } from '@thetagrad/core';
import { at, last, Matmul, sizeOf } from '@thetagrad/core/backend';
import type { Subgraph } from './subgraph.ts';

/** Whether the cotangent of a constant is a product in each step, with factors that have fewer elements than it. */
export function hasProductCotangent(step: Subgraph, constant: Tensor, dtype: DType): boolean {
  const use = step.soleUseOf(constant);
  if (use?.primitive !== Matmul || use.inputs[1] !== constant || use.ndim !== 2 || use.dtype !== dtype) return false;
  const [m, n] = constant.shape as [number, number];
  return at(use.shape, 0) * (m + n) < m * n;
}

/** The factors of a product of matrices, leftᵀ · right; of zeros, where no gradient flows to the constant. */
export function factorsOf({ primitive, inputs, shape, dtype }: Tensor): [left: Tensor, right: Tensor] {
  if (primitive !== Matmul) return [zeros([1, at(shape, 0)], { dtype }), zeros([1, last(shape)], { dtype })];
  const [left, right] = inputs as [Tensor, Tensor];
  return [left.transpose(), right];
}

/** The sum of leftᵀ · right over steps, axis 0. */
export function sumProducts(left: Tensor, right: Tensor): Tensor {
  const [rows, columns] = [left, right].map((x) => x.reshape([sizeOf(x.shape.slice(0, 2)), last(x.shape)])) as [
    Tensor,
    Tensor,
  ];
  return rows.transpose().matmul(columns);
}
