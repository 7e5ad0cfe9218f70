import type { Command, Features, Temporary } from '../../command.ts';
import { depthwiseCommand } from './depthwise.ts';
import { dotsCommand } from './dots.ts';
import { coordinates, phasesOf, sizeOf, type ConvolutionDescription, type Phase } from './geometry.ts';
import { padCommand } from './pad.ts';
import { productCommands } from './product.ts';
import { zeroCommand } from '../move/zero.ts';
import { tailCommand } from '../../emit/epilogue.ts';

export type { ConvolutionDescription } from './geometry.ts';

/**
 * The commands of a float32 convolution: kernels are packed, and each chunk multiplies them with patches that it gathers
 * panel by panel. Where many terms meet few outputs, as in the gradient for the kernels, the terms are cut into slices
 * whose sums are added in a fixed order. With one channel a group, patches would be used only once: then rows are summed
 * in place.
 */
export function convolutionCommands(description: ConvolutionDescription, features: Features): Command[] {
  const { kernels, shape, tail, output, groups } = description;
  check(description);
  const size = sizeOf(shape);
  if (size === 0) return [];
  const ys = phasesOf(description, 0);
  const xs = phasesOf(description, 1);
  const channels = kernels.view.shape[1]!;
  const phases = ys.flatMap((y) => xs.map((x) => [y, x] as const)).filter(([y, x]) => channels * y.taps * x.taps > 0);

  const commands: Command[] = [];
  if (phases.length < ys.length * xs.length) commands.push(zeroCommand({ place: output, byteOffset: 0 }, size));
  const images = phases.length > 0 ? padded(description, ys, xs, commands) : description.images;
  const isDepthwise = channels === 1 && groups > 1;
  const sized = { ...description, images };
  const inPlace = phases.map(([y, x]) => (isDepthwise ? depthwiseCommand(sized, y, x) : dotsCommand(sized, y, x)));
  // Only a product for all outputs at once has their final values in hand.
  const takesTail = ys.length * xs.length === 1 && phases.length === 1 && !inPlace[0];
  phases.forEach(([y, x], i) => {
    if (inPlace[i]) commands.push(inPlace[i]);
    else commands.push(...productCommands(sized, y, x, takesTail ? tail : undefined, features));
  });
  if (tail && !takesTail) commands.push(tailCommand(tail, size));
  return commands;
}

/** The images if all coordinates that the phases use are inside, and rows contiguous; otherwise a padded copy. */
function padded(
  description: ConvolutionDescription,
  ys: readonly Phase[],
  xs: readonly Phase[],
  commands: Command[],
): ConvolutionDescription['images'] {
  const { images } = description;
  const [count, channels, height, width] = images.view.shape as [number, number, number, number];
  const rows = coordinates(ys);
  const columns = coordinates(xs);
  const isInside = rows[0] >= 0 && rows[1] <= height && columns[0] >= 0 && columns[1] <= width;
  const uses = Math.max(...ys.map(({ taps }) => taps)) * Math.max(...xs.map(({ taps }) => taps));
  if (isInside && (images.view.strides[3] === 1 || uses === 1)) return images;
  const shape = [count, channels, rows[1] - rows[0], columns[1] - columns[0]] as const;
  const place: Temporary = { kind: 'temporary', bytes: 4 * sizeOf(shape) };
  commands.push(padCommand(images, rows, columns, place));
  const strides = [channels * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1];
  return { place, view: { shape, strides, offset: -rows[0] * shape[3] - columns[0] } };
}

function check({ images, kernels, shape, groups }: ConvolutionDescription): void {
  const [count, channels] = images.view.shape;
  const [outputs, perGroup] = kernels.view.shape;
  const fits = shape.length === 4 && shape[0] === count && shape[1] === outputs;
  if (!fits || channels !== perGroup! * groups || outputs! % groups !== 0) {
    throw new RangeError(
      `convolution: images [${images.view.shape.join(', ')}] and kernels [${kernels.view.shape.join(', ')}] in ${groups} ` +
        `groups do not make [${shape.join(', ')}]; they are [N, C, …], [O, C / groups, …] and [N, O, …]`,
    );
  }
}
