// Operations that move pixels between channels and space.
import type { Tensor } from '@thetagrad/core';
import { checkInteger, formatShape } from '@thetagrad/core/backend';
import { checkImages } from './checks.ts';

type Axes3 = [number, number, number];

/**
 * Makes blocks of factor × factor pixels of channels (PyTorch's `pixel_shuffle`; Shi et al. 2016, section 3.2): images
 * [..., C·factor², H, W] become [..., C, H·factor, W·factor]. The dtype stays.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer than three axes, or the channels are not a multiple of factor².
 * @example
 * pixelShuffle(tensor([[[1]], [[2]], [[3]], [[4]]]), 2); // tensor([[[1, 2], [3, 4]]])
 */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  checkImages('pixelShuffle', x, 3);
  checkInteger('pixelShuffle', 'factor', factor, { min: 1 });
  const lead = x.shape.slice(0, -3);
  const [channels, height, width] = x.shape.slice(-3) as Axes3;
  if (channels % factor ** 2 !== 0) {
    throw new RangeError(
      `pixelShuffle: the ${channels} channels of ${formatShape(x.shape)} are not a multiple of factor² = ${factor ** 2}`,
    );
  }
  const outputs = channels / factor ** 2;
  return x
    .reshape([...lead, outputs, factor, factor, height, width])
    .permute([...lead.keys(), ...[0, 3, 1, 4, 2].map((axis) => lead.length + axis)])
    .reshape([...lead, outputs, height * factor, width * factor]);
}

/**
 * Makes channels of blocks of factor × factor pixels, the inverse of {@link pixelShuffle} (PyTorch's `pixel_unshuffle`): images
 * [..., C, H·factor, W·factor] become [..., C·factor², H, W]. The dtype stays.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer than three axes, or height or width are not a multiple of the factor.
 * @example
 * pixelUnshuffle(tensor([[[1, 2], [3, 4]]]), 2); // tensor([[[1]], [[2]], [[3]], [[4]]])
 */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  checkImages('pixelUnshuffle', x, 3);
  checkInteger('pixelUnshuffle', 'factor', factor, { min: 1 });
  const lead = x.shape.slice(0, -3);
  const [channels, height, width] = x.shape.slice(-3) as Axes3;
  if (height % factor !== 0 || width % factor !== 0) {
    throw new RangeError(
      `pixelUnshuffle: the height and width of ${formatShape(x.shape)} are not multiples of the factor ${factor}`,
    );
  }
  return x
    .reshape([...lead, channels, height / factor, factor, width / factor, factor])
    .permute([...lead.keys(), ...[0, 2, 4, 1, 3].map((axis) => lead.length + axis)])
    .reshape([...lead, channels * factor ** 2, height / factor, width / factor]);
}

/**
 * Interleaves groups of channels (PyTorch's `channel_shuffle`; Zhang et al. 2018, section 3.1): of [N, C, …] with C = groups · n,
 * the result has the first channel of each group, then the second of each, and so on. The dtype stays.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer than two axes, or the channels are not a multiple of `groups`.
 * @example
 * channelShuffle(tensor([[1, 2, 3, 4]]), 2); // tensor([[1, 3, 2, 4]])
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  checkImages('channelShuffle', x, 2);
  checkInteger('channelShuffle', 'groups', groups, { min: 1 });
  const [batch, channels, ...rest] = x.shape as [number, number, ...number[]];
  if (channels % groups !== 0) {
    throw new RangeError(
      `channelShuffle: the ${channels} channels of ${formatShape(x.shape)} are not a multiple of ${groups} groups`,
    );
  }
  return x
    .reshape([batch, groups, channels / groups, ...rest])
    .transpose(1, 2)
    .reshape(x.shape);
}
