import type { Shape } from '@thetagrad/core/backend';
import type { Command, Features } from '../../command.ts';
import { clamp, evenPartSize } from '../../emit/units.ts';
import type { Convolution } from '../convolution/geometry.ts';
import { forwardCommands } from './forward.ts';
import { gradientCommands } from './gradient.ts';
import { panelWidthFor } from './layout.ts';
import { countBlocks, countPaddedTiles, tileGrid } from './tiles.ts';
import { points } from './transforms.ts';

/**
 * The commands of a float32 convolution by Winograd's minimal filtering F(4×4, 3×3), with a quarter of the direct
 * form's products: for 3×3 filters without stride and dilation, and for 3×3 outputs of filters as large as the input,
 * the form of the gradient of such filters. `undefined` where that does not apply or the direct form is faster.
 *
 * Errors exceed the direct form's, which are at most 2e-6 of the outputs' standard deviation. Measured over all
 * outputs, the largest are 9e-6 for 64 channels and 2.2e-5 for 512, their root mean square 9e-7 and 2e-6; for gradients
 * 1.1e-5 and 9e-7. An infinity or NaN in the input can make NaN of all outputs of the 4×4 tiles that depend on it.
 */
export function winogradCommands(convolution: Convolution, features: Features): Command[] | undefined {
  const { stride, inputDilation, filterDilation, shape, filter, input, groups } = convolution;
  const isPlain = [...stride, ...inputDilation, ...filterDilation].every((step) => step === 1);
  const isEmpty = [...shape, ...input.view.shape, ...filter.view.shape].includes(0);
  if (!isPlain || isEmpty) return undefined;
  const is3x3 = ([, , height, width]: Shape): boolean => height === 3 && width === 3;
  if (is3x3(filter.view.shape)) return planForward(convolution, features);
  return is3x3(shape) && groups === 1 ? planGradient(convolution, features) : undefined;
}

/** Outputs are planned for in multiples of this, for any panel width: the plan decides how results are rounded. */
const outputsMultiple = 8;

/** With fewer chunks, work is cut into smaller pieces, so that all threads have some. */
const enoughChunks = 16;

function planForward(convolution: Convolution, features: Features): Command[] | undefined {
  const { shape, filter, groups } = convolution;
  const [images, outputs, height, width] = shape as [number, number, number, number];
  const channels = filter.view.shape[1]!;
  const perGroup = outputsMultiple * Math.ceil(outputs / groups / outputsMultiple);
  const tiles = images * Math.ceil(height / 4) * Math.ceil(width / 4);
  // The transformed filter is read once for each block, so blocks may be small only if it stays in cache; the patches
  // of a block should, too.
  const minTiles = channels * perGroup <= 1 << 13 ? 16 : 32;
  const wanted = clamp(tiles / enoughChunks, minTiles, 32);
  const grid = tileGrid(images, outputs, height, width, Math.min(wanted, Math.max(8, (1 << 14) / channels)));
  const countParts = (blocks: number, minOutputs: number): number =>
    clamp(Math.ceil(enoughChunks / (blocks * groups)), 1, Math.ceil(perGroup / minOutputs));
  const parts = countParts(countBlocks(grid), 64);

  const padded = countPaddedTiles(grid);
  const products = points * padded * channels * perGroup;
  const transforms = cost.tile * padded * (parts * channels + perGroup) + cost.filter * channels * perGroup;
  const direct = directCost(9 * images * height * width, channels, outputs / groups);
  if (products + transforms > worthwhile * direct) return undefined;
  const panels = Math.ceil(outputs / groups / panelWidthFor(features));
  if (parts === 1) return forwardCommands(convolution, grid, panels, features);
  // All parts share their patches, and blocks may be as large as fills the cache with the patches of a single point.
  const sharedGrid = tileGrid(images, outputs, height, width, 64);
  const sharing = countParts(countBlocks(sharedGrid), 32);
  return forwardCommands(convolution, sharedGrid, Math.ceil(panels / sharing), features);
}

function planGradient(convolution: Convolution, features: Features): Command[] | undefined {
  const { shape, filter } = convolution;
  const [channels, outputs] = shape as [number, number];
  const [, images, height, width] = filter.view.shape as [number, number, number, number];
  const grid = tileGrid(images, 1, height, width, 64);
  const largeParts = countBlocks(grid) * Math.ceil(channels / 64) * Math.ceil(outputs / 64);
  const part = largeParts < enoughChunks / 2 ? 32 : 64;
  const channelsInPart = evenPartSize(channels, part, 4);
  const outputsInPart = evenPartSize(outputs, part, outputsMultiple);
  const channelParts = Math.ceil(channels / channelsInPart);
  const outputParts = Math.ceil(outputs / outputsInPart);
  const slices = clamp(Math.round((2 * enoughChunks) / (channelParts * outputParts)), 1, countBlocks(grid));

  const tiles = countPaddedTiles(grid);
  const rows = 4 * Math.ceil(channels / 4);
  const columns = outputsMultiple * Math.ceil(outputs / outputsMultiple);
  const products = points * tiles * rows * columns;
  const transforms = cost.tile * tiles * (outputParts * rows + channelParts * columns);
  const sumTransforms = cost.sum * slices * rows * columns;
  const positions = images * height * width;
  const direct = directCost(9 * positions, channels, outputs) + cost.packed * positions * outputs;
  if (products + transforms + sumTransforms > worthwhile * direct) return undefined;
  return gradientCommands(convolution, grid, { channelsInPart, outputsInPart, slices }, features);
}

/**
 * Costs in multiply-adds, measured on one thread: of a 4×4 tile's transform for each channel and each output, of a 3×3
 * filter's transform, of its inverse (including the sum), and of the direct form's packing of an element of large
 * filters.
 */
const cost = { tile: 250, filter: 170, sum: 460, packed: 7 } as const;

/** The maximum cost, as a fraction of the direct form's, that justifies larger errors. */
const worthwhile = 0.85;

/** The cost of the direct form: elements of patches are gathered, then multiplied for outputs in fours. */
function directCost(patchElements: number, channels: number, outputs: number): number {
  return patchElements * channels * (4 * Math.ceil(outputs / 4) + 3);
}
