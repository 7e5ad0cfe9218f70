import { getBackend, reference, setBackend } from '@thetagrad/core';
import { verify } from '@thetagrad/a-softmax';
import type { ImageDataset } from '@thetagrad/data';
import type { GpuBackend, GpuMode } from '@thetagrad/gpu';
import { best, wasm, type Choice } from '@thetagrad/wasm';
import { access, constants, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { extractFeatures } from './features.ts';
import { type Method, methodsFor } from './methods.ts';
import { type BackendName, type Options, UsageError } from './options.ts';
import { type FeaturePlot, type MethodResult, type Report, type SampleSheet, writeReport } from './report/report.ts';
import { atMost, openSource, type Source } from './sources.ts';
import { resultsTable } from './table.ts';
import { train, type Training } from './training.ts';

/** The small trainings whose features are drawn: a plane has no room for more. */
const drawn = { classes: 6, imagesPerClass: 100, stepShare: 0.3 };

/** Trains with every loss, verifies, prints the table and writes the report. */
export async function runJob(options: Options, signal: AbortSignal): Promise<void> {
  const { out } = options;
  const { backend, reason } = await chooseBackend(options);
  setBackend(backend);
  const plan = await planJob(options);
  if (options.resume) await requireCheckpoints(plan.checkpoints);
  await makeFolder(plan.checkpoints);
  const { seen, unseen } = plan.source;
  console.log(`backend ${reason}`);
  console.log(
    `${plan.source.name}: ${seen.size} images of ${seen.classes} classes to train on, ${unseen.size} of ${unseen.classes} others to verify`,
  );
  if (!options.resume) {
    // Those of an earlier run must not be taken for this one's when this one is resumed.
    const { trainings, drawings } = plan;
    await Promise.all([...trainings, ...drawings].map(({ checkpoint }) => rm(checkpoint, { force: true })));
  }
  const methods = await measure(plan, signal);
  console.log(`\n${resultsTable(methods)}\n`);
  await writeFile(join(out, 'results.json'), `${JSON.stringify(summaryOf(options, methods), undefined, 2)}\n`);

  const report = join(out, 'report.html');
  await writeReport(report, describe(options, plan.source, methods, await draw(plan, signal)));
  console.log(`report: ${report}`);
}

/** What is to compute, from the options. */
export async function chooseBackend({ backend: name, threads }: Options): Promise<Choice> {
  if (name === 'reference') return { backend: reference(), reason: 'reference: plain TypeScript on one thread' };
  const options = threads === undefined ? {} : { threads };
  if (name === 'best') return best(options);
  const backend = name === 'wasm' ? await wasm(options) : await openGpu(name);
  return { backend, reason: backend.describe() };
}

/** @throws {UsageError} if the mode does not work here. */
async function openGpu(name: BackendName): Promise<GpuBackend> {
  const mode = name.split(':')[1] as GpuMode | undefined;
  // gpu.js takes a while to load.
  const { gpu } = await import('@thetagrad/gpu');
  try {
    return await gpu(mode === undefined ? {} : { mode });
  } catch (error) {
    throw new UsageError(`--backend ${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** What a run will do. */
export interface JobPlan {
  readonly source: Source;
  readonly seed: number;
  /** The folder of all checkpoints. */
  readonly checkpoints: string;
  /** One for each row of the table. */
  readonly trainings: readonly Training[];
  /** Those whose features are drawn, of the images in `few`. */
  readonly drawings: readonly Training[];
  readonly few: ImageDataset;
}

export async function planJob(options: Options): Promise<JobPlan> {
  const { margins, steps, embedding, seed } = options;
  const source = await openSource(options.data, seed);
  const checkpoints = join(options.out, 'checkpoints');
  const task = (title: string, method: Method, dataset: ImageDataset, dimension: number, count: number): Training => ({
    title,
    method,
    dataset,
    embedding: dimension,
    steps: count,
    net: options.net,
    batch: options.batch,
    seed,
    resume: options.resume,
    variation: source.variation,
    checkpoint: join(checkpoints, `${fileName(title)}.safetensors`),
  });
  const { seen } = source;
  const someClasses = Array.from({ length: Math.min(drawn.classes, seen.classes) }, (_, i) => i);
  const few = atMost(drawn.imagesPerClass, seen.selectClasses(someClasses));
  const fewSteps = Math.max(1, Math.round(steps * drawn.stepShare));
  return {
    source,
    seed,
    checkpoints,
    few,
    trainings: methodsFor(margins, steps).map((method) => task(method.name, method, seen, embedding, steps)),
    drawings: [2, 3].flatMap((dimension) =>
      drawnMethods(margins, fewSteps).map((method) =>
        task(`${method.name}, ${dimension}-D`, method, few, dimension, fewSteps),
      ),
    ),
  };
}

/** Trains with every loss, and verifies each on the unseen classes. */
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

async function draw({ drawings, few }: JobPlan, signal: AbortSignal): Promise<FeaturePlot[]> {
  const planes: FeaturePlot[] = [];
  for (const training of drawings) {
    const { model, head } = await train(training, signal);
    planes.push({
      method: training.method.name,
      dimension: training.embedding as 2 | 3,
      features: (await extractFeatures(model, few, false, signal)).values,
      labels: few.labels,
      classNames: few.classNames,
      weights: (await head.weight.value.data()) as Float32Array,
    });
  }
  return planes;
}

/** Softmax, modified softmax, and A-Softmax with the largest margin. */
function drawnMethods(margins: readonly number[], steps: number): Method[] {
  return methodsFor([Math.max(...margins)], steps);
}

function describe(
  options: Options,
  source: Source,
  methods: readonly MethodResult[],
  planes: readonly FeaturePlot[],
): Report {
  const { seen, unseen } = source;
  const { data, net, margins, embedding, steps, batch, seed, backend, threads, out } = options;
  const command = `npm start -- --data ${quoted(data)} --net ${net} --margins ${margins.join(',')} --embedding ${embedding} --steps ${steps} --batch ${batch} --seed ${seed} --backend ${backend}${threads === undefined ? '' : ` --threads ${threads}`} --out ${quoted(out)}`;
  return {
    title: 'Telling unseen classes apart: softmax, modified softmax and A-Softmax',
    created: new Date(),
    command,
    facts: Object.entries({
      'data set': source.name,
      'seen classes': `${seen.classes}, ${seen.size} images`,
      'unseen classes': `${unseen.classes}, ${unseen.size} images`,
      images: `${seen.channels} × ${seen.height} × ${seen.width}`,
      network: net,
      'feature length': `${embedding}${source.mirror ? ', joined with that of the mirror image' : ''}`,
      training: `${steps} steps of ${batch} images`,
      seed: String(seed),
      backend: getBackend().name,
      machine: `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    }).map(([name, value]) => ({ name, value })),
    samples: { seen: sheet(seen), unseen: sheet(unseen) },
    methods,
    planes,
  };
}

/** The numbers of the table for other programs; the same whether or not the run was interrupted. */
function summaryOf({ resume: _, ...options }: Options, methods: readonly MethodResult[]): unknown {
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

/** A few images of the first classes. */
function sheet(dataset: ImageDataset): SampleSheet {
  const few = atMost(10, dataset.selectClasses(Array.from({ length: Math.min(8, dataset.classes) }, (_, i) => i)));
  const rows = few.classNames.map((className, label) => ({
    className,
    images: [...few.labels.keys()].filter((i) => few.labels[i] === label).map((i) => few.example(i).image),
  }));
  return { height: few.height, width: few.width, channels: few.channels as 1 | 3, rows };
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fileName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

async function requireCheckpoints(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.some((name) => name.endsWith('.safetensors'))) return;
  throw new UsageError(`--resume: there are no checkpoints in '${folder}'`);
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--out: cannot write to '${path}': ${(error as Error).message}`);
  }
}
