import { getBackend, portable, setBackend } from '@thetagrad/core';
import { type VerificationReport, verify } from '@thetagrad/a-softmax';
import type { ImageDataset } from '@thetagrad/data';
import type { GpuBackend, GpuMode } from '@thetagrad/gpu';
import { best, wasm, type Choice } from '@thetagrad/wasm';
import { escapeControls } from '@thetagrad/core/backend';
import { FolderLockedError, lockFolder, removeStaleTemporaries, writeFileAtomic } from '@thetagrad/nn/node';
import { access, constants, readdir, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { countBatches, extractFeatures } from './features.ts';
import { createFolder } from './folders.ts';
import { leavePartsOut } from './jackknife.ts';
import { type BackendName, type Options, UsageError } from './options.ts';
import {
  countPairs,
  describeSource,
  describeWork,
  estimateWork,
  type JobPlan,
  listCheckpoints,
  planJob,
} from './plan.ts';
import { JobProgress } from './progress.ts';
import type { FeaturePlot, MethodResult, Report, SampleSheet, Scores } from './report/contents.ts';
import { writeReport } from './report/report.ts';
import { describeVerdict } from './report/verdict.ts';
import { limitPerClass, type Source } from './sources.ts';
import { formatResults } from './table.ts';
import { describeRemedy, Diverged, train, type Training } from './training.ts';

/** Trains with every loss, verifies, prints the table and writes the report. Locks the output folder meanwhile. */
export async function runJob(options: Options, signal: AbortSignal): Promise<void> {
  const progress = new JobProgress(estimateWork(options));
  try {
    await runLocked(options, progress, signal);
  } finally {
    progress.stop();
  }
}

async function runLocked(options: Options, progress: JobProgress, signal: AbortSignal): Promise<void> {
  const loading = progress.start('load', 'loading data', 1);
  const { backend, reason } = await chooseBackend(options);
  setBackend(backend);
  const plan = await planJob(options);
  if (options.resume) await requireCheckpoints(plan.checkpoints);
  await createOutput(plan.checkpoints);
  const release = await lockOutput(options.out);
  try {
    for (const folder of [options.out, plan.checkpoints]) await removeStaleTemporaries(folder);
    if (!options.resume) {
      // Removes checkpoints of an earlier run, which a later --resume would mistake for those of this run.
      await Promise.all(listCheckpoints(options).map((path) => rm(path, { force: true })));
    }
    loading.update(1);
    const source = escapeControls(describeSource(plan.source));
    progress.print(`backend ${reason}\n${source}\n${describeWork(options, plan)}\n`);
    progress.setWork(estimateWork(options, plan));
    await runPlan(options, plan, progress, signal);
  } finally {
    release();
  }
}

async function runPlan(options: Options, plan: JobPlan, progress: JobProgress, signal: AbortSignal): Promise<void> {
  const { out, seeds } = options;
  const methods = await measure(plan, signal, progress);
  for (const seed of seeds.slice(1)) {
    const again = progress.start('load', 'loading data', 1);
    const repeated = await planJob(options, seed);
    again.update(1);
    addRepeats(methods, await measure(repeated, signal, progress));
  }
  await writeFileAtomic(join(out, 'results.json'), `${JSON.stringify(summarize(options, methods), undefined, 2)}\n`);
  const { outcome, caution } = describeVerdict(methods, seeds);
  progress.print(`\n${formatResults(methods)}\n\n${outcome}\n${caution}\n\n`);
  const planes = await trainPlots(plan, signal, progress);
  const report = join(out, 'report.html');
  const writing = progress.start('report', 'writing the report', 1);
  await writeReport(report, createReport(options, plan.source, methods, planes));
  writing.update(1);
  progress.finish();
  console.log(`report: ${escapeControls(report)}`);
}

/** Backend that the options name, and the reason for the choice. */
export async function chooseBackend({ backend: name, threads, wide }: Options): Promise<Choice> {
  if (name === 'portable') return { backend: portable(), reason: 'portable: plain TypeScript on one thread' };
  const options = { ...(threads !== undefined && { threads }), ...(wide && { wide }) };
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

/** Trains with every loss and verifies each on the unseen classes. */
export async function measure(
  { source, trainings, seed }: JobPlan,
  signal: AbortSignal,
  progress: JobProgress,
): Promise<MethodResult[]> {
  const { unseen, mirror } = source;
  const methods: MethodResult[] = [];
  for (const training of trainings) {
    const { title, method, steps } = training;
    const { model, curve, seconds } = await train(training, signal, progress.start('step', title, steps));
    const extraction = progress.start('batch', `features of ${title}`, countBatches(unseen));
    const { values, dimension } = await extractFeatures(model, unseen, mirror, signal, extraction);
    const pairs = countPairs(unseen);
    const verifying = progress.start('pair', `verifying ${title}`, pairs);
    requireFinite(values, training);
    const verification = verify(values, dimension, unseen.labels, { seed });
    const parts = leavePartsOut(
      { values, dimension, labels: unseen.labels },
      Object.keys(verification.tarAtFar).map(Number),
      seed,
    );
    verifying.update(pairs);
    methods.push({ name: method.name, curve, seconds, verification, parts, repeats: [] });
  }
  return methods;
}

/** @throws {Diverged} naming the training, and the checkpoint from which it may have continued. */
function requireFinite(features: Float32Array, training: Training): void {
  if (features.every(Number.isFinite)) return;
  throw new Diverged(`${training.title}: its features are not finite; ${describeRemedy(training)}`);
}

/** Adds the results of a further seed to those of the first. */
function addRepeats(methods: MethodResult[], repeated: readonly MethodResult[]): void {
  for (const [i, { verification, seconds }] of repeated.entries()) {
    const repeat = { scores: selectScores(verification), seconds };
    methods[i] = { ...methods[i]!, repeats: [...methods[i]!.repeats, repeat] };
  }
}

/** Trains the networks of the plots and extracts their features. */
async function trainPlots(
  { plotTrainings, plotDataset }: JobPlan,
  signal: AbortSignal,
  progress: JobProgress,
): Promise<FeaturePlot[]> {
  const planes: FeaturePlot[] = [];
  for (const training of plotTrainings) {
    const { title, method, steps, embedding } = training;
    const { model, head } = await train(training, signal, progress.start('pictureStep', title, steps));
    const extraction = progress.start('batch', `features of ${title}`, countBatches(plotDataset));
    const { values } = await extractFeatures(model, plotDataset, false, signal, extraction);
    requireFinite(values, training);
    planes.push({
      method: method.name,
      dimension: embedding as 2 | 3,
      features: values,
      labels: plotDataset.labels,
      classNames: plotDataset.classNames,
      weights: (await head.weight.value.data()) as Float32Array,
    });
  }
  return planes;
}

function createReport(
  options: Options,
  source: Source,
  methods: readonly MethodResult[],
  planes: readonly FeaturePlot[],
): Report {
  const { seen, unseen } = source;
  const { data, net, margins, embedding, steps, batch, seeds, backend, threads, wide, out } = options;
  const command = `npm start -- --data ${quoteForShell(data)} --net ${net} --margins ${margins.join(',')} --embedding ${embedding} --steps ${steps} --batch ${batch} --seed ${seeds.join(',')} --backend ${backend}${threads === undefined ? '' : ` --threads ${threads}`}${wide ? ' --wide' : ''} --out ${quoteForShell(out)}`;
  return {
    title: 'Open-set recognition with softmax, modified softmax and A-Softmax',
    summary: `${describeSource(source)}; ${steps} steps of ${batch} images; seed${seeds.length > 1 ? 's' : ''} ${seeds.join(', ')}`,
    seeds,
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
      [seeds.length > 1 ? 'seeds' : 'seed']: seeds.join(', '),
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
    methods: methods.map(({ name, seconds, curve, verification, repeats }) => ({
      name,
      seconds,
      loss: curve.at(-1)?.loss,
      ...selectScores(verification),
      ...(repeats.length > 0 && {
        repeats: repeats.map(({ scores, seconds: time }, i) => ({
          seed: options.seeds[i + 1],
          seconds: time,
          ...scores,
        })),
      }),
    })),
  };
}

/** Selects the scores, without the pairs, which take megabytes. */
function selectScores(report: VerificationReport): Scores {
  const { accuracy, eer, auc, tarAtFar, rank1, angularFisherScore } = report;
  const { largestIntraClassAngle, smallestInterClassAngle } = report;
  return { accuracy, eer, auc, tarAtFar, rank1, angularFisherScore, largestIntraClassAngle, smallestInterClassAngle };
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

/** Requires the folder of a run, which may have been killed before its first checkpoint. */
async function requireCheckpoints(folder: string): Promise<void> {
  await readdir(folder).catch(() => {
    throw new UsageError(`--resume: no checkpoints in '${folder}'`);
  });
}

async function createOutput(path: string): Promise<void> {
  try {
    await createFolder(path);
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
