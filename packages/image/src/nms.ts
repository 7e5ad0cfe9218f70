// Selecting the best of boxes that overlap.
import { tensor, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkFraction,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  load,
} from '@thetagrad/core/backend';

/** Options of {@link nms}. */
export interface NmsOptions {
  /** Boxes of this score or a lower one are left out. Default: −Infinity. */
  readonly scoreThreshold?: number;
  /** The largest number of boxes that stay. Default: all. */
  readonly maxOutputSize?: number;
}

/**
 * Non-maximum suppression (torchvision's `nms`): the indices of the boxes that stay, the highest score first. A box goes where its
 * intersection with one that stays exceeds the fraction `iouThreshold` of their union; of equal scores, the first stays.
 * Asynchronous, as the shape depends on values, which are read.
 * @param boxes [N, 4]: x1, y1, x2, y2, with x1 ≤ x2 and y1 ≤ y2.
 * @param scores [N]. NaN comes last.
 * @returns int32 [M].
 * @throws {TypeError} if boxes or scores are not tensors, or a threshold or size is not a number.
 * @throws {RangeError} if shapes do not match, the threshold is not from 0 to 1, or the size is not an integer ≥ 0.
 * @example
 * nms(tensor([[0, 0, 4, 4], [0, 0, 4, 3], [5, 5, 6, 6]]), tensor([0.8, 0.9, 0.7]), 0.5) // tensor([1, 2], int32)
 */
export async function nms(
  boxes: Tensor,
  scores: Tensor,
  iouThreshold: number,
  options: NmsOptions = {},
): Promise<Tensor> {
  checkTensor('nms', boxes);
  checkTensor('nms', scores);
  checkFraction('nms', 'iouThreshold', iouThreshold);
  checkOptions('nms', options, ['scoreThreshold', 'maxOutputSize']);
  const { scoreThreshold = -Infinity, maxOutputSize = Number.MAX_SAFE_INTEGER } = options;
  if (typeof scoreThreshold !== 'number') throw argumentError('nms', 'scoreThreshold', 'a number', scoreThreshold);
  checkInteger('nms', 'maxOutputSize', maxOutputSize, { min: 0 });
  const [count, size] = boxes.shape;
  if (boxes.ndim !== 2 || size !== 4 || scores.ndim !== 1 || scores.size !== count) {
    const got = `${formatShape(boxes.shape)} and ${formatShape(scores.shape)}`;
    throw new RangeError(`nms: expected boxes [N, 4] and scores [N], got ${got}`);
  }
  const order = await scores.argsort(-1, { descending: true }).data();
  const values = await scores.data();
  const corners = await boxes.data();
  const kept: { readonly index: number; readonly box: Box }[] = [];
  for (const index of order) {
    if (kept.length >= maxOutputSize) break;
    if (scoreThreshold > -Infinity && !(load(values, index) > scoreThreshold)) continue;
    const cornerAt = (i: number): number => load(corners, 4 * index + i);
    const box: Box = [cornerAt(0), cornerAt(1), cornerAt(2), cornerAt(3)];
    if (!kept.some((other) => overlap(box, other.box) > iouThreshold)) kept.push({ index, box });
  }
  return tensor(Int32Array.from(kept, ({ index }) => index));
}

type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** The intersection of two boxes over their union; NaN if both are empty. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const common = Math.max(0, width) * Math.max(0, height);
  return common / (areaOf(a) + areaOf(b) - common);
}

function areaOf([x1, y1, x2, y2]: Box): number {
  return (x2 - x1) * (y2 - y1);
}
