import type { Case } from '../case.ts';
import { convolutionCases } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { transforms } from './fft.ts';
import { head } from './head.ts';
import { linalg } from './linalg.ts';
import { lines } from './lines.ts';
import { matmuls } from './matmul.ts';
import { compiledMlpStep, mlpStep } from './mlp.ts';
import { updates } from './optimizers.ts';
import { reductions } from './reductions.ts';
import { rows } from './rows.ts';
import { sequences } from './sequences.ts';
import { trainings } from './training.ts';
import { transformations } from './transformations.ts';
import { windows } from './windows.ts';

export const cases: readonly Case[] = [
  ...matmuls,
  ...convolutionCases,
  ...windows,
  ...elementwise,
  ...rows,
  ...reductions,
  ...linalg,
  ...lines,
  ...transforms,
  ...transformations,
  head,
  mlpStep,
  compiledMlpStep,
  ...sequences,
  ...updates,
  ...trainings,
];
