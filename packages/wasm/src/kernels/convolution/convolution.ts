import { formatShape, rowMajorStrides, sizeOf } from '@thetagrad/core/backend';
import type { Command, Features, Scratch } from '../../command.ts';
import { epilogueCommand } from '../../emit/epilogue.ts';
import { fillCommand } from '../move/fill.ts';
import { depthBlock } from '../panels/pack.ts';
import { depthwiseCommand } from './depthwise.ts';
import { dotsCommand } from './dots.ts';
import {
  coordinateRange,
  maxTaps,
  phasesOf,
  type Convolution,
  type ConvolutionOperand,
  type Phase,
} from './geometry.ts';
import { padCommand } from './pad.ts';
import { productCommands } from './product.ts';

/**
 * The commands of a float32 convolution: the filter is packed, and each chunk multiplies it by patches of the input
 * that it gathers panel by panel. If few outputs have many terms, as in the gradient of the filter, the terms are cut
 * into slices whose sums are added in order. With one channel per group, patches would be used only once: then rows are
 * added up in place, unless there are so many that rounding errors would grow.
 */
export function convolutionCommands(convolution: Convolution, features: Features): Command[] {
  const { input, filter, shape, epilogue, output, groups } = convolution;
  checkShapes(convolution);
  const size = sizeOf(shape);
  if (size === 0) return [];
  const ys = phasesOf(convolution, 0);
  const xs = phasesOf(convolution, 1);
  const channels = filter.view.shape[1]!;
  const phases = ys.flatMap((y) => xs.map((x) => [y, x] as const)).filter(([y, x]) => channels * y.taps * x.taps > 0);

  const commands: Command[] = [];
  if (phases.length < ys.length * xs.length) commands.push(fillCommand(output, 0));
  const padded = phases.length > 0 ? padInput(input, ys, xs) : { input, commands: [] };
  commands.push(...padded.commands);
  const isDepthwise = channels === 1 && groups > 1;
  const withPadding = { ...convolution, input: padded.input };
  const inPlace = phases.map(([y, x]) =>
    isDepthwise && y.taps * x.taps <= depthBlock ? depthwiseCommand(withPadding, y, x) : dotsCommand(withPadding, y, x),
  );
  // Only a product that computes all outputs can apply the epilogue.
  const takesEpilogue = ys.length * xs.length === 1 && phases.length === 1 && !inPlace[0];
  phases.forEach(([y, x], i) => {
    if (inPlace[i]) commands.push(inPlace[i]);
    else commands.push(...productCommands(withPadding, y, x, takesEpilogue ? epilogue : undefined, features));
  });
  if (epilogue && !takesEpilogue) commands.push(epilogueCommand(epilogue, size));
  return commands;
}

/**
 * Copies the input with zeros around it, unless all coordinates that the phases use are inside and rows are contiguous.
 */
function padInput(
  input: ConvolutionOperand,
  ys: readonly Phase[],
  xs: readonly Phase[],
): { readonly input: ConvolutionOperand; readonly commands: readonly Command[] } {
  const [count, channels, height, width] = input.view.shape as [number, number, number, number];
  const rows = coordinateRange(ys);
  const columns = coordinateRange(xs);
  const isInside = rows[0] >= 0 && rows[1] <= height && columns[0] >= 0 && columns[1] <= width;
  const uses = maxTaps(ys) * maxTaps(xs);
  if (isInside && (input.view.strides[3] === 1 || uses === 1)) return { input, commands: [] };
  const shape = [count, channels, rows[1] - rows[0], columns[1] - columns[0]] as const;
  const slot: Scratch = { kind: 'scratch', bytes: 4 * sizeOf(shape) };
  const view = { shape, strides: rowMajorStrides(shape), offset: -rows[0] * shape[3] - columns[0] };
  return { input: { slot, view }, commands: [padCommand(input, rows, columns, slot)] };
}

function checkShapes({ input, filter, shape, groups }: Convolution): void {
  const [count, channels] = input.view.shape;
  const [outputs, perGroup] = filter.view.shape;
  const fits = shape.length === 4 && shape[0] === count && shape[1] === outputs;
  if (!fits || channels !== perGroup! * groups || outputs! % groups !== 0) {
    throw new RangeError(
      `convolution: input ${formatShape(input.view.shape)} and filter ${formatShape(filter.view.shape)} in ${groups} ` +
        `groups do not make ${formatShape(shape)}; they are [N, C, …], [O, C / groups, …] and [N, O, …]`,
    );
  }
}
