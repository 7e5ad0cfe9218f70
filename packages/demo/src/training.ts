import { AngularMarginHead, type ClassificationHead } from '@thetagrad/a-softmax';
import { evaluate, type Key, random, type Tensor, valueAndGrad } from '@thetagrad/core';
import { augment, batches, type AugmentOptions, type ImageDataset } from '@thetagrad/data';
import { accuracy, clipByGlobalNorm, type Module, schedules, SGD } from '@thetagrad/nn';
import { loadCheckpoint, saveCheckpoint } from '@thetagrad/nn/node';
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Method } from './methods.ts';
import { createNetwork } from './networks.ts';
import { UsageError } from './options.ts';
import { showProgress } from './progress.ts';

/** One network to train with one loss. */
export interface Training {
  /** What to call it on the screen. */
  readonly title: string;
  readonly method: Method;
  readonly net: string;
  readonly dataset: ImageDataset;
  readonly variation: AugmentOptions;
  readonly embedding: number;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  /** Where its state is kept. */
  readonly checkpoint: string;
  /** Go on from the checkpoint, if there is one. */
  readonly resume: boolean;
}

export type CurvePoint = {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly lambda?: number;
};

export interface Trained {
  readonly model: Module;
  readonly head: ClassificationHead;
  readonly curve: readonly CurvePoint[];
  /** Time spent training. */
  readonly seconds: number;
}

/** What a checkpoint holds beside tensors. */
type Progress = {
  /** What was trained: going on with anything else would not give the same result. */
  readonly task: string;
  readonly step: number;
  readonly next: { readonly epoch: number; readonly step: number };
  readonly curve: readonly CurvePoint[];
  readonly seconds: number;
};

/** Thrown when a signal ended training; the checkpoint has been written. */
export class Interrupted extends Error {}

/** Thrown when the loss is not a finite number any more; the last checkpoint is from before. */
export class Diverged extends Error {}

const learningRate = 0.1;
const warmUpSteps = 20;
const largestGradient = 5;
/** Seconds of training that are lost at most when the process is killed. */
const saveInterval = 30;

/**
 * Trains, or takes up where a checkpoint left off: with the same result as without the pause.
 * @throws {Interrupted} when the signal is aborted, with the state saved.
 * @throws {Diverged} when the loss is not finite.
 * @throws {UsageError} if the checkpoint is of another training, or damaged.
 */
export async function train(training: Training, signal: AbortSignal): Promise<Trained> {
  const { method, dataset, embedding, steps, batch, seed, checkpoint } = training;
  const [modelKey, headKey] = random.key(seed).split() as [Key, Key];
  const model = createNetwork(training.net, dataset, embedding, modelKey);
  const head = method.createHead(embedding, dataset.classes, headKey);
  const optimizer = new SGD(
    { model, head },
    {
      learningRate: schedules.warmUp(schedules.cosine(learningRate, { steps }), {
        steps: Math.min(warmUpSteps, steps),
      }),
      momentum: 0.9,
      weightDecay: 5e-4,
      // As SphereFace trains biases; the slopes of PReLU and the parameters of batch normalisation go with them.
      groups: [{ match: (_name, { shape }) => shape.length <= 1, learningRateMultiplier: 2, weightDecayMultiplier: 0 }],
    },
  );
  const parts = { model, head, optimizer };
  const begin: Progress = { task: taskOf(training), step: 0, next: { epoch: 0, step: 0 }, curve: [], seconds: 0 };
  const batchSize = Math.min(batch, dataset.size);
  let progress = training.resume ? ((await restore(checkpoint, parts, begin.task)) ?? begin) : begin;

  const began = performance.now();
  const { step: first, seconds: secondsBefore } = progress;
  const measured: { accuracy?: Tensor } = {};
  const lossAndGrad = valueAndGrad({ model, head }, (images: Tensor, labels: Tensor) => {
    const features = model.forward(images);
    measured.accuracy = accuracy(head.forward(features), labels);
    return head.loss(features, labels);
  });
  const shown = showProgress(training.title, steps, first);
  try {
    const stream = batches(dataset, {
      batchSize,
      shuffle: true,
      dropLast: true,
      seed,
      augment: augment(training.variation),
      start: progress.next,
    });
    let smoothed = progress.curve.at(-1)?.loss;
    let step = first;
    let saved = began;
    const curve = [...progress.curve];
    for await (const { image, label, next } of stream) {
      if (step >= steps) break;
      const { value, grads } = lossAndGrad(image, label);
      optimizer.update(clipByGlobalNorm(grads, largestGradient).grads);
      const lambda = head instanceof AngularMarginHead ? head.lambda : undefined;
      await evaluate(value, measured, lambda ?? [], model, head, optimizer);
      step++;
      const loss = await value.item();
      if (!Number.isFinite(loss)) {
        throw new Diverged(
          `${training.title}: training diverged, the loss of step ${step} is ${loss}; try another --seed`,
        );
      }
      curve.push({
        step,
        loss,
        accuracy: await measured.accuracy!.item(),
        ...(lambda && { lambda: await lambda.item() }),
      });
      const elapsed = (performance.now() - began) / 1000;
      smoothed = smoothed === undefined ? loss : 0.95 * smoothed + 0.05 * loss;
      shown.update(step, smoothed, ((step - first) * batchSize) / elapsed);
      // Signals and timers are served between steps.
      await setImmediate();
      if (signal.aborted || step === steps || performance.now() - saved > saveInterval * 1000) {
        progress = { ...progress, step, next, curve, seconds: secondsBefore + elapsed };
        await saveCheckpoint(checkpoint, parts, progress);
        saved = performance.now();
        if (signal.aborted) throw new Interrupted();
      }
    }
  } finally {
    shown.stop();
  }
  return { model, head, curve: progress.curve, seconds: progress.seconds };
}

/** What must be the same for a checkpoint to be of use. */
function taskOf({ method, net, dataset, embedding, steps, batch, seed }: Training): string {
  const { channels, height, width, classes, size, data, labels } = dataset;
  const digest = createHash('sha256').update(data).update(labels).digest('hex').slice(0, 16);
  const images = `${size} images ${channels}×${height}×${width} of ${classes} classes (${digest})`;
  return `${method.name}, ${images}, net ${net}, embedding ${embedding}, ${steps} steps of ${batch}, seed ${seed}`;
}

/** Loads the checkpoint into the parts, and tells how far it is; `undefined` if there is none. */
async function restore(
  path: string,
  parts: Parameters<typeof loadCheckpoint>[1],
  task: string,
): Promise<Progress | undefined> {
  const present = await access(path).then(
    () => true,
    () => false,
  );
  if (!present) return undefined;
  let progress: Partial<Progress> | null;
  try {
    // First what it is of: parts of another training would not fit, for reasons that say less.
    progress = (await loadCheckpoint(path, {})) as Partial<Progress> | null;
    if (progress?.task === task) await loadCheckpoint(path, parts);
  } catch (error) {
    throw new UsageError(`--resume: ${(error as Error).message}`);
  }
  if (progress?.task === task) return progress as Progress;
  throw new UsageError(`--resume: '${path}' is of another training (${progress?.task ?? 'unknown'})`);
}
