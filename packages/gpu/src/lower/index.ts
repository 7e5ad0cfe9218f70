import type { ForRoutines, Kernel, RoutineKernel, RoutineName } from '@thetagrad/core/backend';
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

/** Lowers a kernel to commands, each of which reads at most `maxInputs` arrays. */
export function lower(kernel: Kernel, language: Language, maxInputs: number): Command[] {
  switch (kernel.kind) {
    case 'map':
      return lowerMap(kernel, language);
    case 'reduce':
      return lowerReduce(kernel, language);
    case 'routine':
      return lowerRoutine(kernel, language, maxInputs);
  }
}

function lowerRoutine(kernel: RoutineKernel, language: Language, maxInputs: number): Command[] {
  // The name of a kernel implies the type of its lowering.
  const lowering = (lowerings as { readonly [Name in RoutineName]?: Lowering<RoutineName> })[kernel.name];
  if (!lowering) throw new TypeError(`${kernel.name}: the GPU backend has no kernel for it; use another backend`);
  return lowering(kernel, language, maxInputs);
}
