// Layers of weights as functions of tensors.
import { stopGradient, Tensor, type Shape } from '@thetagrad/core';
import {
  argumentError,
  checkInteger,
  checkOptions,
  checkTensor,
  describeIndices,
  formatShape,
  HostBuffer,
  sameShape,
} from '@thetagrad/core/backend';
import { formatPosition, unravel } from '../labels.ts';

export interface LinearFunctionOptions {
  /** [out], or a scalar for a weight [in], added to the result. Default: none. */
  readonly bias?: Tensor | undefined;
}

/**
 * x · weightᵀ + bias: [..., in] to [..., out].
 * @param weight [out, in], or [in] for a result without the last axis
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if the shapes do not fit.
 */
export function linear(x: Tensor, weight: Tensor, options: LinearFunctionOptions = {}): Tensor {
  checkTensor('linear', x);
  checkTensor('linear', weight);
  checkOptions('linear', options, ['bias']);
  const { bias } = options;
  if (weight.ndim !== 1 && weight.ndim !== 2) {
    throw new RangeError(`linear: weight must be [out, in] or [in], got ${formatShape(weight.shape)}`);
  }
  if (x.ndim === 0 || x.shape.at(-1) !== weight.shape.at(-1)) {
    throw new RangeError(
      `linear: the last axis of the input ${formatShape(x.shape)} must have ${weight.shape.at(-1)} elements, as the weight ${formatShape(weight.shape)}`,
    );
  }
  const product = weight.ndim === 2 ? x.matmul(weight.transpose()) : x.matmul(weight);
  if (bias === undefined) return product;
  if (!(bias instanceof Tensor)) throw argumentError('linear', 'bias', 'a tensor', bias, false);
  const expected = weight.shape.slice(0, -1);
  if (!sameShape(bias.shape, expected)) {
    throw new RangeError(`linear: bias must be ${formatShape(expected)}, got ${formatShape(bias.shape)}`);
  }
  return product.add(bias);
}

export interface EmbeddingFunctionOptions {
  /** The row that padding stands for, which has no gradient; negative ones count from the end. Default: none. */
  readonly paddingIdx?: number | undefined;
}

/**
 * Rows of a weight at indices: [...] to [..., D]. (PyTorch's `embedding`.)
 * @param indices int32, each from 0 to V − 1
 * @param weight [V, D]
 * @throws {TypeError} if an operand is not a tensor, or indices are not int32.
 * @throws {RangeError} if the weight is not [V, D], `paddingIdx` is out of range, or an index is: at once where indices are plain data,
 *   at evaluation otherwise.
 */
export function embedding(indices: Tensor, weight: Tensor, options: EmbeddingFunctionOptions = {}): Tensor {
  checkTensor('embedding', indices);
  checkTensor('embedding', weight);
  checkOptions('embedding', options, ['paddingIdx']);
  if (indices.dtype !== 'int32') {
    throw new TypeError(`embedding: indices must be int32, got ${indices.dtype}; convert with astype('int32')`);
  }
  if (weight.ndim !== 2) throw new RangeError(`embedding: weight must be [V, D], got ${formatShape(weight.shape)}`);
  const rows = weight.shape[0]!;
  const { paddingIdx } = options;
  if (paddingIdx !== undefined) checkInteger('embedding', 'paddingIdx', paddingIdx, { min: -rows, max: rows - 1 });
  const result = weight.take(toRows(indices, rows));
  if (paddingIdx === undefined) return result;
  const isPadding = indices.equal(paddingIdx < 0 ? paddingIdx + rows : paddingIdx);
  return isPadding.expandDims(-1).where(stopGradient(result), result);
}

/** Indices whose evaluation fails on those out of range; negative ones, too. */
function toRows(indices: Tensor, rows: number): Tensor {
  const { shape } = indices;
  if (indices.buffer instanceof HostBuffer) {
    const { values } = indices.buffer;
    const wrong = values.findIndex((index) => index < 0 || index >= rows);
    if (wrong >= 0) throw new RangeError(indexMessage(values[wrong]!, wrong, shape, rows));
  }
  return describeIndices(indices.less(0).where(indices.sub(rows), indices), (index, position) =>
    indexMessage(index < 0 ? index + rows : index, position, shape, rows),
  );
}

function indexMessage(index: number, position: number, shape: Shape, rows: number): string {
  return `embedding: index ${index}${formatPosition(unravel(position, shape))} is out of range for ${rows} rows; use 0 to ${rows - 1}`;
}
