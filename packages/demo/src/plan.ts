// What a run trains, in which order, and how much work that is.
import type { ImageDataset } from '@thetagrad/data';
import { join } from 'node:path';
import { countBatches } from './features.ts';
import { createMethods, type Method } from './methods.ts';
import type { Options } from './options.ts';
import type { Work } from './progress.ts';
import { limitPerClass, openSource, type Source } from './sources.ts';
import type { Training } from './training.ts';

/** Sizes of the small trainings whose 2-D and 3-D features are plotted. */
const plotSizes = { classes: 6, imagesPerClass: 100, stepShare: 0.3 };
const plotDimensions = [2, 3];

/** Work of a run. */
export interface JobPlan {
  readonly source: Source;
  readonly seed: number;
  /** Folder of all checkpoints. */
  readonly checkpoints: string;
  /** One training per row of the table. */
  readonly trainings: readonly Training[];
  /** Small trainings on `plotDataset`, whose features are plotted. */
  readonly plotTrainings: readonly Training[];
  readonly plotDataset: ImageDataset;
}

/** Opens the data and plans the trainings of a run with one seed. */
export async function planJob(options: Options, seed = options.seeds[0]!): Promise<JobPlan> {
  const { margins, steps, embedding } = options;
  const source = await openSource(options.data, seed);
  const checkpoints = join(options.out, 'checkpoints');
  const createTraining = (
    title: string,
    method: Method,
    dataset: ImageDataset,
    dimension: number,
    count: number,
  ): Training => ({
    title,
    method,
    dataset,
    embedding: dimension,
    steps: count,
    net: options.net,
    batch: options.batch,
    seed,
    resume: options.resume,
    augmentation: source.augmentation,
    checkpoint: join(checkpoints, toFileName(title)),
  });
  const { seen } = source;
  const plotClasses = Array.from({ length: Math.min(plotSizes.classes, seen.classes) }, (_, i) => i);
  const plotDataset = limitPerClass(seen.selectClasses(plotClasses), plotSizes.imagesPerClass);
  const plotSteps = countPlotSteps(options);
  return {
    source,
    seed,
    checkpoints,
    plotDataset,
    trainings: createMethods(margins, steps).map((method) =>
      createTraining(titleOf(method, options, seed), method, seen, embedding, steps),
    ),
    plotTrainings: plotDimensions.flatMap((dimension) =>
      plottedMethods(margins, plotSteps).map((method) =>
        createTraining(plotTitleOf(method, dimension), method, plotDataset, dimension, plotSteps),
      ),
    ),
  };
}

function countPlotSteps({ steps }: Options): number {
  return Math.max(1, Math.round(steps * plotSizes.stepShare));
}

export function countPairs({ size }: ImageDataset): number {
  return (size * (size - 1)) / 2;
}

/** Work of a run: estimated for the default data before they are loaded, and without loading the first set afterwards. */
export function estimateWork(options: Options, plan?: JobPlan): Work {
  const { margins, steps, seeds } = options;
  const trainings = seeds.length * createMethods(margins, steps).length;
  const pictures = plotDimensions.length * plottedMethods(margins, steps).length;
  const [unseenBatches, plotBatches] = plan ? [plan.source.unseen, plan.plotDataset].map(countBatches) : [20, 3];
  return {
    load: seeds.length - (plan ? 1 : 0),
    step: trainings * steps,
    pictureStep: pictures * countPlotSteps(options),
    batch: trainings * unseenBatches! + pictures * plotBatches!,
    pair: trainings * (plan ? countPairs(plan.source.unseen) : 5e5),
    report: 1,
  };
}

export function describeSource({ name, seen, unseen }: Source): string {
  return `${name}: ${seen.size} images of ${seen.classes} classes for training, ${unseen.size} of ${unseen.classes} unseen ones for verification`;
}

/** Announces what is going to be trained. */
export function describeWork(options: Options, { trainings, plotTrainings }: JobPlan): string {
  const { seeds, steps } = options;
  const work = estimateWork(options);
  const names = trainings.map(({ method }) => method.name).join('; ');
  const repeats = seeds.length > 1 ? `, with each of ${seeds.length} seeds` : '';
  return (
    `training ${trainings.length} networks of ${steps} steps (${names})${repeats}, ` +
    `then ${plotTrainings.length} small ones of ${countPlotSteps(options)} steps for pictures: ${work.step! + work.pictureStep!} steps in all`
  );
}

/** Softmax, modified softmax, and A-Softmax with the maximum margin. */
function plottedMethods(margins: readonly number[], steps: number): Method[] {
  return createMethods([Math.max(...margins)], steps);
}

function toFileName(title: string): string {
  return `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.safetensors`;
}

/** Name of a training on the screen and, changed a little, of its checkpoint. */
function titleOf({ name }: Method, { seeds }: Options, seed: number): string {
  return seed === seeds[0] ? name : `${name}, seed ${seed}`;
}

function plotTitleOf({ name }: Method, dimension: number): string {
  return `${name}, ${dimension}-D`;
}

/** Paths of all checkpoints that a run may write. */
export function listCheckpoints(options: Options): string[] {
  const { margins, steps, seeds, out } = options;
  const titles = [
    ...seeds.flatMap((seed) => createMethods(margins, steps).map((method) => titleOf(method, options, seed))),
    ...plotDimensions.flatMap((dimension) =>
      plottedMethods(margins, steps).map((method) => plotTitleOf(method, dimension)),
    ),
  ];
  return titles.map((title) => join(out, 'checkpoints', toFileName(title)));
}
