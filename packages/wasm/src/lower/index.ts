import type { Kernel } from '@thetagrad/core';
import { convolutionCommands, type ConvolutionDescription } from '../kernels/convolution.ts';
import { matmulCommands } from '../kernels/matmul.ts';
import type { Command, Features } from '../program.ts';
import { mapCommand, tailOf } from './map.ts';
import { reduceCommands } from './reduce.ts';

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
  convolution: ({ operands, output, shape, attributes, tail }, { features }) => {
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
    return convolutionCommands(description, features);
  },
};
