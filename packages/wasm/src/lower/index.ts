import type { Kernel } from '@thetagrad/core/backend';
import { convolutionCommands, type ConvolutionDescription } from '../kernels/convolution/convolution.ts';
import { scatterCommands, takeCommands } from '../kernels/indexing/indexing.ts';
import { iotaCommand } from '../kernels/iota.ts';
import { matmulCommands } from '../kernels/matmul/matmul.ts';
import { winogradCommands } from '../kernels/winograd/winograd.ts';
import { concatCommands, foldCommands, padCommands } from '../kernels/move/move.ts';
import { maxIndicesCommands, windowSumCommands } from '../kernels/pool/windows.ts';
import { windowSumTransposeCommands } from '../kernels/pool/windowSumTranspose.ts';
import { randomCommand } from '../kernels/randomBits.ts';
import { scanCommands } from '../kernels/scan/scan.ts';
import { sortCommands } from '../kernels/argsort.ts';
import { tailCommand, type Tail } from '../emit/epilogue.ts';
import type { Command, Features } from '../command.ts';
import { mapCommand, tailOf } from '../kernels/map/map.ts';
import { reduceCommands } from '../kernels/reduce/reduce.ts';

export interface LowerOptions {
  readonly features: Features;
  /** Whether 3×3 convolutions may be computed by Winograd's algorithm, whose rounding errors are larger. */
  readonly winograd: boolean;
}

/** The commands that compute a kernel, or `undefined` where there is no WebAssembly for it. */
export function lower(kernel: Kernel, options: LowerOptions): Command[] | undefined {
  switch (kernel.kind) {
    case 'map':
      return [mapCommand(kernel)];
    case 'reduce':
      return reduceCommands(kernel);
    case 'routine':
      return routines[kernel.operation.name]?.(kernel, options);
  }
}

type RoutineKernel = Extract<Kernel, { kind: 'routine' }>;

const routines: Readonly<Record<string, (kernel: RoutineKernel, options: LowerOptions) => Command[] | undefined>> = {
  matmul: ({ operands, output, tail }, { features }) => {
    if (output.dtype === 'bool') return undefined;
    const [a, b] = operands.map(({ slot, view }) => ({ place: slot, view }));
    const end = tail && { tail: tailOf(tail, output) };
    return matmulCommands({ dtype: output.dtype, a: a!, b: b!, output, ...end }, features);
  },
  convolution: ({ operands, output, shape, attributes, tail }, { features, winograd }) => {
    if (output.dtype !== 'float32') return undefined;
    const [images, kernels] = operands.map(({ slot, view }) => ({ place: slot, view }));
    const description = {
      ...(attributes as unknown as ConvolutionDescription),
      images: images!,
      kernels: kernels!,
      output,
      shape,
      ...(tail && { tail: tailOf(tail, output) }),
    };
    return (winograd ? winogradCommands(description) : undefined) ?? convolutionCommands(description, features);
  },
  randomBits: (kernel) => {
    const { operands, output } = kernel;
    const { slot, view } = operands[0]!;
    const word = (i: number) => ({ place: slot, byteOffset: 4 * (view.offset + i * view.strides[0]!) });
    return [randomCommand([word(0), word(1)], { place: output, byteOffset: 0 }, output.size, endOf(kernel))];
  },
  pad: (kernel) => ended(padCommands(kernel), kernel),
  concat: (kernel) => ended(concatCommands(kernel), kernel),
  fold: (kernel) => ended(foldCommands(kernel), kernel),
  takeAlongAxis: (kernel) => takeCommands(kernel, endOf(kernel)),
  scatterAdd: (kernel) => ended(scatterCommands(kernel), kernel),
  argsort: (kernel) => ended(sortCommands(kernel), kernel),
  maxIndices: (kernel) => ended(maxIndicesCommands(kernel), kernel),
  windowSum: (kernel) => ended(windowSumCommands(kernel), kernel),
  windowSumTranspose: (kernel) => ended(windowSumTransposeCommands(kernel), kernel),
  scan: (kernel) => ended(scanCommands(kernel), kernel),
  iota: (kernel) => [iotaCommand({ place: kernel.output, byteOffset: 0 }, kernel.output.size, endOf(kernel))],
};

/** The commands, and then the tail. */
function ended(commands: Command[] | undefined, { tail, output }: RoutineKernel): Command[] | undefined {
  return commands && tail ? [...commands, tailCommand(tailOf(tail, output), output.size)] : commands;
}

function endOf({ tail, output }: RoutineKernel): Tail | undefined {
  return tail && tailOf(tail, output);
}
