import type { ForRoutines, Kernel, RoutineKernel, RoutineName } from '@thetagrad/core/backend';
import { hasCode } from '../code/body.ts';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { lowerConvolution } from './convolution.ts';
import { lowerIota, lowerScatterAdd, lowerTake } from './indexing.ts';
import { lowerMap } from './map.ts';
import { lowerMatmul } from './matmul.ts';
import { lowerConcat, lowerFold, lowerPad } from './move.ts';
import { lowerMaxIndices, lowerWindowSum, lowerWindowSumTranspose } from './pool.ts';
import { lowerRandomBits } from './random.ts';
import { lowerReduce } from './reduce.ts';
import { lowerScan } from './scan.ts';
import { lowerArgsort } from './sort.ts';

type Lowering<Name extends RoutineName> = (
  kernel: RoutineKernel<Name>,
  language: Language,
  maxInputs: number,
) => Command[];

/** A lowering for every routine of core: a missing or superfluous one does not compile. */
export type Lowerings = ForRoutines<{ readonly [Name in RoutineName]: Lowering<Name> }>;

const lowerings: Lowerings = {
  argsort: lowerArgsort,
  concat: lowerConcat,
  convolution: lowerConvolution,
  fold: lowerFold,
  iota: lowerIota,
  matmul: lowerMatmul,
  maxIndices: lowerMaxIndices,
  pad: lowerPad,
  randomBits: lowerRandomBits,
  scan: lowerScan,
  scatterAdd: lowerScatterAdd,
  take: lowerTake,
  windowSum: lowerWindowSum,
  windowSumTranspose: lowerWindowSumTranspose,
};

/** What computes a kernel: commands, and then perhaps the host. */
export interface Lowered {
  readonly commands: readonly Command[];
  /** The kernel, or one that computes its epilogue, if there is no code for that. */
  readonly onHost?: Kernel | undefined;
}

/** Lowers a kernel to commands, each of which reads at most `maxInputs` arrays, as far as there is code for it. */
export function lower(kernel: Kernel, language: Language, maxInputs: number): Lowered {
  const onHost = hostPartOf(kernel, language);
  if (onHost === kernel) return { commands: [], onHost };
  switch (kernel.kind) {
    case 'map':
      return { commands: lowerMap(kernel, language) };
    case 'reduce':
      return { commands: lowerReduce(kernel, language) };
    case 'routine': {
      const { epilogue, ...routine } = kernel;
      const isBare = epilogue !== undefined && onHost !== undefined;
      const commands = lowerRoutine(isBare ? (routine as RoutineKernel) : kernel, language, maxInputs);
      return { commands, onHost };
    }
  }
}

/** What the host computes of a kernel: a routine of another package, or an operation that only a JavaScript function defines. */
export function hostPartOf(kernel: Kernel, { intrinsics }: Language): Kernel | undefined {
  if (kernel.kind !== 'routine') return hasCode(kernel.body, intrinsics) ? undefined : kernel;
  if (!loweringOf(kernel)) return kernel;
  const { epilogue, shape, output } = kernel;
  if (!epilogue || hasCode(epilogue, intrinsics)) return undefined;
  return { kind: 'map', body: epilogue, shape, output };
}

function lowerRoutine(kernel: RoutineKernel, language: Language, maxInputs: number): Command[] {
  return loweringOf(kernel)!(kernel, language, maxInputs);
}

function loweringOf({ name }: RoutineKernel): Lowering<RoutineName> | undefined {
  // The name of a kernel implies the type of its lowering.
  return (lowerings as { readonly [Name in RoutineName]?: Lowering<RoutineName> })[name];
}
