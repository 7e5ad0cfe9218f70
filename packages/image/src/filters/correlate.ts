import { conv2d, tensor, type Tensor } from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';

/** Correlates images [..., H, W] with weights along one of the last two axes. */
export function correlateAxis(x: Tensor, axis: number, weights: readonly number[]): Tensor {
  const [height, width] = x.shape.slice(-2) as [number, number];
  const planes = x.reshape([sizeOf(x.shape.slice(0, -2)), 1, height, width]);
  const shape = axis === x.ndim - 1 ? [1, 1, 1, weights.length] : [1, 1, weights.length, 1];
  const result = conv2d(planes, tensor([...weights], { dtype: x.dtype }).reshape(shape));
  return result.reshape([...x.shape.slice(0, -2), ...result.shape.slice(2)]);
}
