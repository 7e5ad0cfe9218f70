// Rows of a weight at indices, and their reductions.
import { stopGradient, zeros, type Shape, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkInteger,
  checkOptions,
  checkTensor,
  describeIndices,
  formatShape,
  HostBuffer,
  sameShape,
  unknownValue,
  unravelIndex,
} from '@thetagrad/core/backend';
import { formatPosition } from '../labels.ts';

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
  return lookUp('embedding', indices, weight, options.paddingIdx).rows;
}

export interface EmbeddingBagFunctionOptions extends EmbeddingFunctionOptions {
  /** How the rows of a bag are reduced. Default: 'mean'. */
  readonly mode?: 'sum' | 'mean' | 'max';
  /** Of the shape of the indices: factors of the rows, for the mode 'sum'. Default: none. */
  readonly perSampleWeights?: Tensor | undefined;
}

/**
 * Reductions of the rows of a weight at bags of indices: [..., N] to [..., D]. (PyTorch's `embedding_bag`.) Rows of `paddingIdx` do
 * not count, so that shorter bags are filled with it; the result for a bag without others is 0.
 * @param indices int32, each from 0 to V − 1
 * @param weight [V, D]
 * @throws {TypeError} if an operand is not a tensor, indices are not int32, or the mode is unknown.
 * @throws {RangeError} if the indices are a scalar, the weight is not [V, D], factors are given for another mode or do not have the shape
 *   of the indices, `paddingIdx` is out of range, or an index is: at once where indices are plain data, at evaluation otherwise.
 */
export function embeddingBag(indices: Tensor, weight: Tensor, options: EmbeddingBagFunctionOptions = {}): Tensor {
  checkTensor('embeddingBag', indices);
  checkTensor('embeddingBag', weight);
  checkOptions('embeddingBag', options, ['paddingIdx', 'mode', 'perSampleWeights']);
  const { mode = 'mean', perSampleWeights, paddingIdx } = options;
  if (mode !== 'sum' && mode !== 'mean' && mode !== 'max') {
    throw unknownValue('embeddingBag', 'mode', mode, "'sum', 'mean' or 'max'");
  }
  if (indices.ndim === 0) throw new RangeError('embeddingBag: indices must be [..., N], got a scalar');
  const { rows, isPadding } = lookUp('embeddingBag', indices, weight, paddingIdx);
  if (perSampleWeights !== undefined) {
    checkTensor('embeddingBag: perSampleWeights', perSampleWeights);
    if (mode !== 'sum') throw argumentError('embeddingBag', 'mode', "'sum' with perSampleWeights", mode, true);
    if (!sameShape(perSampleWeights.shape, indices.shape)) {
      throw new RangeError(
        `embeddingBag: perSampleWeights ${formatShape(perSampleWeights.shape)} must have the shape of the indices, ${formatShape(indices.shape)}`,
      );
    }
  }
  const counted = isPadding.logicalNot().expandDims(-1);
  if (mode === 'max' && indices.shape.at(-1) !== 0) {
    return counted.any(-2).where(counted.where(rows, -Infinity).max(-2), 0);
  }
  const sum = counted.where(perSampleWeights ? rows.mul(perSampleWeights.expandDims(-1)) : rows, 0).sum(-2);
  return mode === 'mean' ? sum.div(counted.sum(-2).maximum(1)) : sum;
}

/** Rows at indices, and which of them are padding; these have no gradient. */
function lookUp(
  operation: string,
  indices: Tensor,
  weight: Tensor,
  paddingIdx: number | undefined,
): { readonly rows: Tensor; readonly isPadding: Tensor } {
  if (indices.dtype !== 'int32') {
    throw new TypeError(`${operation}: indices must be int32, got ${indices.dtype}; convert with astype('int32')`);
  }
  if (weight.ndim !== 2) throw new RangeError(`${operation}: weight must be [V, D], got ${formatShape(weight.shape)}`);
  const [count] = weight.shape as [number, number];
  if (paddingIdx !== undefined) checkInteger(operation, 'paddingIdx', paddingIdx, { min: -count, max: count - 1 });
  const rows = weight.take(toRows(operation, indices, count));
  if (paddingIdx === undefined) return { rows, isPadding: zeros(indices.shape, { dtype: 'bool' }) };
  const isPadding = indices.equal(paddingIdx < 0 ? paddingIdx + count : paddingIdx);
  return { rows: isPadding.expandDims(-1).where(stopGradient(rows), rows), isPadding };
}

/** Indices whose evaluation fails on those out of range; negative ones, too. */
function toRows(operation: string, indices: Tensor, rows: number): Tensor {
  const { shape } = indices;
  if (indices.buffer instanceof HostBuffer) {
    const { values } = indices.buffer;
    const wrong = values.findIndex((index) => index < 0 || index >= rows);
    if (wrong >= 0) throw new RangeError(indexMessage(operation, values[wrong]!, wrong, shape, rows));
  }
  return describeIndices(indices.less(0).where(indices.sub(rows), indices), (index, position) =>
    indexMessage(operation, index < 0 ? index + rows : index, position, shape, rows),
  );
}

function indexMessage(operation: string, index: number, position: number, shape: Shape, rows: number): string {
  return `${operation}: index ${index}${formatPosition(unravelIndex(position, shape))} is out of range for ${rows} rows; use 0 to ${rows - 1}`;
}
