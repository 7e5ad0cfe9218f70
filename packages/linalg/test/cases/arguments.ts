// Arguments that matrices of any elements are turned into, as tensors.
import { eye, type Tensor } from '@thetagrad/core';

const identityFor = (x: Tensor): Tensor => eye(x.shape.at(-2)!, { dtype: x.dtype });

/** x · xᵀ + 1, symmetric and positive definite. */
export const positiveOf = (x: Tensor): Tensor => x.matmul(x.transpose()).add(identityFor(x));

/** x + 5, far from singular. */
export const shiftedOf = (x: Tensor): Tensor => x.add(identityFor(x).mul(5));

/** Half of x + xᵀ. */
export const symmetricOf = (x: Tensor): Tensor => x.add(x.transpose()).div(2);
