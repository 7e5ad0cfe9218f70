import { type Tensor, zeros } from '@thetagrad/core';
import { expect, test } from 'vitest';
import * as image from '../src/index.ts';

const images = zeros([2, 4, 6, 6]);
const grid = zeros([2, 3, 3, 2]);
const notATensor = [1] as unknown as Tensor;

test.each<[() => unknown, string]>([
  // Interpolation
  [
    () => image.interpolate(notATensor, { size: 2 }),
    'TypeError: interpolate: expected a tensor, got Array; make a tensor of it with tensor(…)',
  ],
  [
    () => image.interpolate(zeros([2, 3]), { size: 2 }),
    'RangeError: interpolate: expected [N, C, L], [N, C, H, W] or [N, C, D, H, W], got [2, 3]',
  ],
  [() => image.interpolate(images, {}), 'TypeError: interpolate: give either a size or a scaleFactor'],
  [
    () => image.interpolate(images, { size: 2, scaleFactor: 2 }),
    'TypeError: interpolate: give either a size or a scaleFactor',
  ],
  [
    () => image.interpolate(images, { size: [2, 0] }),
    'RangeError: interpolate: size must be an integer ≥ 1 or an array of 2, one for each axis, got [2, 0]',
  ],
  [
    () => image.interpolate(images, { scaleFactor: [2] }),
    'RangeError: interpolate: scaleFactor must be a number > 0 or an array of 2, one for each axis, got [2]',
  ],
  [
    () => image.interpolate(images, { scaleFactor: 0.1 }),
    'RangeError: interpolate: scaleFactor must be large enough for an element of 6, got 0.1',
  ],
  [
    () => image.interpolate(images, { size: 2, mode: 'cubic' as never }),
    "TypeError: interpolate: unknown mode 'cubic'; expected 'nearest', 'nearestExact', 'linear', 'bilinear', 'trilinear', 'bicubic', 'area'",
  ],
  [
    () => image.interpolate(images, { size: 2, mode: 'linear' }),
    "RangeError: interpolate: mode 'linear' is for 1 spatial axes, but [2, 4, 6, 6] has 2; use 'bilinear'",
  ],
  [
    () => image.interpolate(images, { size: 2, alignCorners: true }),
    "RangeError: interpolate: alignCorners is for linear and cubic modes, not for 'nearest'",
  ],
  [
    () => image.interpolate(images, { size: 2, mode: 'area', antialias: true }),
    "RangeError: interpolate: antialias is for 'bilinear' and 'bicubic', not for 'area'",
  ],
  [
    () => image.interpolate(images, { size: 2, mode: 'bilinear', alignCorners: 1 as never }),
    'TypeError: interpolate: alignCorners must be true or false, got 1',
  ],
  [() => image.interpolate(zeros([1, 1, 0]), { size: 2 }), 'RangeError: interpolate: [1, 1, 0] has an empty axis'],
  [
    () => image.interpolate(images, { size: 2, align_corners: true } as never),
    "TypeError: interpolate: unknown option 'align_corners'; did you mean alignCorners?",
  ],
  // Sampling
  [() => image.gridSample(images, 1 as never), 'TypeError: gridSample: the grid must be a tensor, got 1'],
  [
    () => image.gridSample(images, zeros([2, 3, 3, 3])),
    'RangeError: gridSample: expected images [N, C, H, W] and a grid [N, H′, W′, 2], or volumes [N, C, D, H, W] and a grid [N, D′, H′, W′, 3], got [2, 4, 6, 6] and [2, 3, 3, 3]',
  ],
  [
    () => image.gridSample(images, zeros([1, 3, 3, 2])),
    'RangeError: gridSample: there are 2 images [2, 4, 6, 6], but 1 grids [1, 3, 3, 2]',
  ],
  [() => image.gridSample(zeros([2, 1, 0, 3]), grid), 'RangeError: gridSample: images [2, 1, 0, 3] have no pixels'],
  [
    () => image.gridSample(images, grid, { mode: 'linear' as never }),
    "TypeError: gridSample: unknown mode 'linear'; expected 'bilinear', 'nearest' or 'bicubic'",
  ],
  [
    () => image.gridSample(images, grid, { paddingMode: 'reflect' as never }),
    "TypeError: gridSample: unknown paddingMode 'reflect'; expected 'zeros', 'border' or 'reflection'",
  ],
  [
    () => image.gridSample(zeros([1, 1, 2, 2, 2]), zeros([1, 1, 1, 1, 3]), { mode: 'bicubic' }),
    "RangeError: gridSample: mode 'bicubic' is for images, not for volumes",
  ],
  [
    () => image.affineGrid(zeros([2, 2, 2]), [2, 1, 3, 3]),
    'RangeError: affineGrid: expected matrices [N, 2, 3] or [N, 3, 4], got [2, 2, 2]',
  ],
  [
    () => image.affineGrid(zeros([2, 2, 3]), [1, 1, 3, 3]),
    'RangeError: affineGrid: size must be the shape [2, C, H, W] of the result, with pixels, got [1, 1, 3, 3]',
  ],
  [
    () => image.affineGrid(zeros([2, 3, 4]), 3 as never),
    'TypeError: affineGrid: size must be the shape [2, C, D, H, W] of the result, with pixels, got 3',
  ],
  [() => image.rotate(zeros([3, 3]), 1), 'RangeError: rotate: expected images […, C, H, W], got [3, 3]'],
  [
    () => image.rotate(zeros([1, 1, 1, 3, 3]), 1),
    'RangeError: rotate: expected [C, H, W] or [N, C, H, W], got [1, 1, 1, 3, 3]',
  ],
  [
    () => image.rotate(images, 'left' as never),
    "TypeError: rotate: the angle must be a number of degrees or a tensor, got 'left'",
  ],
  [
    () => image.rotate(images, zeros([3])),
    'RangeError: rotate: expected one angle or [2], one for each image, got [3]',
  ],
  [
    () => image.rotate(images, 1, { center: [1, Infinity] }),
    'RangeError: rotate: center must be two finite numbers [x, y], got [1, Infinity]',
  ],
  [() => image.rotate(zeros([1, 0, 3]), 1), 'RangeError: rotate: images [1, 0, 3] have no pixels'],
  // Rearrangement and crops
  [
    () => image.pixelShuffle(images, 3),
    'RangeError: pixelShuffle: the 4 channels of [2, 4, 6, 6] are not a multiple of factor² = 9',
  ],
  [
    () => image.pixelUnshuffle(images, 4),
    'RangeError: pixelUnshuffle: the height and width of [2, 4, 6, 6] are not multiples of the factor 4',
  ],
  [() => image.pixelShuffle(images, 0), 'RangeError: pixelShuffle: factor must be an integer ≥ 1, got 0'],
  [
    () => image.channelShuffle(images, 3),
    'RangeError: channelShuffle: the 4 channels of [2, 4, 6, 6] are not a multiple of 3 groups',
  ],
  [
    () => image.crop(images, 0, 5, 2, 2),
    'RangeError: crop: rows 0 to 2 and columns 5 to 7 are not within [2, 4, 6, 6]; pad the images first',
  ],
  [() => image.crop(images, -1, 0, 2, 2), 'RangeError: crop: top must be an integer ≥ 0, got -1'],
  [
    () => image.centerCrop(images, [1, 2, 3] as never),
    'RangeError: centerCrop: size must be an integer ≥ 0 or a pair of them, got [1, 2, 3]',
  ],
  // Filters, morphology and colors
  [
    () => image.gaussianBlur(images, { kernelSize: 4 }),
    'RangeError: gaussianBlur: kernelSize must be an odd integer ≥ 1 or a pair of them, got 4',
  ],
  [
    () => image.gaussianBlur(images, { kernelSize: 3, sigma: 0 }),
    'RangeError: gaussianBlur: sigma must be a number > 0 or a pair of them, got 0',
  ],
  [
    () => image.gaussianBlur(images, { kernelSize: 13 }),
    'RangeError: gaussianBlur: a filter that reaches 6 pixels beyond the edge is too large for [2, 4, 6, 6]',
  ],
  [
    () => image.medianFilter(images, '3' as never),
    "TypeError: medianFilter: kernelSize must be an odd integer ≥ 1 or a pair of them, got '3'",
  ],
  [() => image.sobel(images, 1), 'RangeError: sobel: axis 1 must be one of the last two, −1 or −2'],
  [() => image.sobel(zeros([3])), 'RangeError: sobel: expected images […, H, W], got [3]'],
  [
    () => image.dilation(images, 0),
    'RangeError: dilation: the element must be one or two integers ≥ 1, rows of booleans of one length, or a tensor of heights, got 0',
  ],
  [
    () => image.opening(images, [[true], [true, false]]),
    'TypeError: opening: the element must be one or two integers ≥ 1, rows of booleans of one length, or a tensor of heights, got [[true], [true, false]]',
  ],
  [() => image.erosion(images, zeros([3])), 'RangeError: erosion: expected heights [height, width], got [3]'],
  [
    () => image.rgbToHsv(images),
    'RangeError: rgbToHsv: expected images […, 3, H, W] of red, green and blue, got [2, 4, 6, 6]',
  ],
])('%#', (call, message) => {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(String(thrown)).toBe(message);
});
