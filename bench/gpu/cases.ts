// Cases for GPUs.
import type { Case } from '../case.ts';
import { convolutionCases, createConvolutionCases, sphereFace20Layers } from '../cases/convolution.ts';
import { elementwise, exponentials } from '../cases/elementwise.ts';
import { createHeadCase, head } from '../cases/head.ts';
import { batchedMatmuls, createSquareMatmul, createTransposedMatmul, skinnyMatmuls } from '../cases/matmul.ts';
import { reductions } from '../cases/reductions.ts';
import { rows } from '../cases/rows.ts';
import { glyphStep, smallSphereFace4Step, sphereFace20Step, sphereFace4Step } from '../cases/training.ts';

/** Smallest convolution, and layers of SphereFace-20 on one image. */
const layers = [
  { images: 2, channels: 16, height: 28, width: 28, outputs: 32 },
  ...sphereFace20Layers
    .filter(({ channels, stride = 1 }) => stride === 1 || channels <= 64)
    .map((layer) => ({ ...layer, images: 1 })),
].flatMap((layer) => createConvolutionCases({ ...layer, jax: true }));

/** Small enough for a GPU in software. */
const small: readonly Case[] = [
  ...[64, 128, 256, 512].map(createSquareMatmul),
  createTransposedMatmul(512, 'left'),
  createTransposedMatmul(512, 'right'),
  ...batchedMatmuls,
  ...skinnyMatmuls,
  ...layers,
  ...elementwise,
  exponentials,
  ...rows,
  ...reductions,
  createHeadCase(64, 128, 2000),
  glyphStep,
  smallSphereFace4Step,
];

/** For graphics cards. */
const large: readonly Case[] = [
  ...[1024, 2048, 4096].map(createSquareMatmul),
  ...convolutionCases.filter(({ name }) => !small.some((other) => other.name === name)),
  head,
  sphereFace4Step,
  sphereFace20Step,
];

export const selectCases = (isLarge: boolean): readonly Case[] => (isLarge ? [...small, ...large] : small);
