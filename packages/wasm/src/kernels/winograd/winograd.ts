import type { Command } from '../../command.ts';
import type { ConvolutionDescription } from '../convolution/geometry.ts';
import { evenly } from '../../emit/units.ts';
import { forwardCommands } from './forward.ts';
import { gradientCommands } from './gradient.ts';
import { panelWidth } from './filter.ts';
import { blocksOf, paddedTiles, tileGrid } from './tiles.ts';
import { points } from './transforms.ts';

/**
 * The commands of a float32 convolution by Winograd's minimal filtering F(4×4, 3×3), with a quarter of the direct form's
 * products: for kernels of 3×3 without stride and dilation, and for outputs of 3×3 of kernels as large as the images, which
 * is how the gradient for such kernels arrives. Undefined where that does not apply or the direct form is faster.
 *
 * Errors are larger than the direct form's, which are 2e-6 of the outputs' standard deviation at most. Measured over all
 * outputs, the largest are 9e-6 for 64 channels and 2.2e-5 for 512, their root mean square 9e-7 and 2e-6; for gradients
 * 1.1e-5 and 9e-7. An infinity or NaN in an image can make NaN of all outputs of those 4×4 tiles in which some output meets
 * it, also of the outputs that do not.
 */
export function winogradCommands(description: ConvolutionDescription): Command[] | undefined {
  const { stride, inputDilation, filterDilation, shape, kernels, images, groups } = description;
  const isPlain = [...stride, ...inputDilation, ...filterDilation].every((step) => step === 1);
  const isEmpty = [...shape, ...images.view.shape, ...kernels.view.shape].includes(0);
  if (!isPlain || isEmpty) return undefined;
  const isSmall = ([, , height, width]: readonly number[]): boolean => height === 3 && width === 3;
  if (isSmall(kernels.view.shape)) return forward(description);
  return isSmall(shape) && groups === 1 ? gradient(description) : undefined;
}

/** With fewer chunks than this, work is cut into smaller pieces, so that all threads have some. */
const fewChunks = 16;

function forward(description: ConvolutionDescription): Command[] | undefined {
  const { shape, kernels, groups } = description;
  const [images, outputs, height, width] = shape as [number, number, number, number];
  const channels = kernels.view.shape[1]!;
  const panels = Math.ceil(outputs / groups / panelWidth);
  const tiles = images * Math.ceil(height / 4) * Math.ceil(width / 4);
  // Transformed kernels are read once for each block, so blocks may be small only where these stay in cache; the patches of
  // a block should, too.
  const least = channels * panels <= 1 << 10 ? 16 : 32;
  const wanted = clamp(tiles / fewChunks, least, 32);
  const grid = tileGrid(images, outputs, height, width, Math.min(wanted, Math.max(8, (1 << 14) / channels)));
  const parts = clamp(Math.ceil(fewChunks / (blocksOf(grid) * groups)), 1, Math.ceil(panels / 8));

  const padded = paddedTiles(grid);
  const perGroup = panelWidth * panels;
  const products = points * padded * channels * perGroup;
  const transforms = cost.tile * padded * (parts * channels + perGroup) + cost.kernel * channels * perGroup;
  const direct = directCost(9 * images * height * width, channels, outputs / groups);
  if (products + transforms > worthwhile * direct) return undefined;
  return forwardCommands(description, grid, Math.ceil(panels / parts));
}

function gradient(description: ConvolutionDescription): Command[] | undefined {
  const { shape, kernels } = description;
  const [channels, outputs] = shape as [number, number];
  const [, images, height, width] = kernels.view.shape as [number, number, number, number];
  const grid = tileGrid(images, 1, height, width, 64);
  const largeParts = blocksOf(grid) * Math.ceil(channels / 64) * Math.ceil(outputs / 64);
  const part = largeParts < fewChunks / 2 ? 32 : 64;
  const channelsInPart = evenly(channels, part, 4);
  const outputsInPart = evenly(outputs, part, panelWidth);
  const channelParts = Math.ceil(channels / channelsInPart);
  const outputParts = Math.ceil(outputs / outputsInPart);
  const slices = clamp(Math.round((2 * fewChunks) / (channelParts * outputParts)), 1, blocksOf(grid));

  const tiles = paddedTiles(grid);
  const rows = 4 * Math.ceil(channels / 4);
  const columns = panelWidth * Math.ceil(outputs / panelWidth);
  const products = points * tiles * rows * columns;
  const transforms = cost.tile * tiles * (outputParts * rows + channelParts * columns);
  const kernelTransforms = cost.sum * slices * rows * columns;
  const positions = images * height * width;
  const direct = directCost(9 * positions, channels, outputs) + cost.packed * positions * outputs;
  if (products + transforms + kernelTransforms > worthwhile * direct) return undefined;
  return gradientCommands(description, grid, { channelsInPart, outputsInPart, slices });
}

/**
 * Costs in multiply-adds, each taken from measurements on one thread: of a 4×4 tile's transform for each channel and each
 * output, of a kernel's transform there and back (with what each sum costs besides), and of the direct form's packing of an
 * element of large kernels.
 */
const cost = { tile: 250, kernel: 170, sum: 460, packed: 7 } as const;

/** The largest part of the direct form's cost for which its smaller errors are given up. */
const worthwhile = 0.85;

/** The direct form's: elements of patches are gathered, then multiplied for outputs in fours. */
function directCost(patchElements: number, channels: number, outputs: number): number {
  return patchElements * channels * (4 * Math.ceil(outputs / 4) + 3);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
