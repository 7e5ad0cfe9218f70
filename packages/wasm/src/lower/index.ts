import {
  joinAxes,
  type ForRoutines,
  type Kernel,
  type ReduceKernel,
  type RoutineKernel,
  type RoutineName,
} from '@thetagrad/core/backend';
import type { Command, Features } from '../command.ts';
import { epilogueCommand, type Epilogue } from '../emit/epilogue.ts';
import { convolutionCommands } from '../kernels/convolution/convolution.ts';
import { scatterAddCommands } from '../kernels/indexing/scatterAdd.ts';
import { takeCommands } from '../kernels/indexing/take.ts';
import { iotaCommand } from '../kernels/iota.ts';
import { makeEpilogue, mapCommand } from '../kernels/map/map.ts';
import { matmulCommands } from '../kernels/matmul/matmul.ts';
import { concatCommands, foldCommands, padCommands } from '../kernels/move/move.ts';
import { depthBlock } from '../kernels/panels/pack.ts';
import { maxIndicesCommands, windowSumCommands } from '../kernels/pool/windows.ts';
import { windowSumTransposeCommands } from '../kernels/pool/windowSumTranspose.ts';
import { randomBitsCommand } from '../kernels/randomBits.ts';
import { reduceCommands } from '../kernels/reduce/reduce.ts';
import { scanCommands } from '../kernels/scan/scan.ts';
import { argsortCommands } from '../kernels/sort/argsort.ts';
import { winogradCommands } from '../kernels/winograd/winograd.ts';

export interface LowerOptions {
  readonly features: Features;
  /** Allows Winograd's algorithm for 3×3 convolutions, whose rounding errors are larger. */
  readonly winograd: boolean;
}

/** Lowers a kernel to commands; `undefined` if it has to run on the host. */
export function lower(kernel: Kernel, options: LowerOptions): Command[] | undefined {
  switch (kernel.kind) {
    case 'map':
      return [mapCommand(kernel, options.features)];
    case 'reduce':
      return hasLongAxis(kernel) ? undefined : reduceCommands(kernel, options.features);
    case 'routine':
      return lowerRoutine(kernel, options);
  }
}

/** The commands of a routine, with its epilogue; `undefined` for a dtype that runs on the host. */
type Lowering<Name extends RoutineName> = (kernel: RoutineKernel<Name>, options: LowerOptions) => Command[] | undefined;

/** A lowering for each routine of core, or `'host'` for one that runs on the host for all dtypes, as those of other packages do. */
export type Lowerings = ForRoutines<{ readonly [Name in RoutineName]: Lowering<Name> | 'host' }>;

export const lowerings: Lowerings = {
  matmul: (kernel, { features }) => {
    const { operands, output } = kernel;
    if (output.dtype === 'bool') return undefined;
    const [a, b] = operands;
    return matmulCommands({ dtype: output.dtype, a, b, output, epilogue: epilogueOf(kernel, features) }, features);
  },
  convolution: (kernel, { features, winograd }) => {
    const { operands, attributes, shape, output } = kernel;
    if (output.dtype !== 'float32') return undefined;
    const [input, filter] = operands;
    const convolution = { ...attributes, input, filter, output, shape, epilogue: epilogueOf(kernel, features) };
    return (
      (winograd ? winogradCommands(convolution, features) : undefined) ?? convolutionCommands(convolution, features)
    );
  },
  maxIndices: (kernel, { features }) => withEpilogue(kernel, features, maxIndicesCommands(kernel)),
  windowSum: (kernel, { features }) =>
    withEpilogue(kernel, features, isLong(kernel) ? undefined : windowSumCommands(kernel)),
  windowSumTranspose: (kernel, { features }) =>
    withEpilogue(kernel, features, isLong(kernel) ? undefined : windowSumTransposeCommands(kernel)),
  take: (kernel, { features }) => takeCommands(kernel, epilogueOf(kernel, features)),
  scatterAdd: (kernel, { features }) => withEpilogue(kernel, features, scatterAddCommands(kernel)),
  argsort: (kernel, { features }) => withEpilogue(kernel, features, argsortCommands(kernel)),
  scan: (kernel, { features }) => withEpilogue(kernel, features, scanCommands(kernel)),
  pad: (kernel, { features }) => withEpilogue(kernel, features, padCommands(kernel)),
  concat: (kernel, { features }) => withEpilogue(kernel, features, concatCommands(kernel)),
  fold: (kernel, { features }) => withEpilogue(kernel, features, foldCommands(kernel)),
  iota: (kernel, { features }) => [iotaCommand(kernel, epilogueOf(kernel, features))],
  randomBits: (kernel, { features }) => [randomBitsCommand(kernel, epilogueOf(kernel, features))],
};

/** Whether windows have so many rows or columns that their sums in float32 would not be precise. */
function isLong({ attributes }: RoutineKernel<'windowSum' | 'windowSumTranspose'>): boolean {
  return Math.max(...attributes.kernelSize) > depthBlock;
}

/** Whether the length of an axis does not fit a word. */
function hasLongAxis({ body, kept }: ReduceKernel): boolean {
  const { shape } = joinAxes(
    body.operands.map(({ view }) => view),
    kept,
  );
  return shape.some((length) => length >= 2 ** 32);
}

function lowerRoutine(kernel: RoutineKernel, options: LowerOptions): Command[] | undefined {
  // The name of a kernel implies the type of its lowering.
  const byName = lowerings as { readonly [Name in RoutineName]?: Lowering<RoutineName> | 'host' };
  const lowering = byName[kernel.name];
  return lowering === undefined || lowering === 'host' ? undefined : lowering(kernel, options);
}

/** Appends the kernel's epilogue as a command. */
function withEpilogue(
  kernel: RoutineKernel,
  features: Features,
  commands: Command[] | undefined,
): Command[] | undefined {
  const epilogue = epilogueOf(kernel, features);
  return commands && epilogue ? [...commands, epilogueCommand(epilogue, kernel.output.size)] : commands;
}

function epilogueOf({ epilogue, output }: RoutineKernel, features: Features): Epilogue | undefined {
  return epilogue && makeEpilogue(epilogue, output, features);
}
