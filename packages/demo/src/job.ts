import { getBackend, portable, setBackend } from '@thetagrad/core';
import { verify } from '@thetagrad/a-softmax';
import type { ImageDataset } from '@thetagrad/data';
import type { GpuBackend, GpuMode } from '@thetagrad/gpu';
import { best, wasm, type Choice } from '@thetagrad/wasm';
import { escapeControls } from '@thetagrad/core/backend';
import { FolderLockedError, lockFolder, removeStaleTemporaries, writeFileAtomic } from '@thetagrad/nn/node';
import { access, constants, mkdir, readdir, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { extractFeatures } from './features.ts';
import { createMethods, type Method } from './methods.ts';
import { type BackendName, type Options, UsageError } from './options.ts';
import type { FeaturePlot, MethodResult, Report, SampleSheet } from './report/contents.ts';
import { writeReport } from './report/report.ts';
import { limitPerClass, openSource, type Source } from './sources.ts';
import { formatResults } from './table.ts';
import { train, type Training } from './training.ts';

/** Sizes of the small trainings whose 2-D and 3-D features are plotted. */
const plotSizes = { classes: 6, imagesPerClass: 100, stepShare: 0.3 };

/** Trains with every loss, verifies, prints the table and writes the report. Locks the output folder meanwhile. */
export async function runJob(options: Options, signal: AbortSignal): Promise<void> {
  const { backend, reason } = await chooseBackend(options);
  setBackend(backend);
  const plan = await planJob(options);
  if (options.resume) await requireCheckpoints(plan.checkpoints);
  await createFolder(plan.checkpoints);
  const release = await lockOutput(options.out);
  try {
    for (const folder of [options.out, plan.checkpoints]) await removeStaleTemporaries(folder);
    console.log(`backend ${reason}`);
    await runPlan(options, plan, signal);
  } finally {
    release();
  }
}

async function runPlan(options: Options, plan: JobPlan, signal: AbortSignal): Promise<void> {
  const { out } = options;
  const { seen, unseen } = plan.source;
  console.log(
    `${escapeControls(plan.source.name)}: ${seen.size} images of ${seen.classes} classes for training, ${unseen.size} of ${unseen.classes} unseen ones for verification`,
  );
  if (!options.resume) {
    // Removes checkpoints of an earlier run, which a later --resume would mistake for those of this run.
    await Promise.all(
      [...plan.trainings, ...plan.plotTrainings].map(({ checkpoint }) => rm(checkpoint, { force: true })),
    );
  }
  const methods = await measure(plan, signal);
  console.log(`\n${formatResults(methods)}\n`);
  await writeFileAtomic(join(out, 'results.json'), `${JSON.stringify(summarize(options, methods), undefined, 2)}\n`);

  const report = join(out, 'report.html');
  await writeReport(report, createReport(options, plan.source, methods, await trainPlots(plan, signal)));
  console.log(`report: ${escapeControls(report)}`);
}

/** Backend that the options name, and the reason for the choice. */
export async function chooseBackend({ backend: name, threads }: Options): Promise<Choice> {
  if (name === 'portable') return { backend: portable(), reason: 'portable: plain TypeScript on one thread' };
  const options = threads === undefined ? {} : { threads };
  if (name === 'best') return best(options);
  const backend = name === 'wasm' ? await wasm(options) : await openGpu(name);
  return { backend, reason: backend.describe() };
}

/** @throws {UsageError} if the mode is not available. */
async function openGpu(name: BackendName): Promise<GpuBackend> {
  const mode = name.split(':')[1] as GpuMode | undefined;
  // Loads gpu.js, which is slow, only if it is needed.
  const { gpu } = await import('@thetagrad/gpu');
  try {
    return await gpu(mode === undefined ? {} : { mode });
  } catch (error) {
    throw new UsageError(`--backend ${name}: ${(error as Error).message}`, { cause: error });
  }
}

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

/** Opens the data and plans the trainings of a run. */
export async function planJob(options: Options): Promise<JobPlan> {
  const { margins, steps, embedding, seed } = options;
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
    checkpoint: join(checkpoints, `${toFileName(title)}.safetensors`),
  });
  const { seen } = source;
  const plotClasses = Array.from({ length: Math.min(plotSizes.classes, seen.classes) }, (_, i) => i);
  const plotDataset = limitPerClass(seen.selectClasses(plotClasses), plotSizes.imagesPerClass);
  const plotSteps = Math.max(1, Math.round(steps * plotSizes.stepShare));
  return {
    source,
    seed,
    checkpoints,
    plotDataset,
    trainings: createMethods(margins, steps).map((method) =>
      createTraining(method.name, method, seen, embedding, steps),
    ),
    plotTrainings: [2, 3].flatMap((dimension) =>
      plottedMethods(margins, plotSteps).map((method) =>
        createTraining(`${method.name}, ${dimension}-D`, method, plotDataset, dimension, plotSteps),
      ),
    ),
  };
}

/** Trains with every loss and verifies each on the unseen classes. */
export async function measure({ source, trainings, seed }: JobPlan, signal: AbortSignal): Promise<MethodResult[]> {
  const { unseen, mirror } = source;
  const methods: MethodResult[] = [];
  for (const training of trainings) {
    const { model, curve, seconds } = await train(training, signal);
    const { values, dimension } = await extractFeatures(model, unseen, mirror, signal);
    const verification = verify(values, dimension, unseen.labels, { seed });
    methods.push({ name: training.method.name, curve, seconds, verification });
  }
  return methods;
}

/** Trains the networks of the plots and extracts their features. */
async function trainPlots({ plotTrainings, plotDataset }: JobPlan, signal: AbortSignal): Promise<FeaturePlot[]> {
  const planes: FeaturePlot[] = [];
  for (const training of plotTrainings) {
    const { model, head } = await train(training, signal);
    planes.push({
      method: training.method.name,
      dimension: training.embedding as 2 | 3,
      features: (await extractFeatures(model, plotDataset, false, signal)).values,
      labels: plotDataset.labels,
      classNames: plotDataset.classNames,
      weights: (await head.weight.value.data()) as Float32Array,
    });
  }
  return planes;
}

/** Softmax, modified softmax, and A-Softmax with the maximum margin. */
function plottedMethods(margins: readonly number[], steps: number): Method[] {
  return createMethods([Math.max(...margins)], steps);
}

function createReport(
  options: Options,
  source: Source,
  methods: readonly MethodResult[],
  planes: readonly FeaturePlot[],
): Report {
  const { seen, unseen } = source;
  const { data, net, margins, embedding, steps, batch, seed, backend, threads, out } = options;
  const command = `npm start -- --data ${quoteForShell(data)} --net ${net} --margins ${margins.join(',')} --embedding ${embedding} --steps ${steps} --batch ${batch} --seed ${seed} --backend ${backend}${threads === undefined ? '' : ` --threads ${threads}`} --out ${quoteForShell(out)}`;
  return {
    title: 'Open-set recognition with softmax, modified softmax and A-Softmax',
    created: new Date(),
    command,
    facts: Object.entries({
      'data set': source.name,
      'seen classes': `${seen.classes}, ${seen.size} images`,
      'unseen classes': `${unseen.classes}, ${unseen.size} images`,
      images: `${seen.channels} × ${seen.height} × ${seen.width}`,
      network: net,
      'feature length': `${embedding}${source.mirror ? ', concatenated with that of the mirror image' : ''}`,
      training: `${steps} steps of ${batch} images`,
      seed: String(seed),
      backend: getBackend().name,
      machine: `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    }).map(([name, value]) => ({ name, value })),
    samples: { seen: selectSamples(seen), unseen: selectSamples(unseen) },
    methods,
    planes,
  };
}

/** Numbers of the table for other programs; the same whether or not the run was interrupted. */
function summarize({ resume: _, ...options }: Options, methods: readonly MethodResult[]): unknown {
  return {
    options,
    methods: methods.map(({ name, seconds, curve, verification: v }) => ({
      name,
      seconds,
      loss: curve.at(-1)?.loss,
      accuracy: v.accuracy,
      eer: v.eer,
      auc: v.auc,
      tarAtFar: v.tarAtFar,
      rank1: v.rank1,
      angularFisherScore: v.angularFisherScore,
      largestIntraClassAngle: v.largestIntraClassAngle,
      smallestInterClassAngle: v.smallestInterClassAngle,
    })),
  };
}

/** Selects a few images of the first classes. */
function selectSamples(dataset: ImageDataset): SampleSheet {
  const classes = Array.from({ length: Math.min(8, dataset.classes) }, (_, i) => i);
  const few = limitPerClass(dataset.selectClasses(classes), 10);
  const rows = few.classNames.map((className, label) => ({
    className,
    images: [...few.labels.keys()].filter((i) => few.labels[i] === label).map((i) => few.example(i).image),
  }));
  return { height: few.height, width: few.width, channels: few.channels as 1 | 3, rows };
}

/** Quotes text as one word for a shell. */
function quoteForShell(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function toFileName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

/** Requires the folder of a run, which may have been killed before its first checkpoint. */
async function requireCheckpoints(folder: string): Promise<void> {
  await readdir(folder).catch(() => {
    throw new UsageError(`--resume: no checkpoints in '${folder}'`);
  });
}

async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--out: cannot write to '${path}': ${(error as Error).message}`);
  }
}

async function lockOutput(folder: string): Promise<() => void> {
  try {
    return await lockFolder(folder);
  } catch (error) {
    const problem = (error as Error).message.replace(/^lockFolder: /, '');
    if (error instanceof FolderLockedError)
      throw new UsageError(`--out: ${problem}; wait for that run, or choose another --out`);
    throw new UsageError(`--out: cannot lock '${folder}': ${problem}`);
  }
}
