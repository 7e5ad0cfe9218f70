import type { Kernel } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { lowerConvolution } from './convolution.ts';
import { lowerIota, lowerScatter, lowerTake } from './indexing.ts';
import type { Language, RoutineKernel } from './language.ts';
import { lowerMap } from './map.ts';
import { lowerMatmul } from './matmul.ts';
import { lowerConcat, lowerFold, lowerPad } from './move.ts';
import { lowerMaxIndices, lowerWindowSumTranspose, lowerWindowSum } from './pool.ts';
import { lowerRandomBits } from './random.ts';
import { lowerReduce } from './reduce.ts';
import { lowerScan } from './scan.ts';
import { lowerArgSort } from './sort.ts';

type Lowering = (kernel: RoutineKernel, language: Language, mostInputs: number) => Command[];

/** By the names of core's routines: of all that it has. */
export const routines: Readonly<Record<string, Lowering>> = {
  argsort: lowerArgSort,
  concat: lowerConcat,
  convolution: lowerConvolution,
  fold: lowerFold,
  iota: lowerIota,
  matmul: lowerMatmul,
  maxIndices: lowerMaxIndices,
  pad: lowerPad,
  randomBits: lowerRandomBits,
  scan: lowerScan,
  scatterAdd: lowerScatter,
  takeAlongAxis: lowerTake,
  windowSumTranspose: lowerWindowSumTranspose,
  windowSum: lowerWindowSum,
};

/** The commands that a kernel comes to. */
export function lower(kernel: Kernel, language: Language, mostInputs: number): Command[] {
  switch (kernel.kind) {
    case 'map':
      return lowerMap(kernel, language);
    case 'reduce':
      return lowerReduce(kernel, language);
    case 'routine': {
      const lowering = routines[kernel.operation.name];
      if (!lowering) throw new Error(`gpu: the routine '${kernel.operation.name}' has no kernel`);
      return lowering(kernel, language, mostInputs);
    }
  }
}
