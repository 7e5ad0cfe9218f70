import { AngularMarginHead, type ClassificationHead } from '@thetagrad/a-softmax';
import { evaluate, type Key, random, type Tensor, valueAndGrad } from '@thetagrad/core';
import { augment, batches, type AugmentOptions, type ImageDataset } from '@thetagrad/data';
import { accuracy, clipGradNorm, type Module, schedules, SGD } from '@thetagrad/nn';
import { loadCheckpoint, saveCheckpoint } from '@thetagrad/nn/node';
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Method } from './methods.ts';
import { createNetwork } from './networks.ts';
import { UsageError } from './options.ts';
import { type PhaseProgress, silentPhase } from './progress.ts';
import { type CurvePoint, type Expected, parseProgress, type Progress } from './savedProgress.ts';

/** Training of one network with one loss. */
export interface Training {
  /** Name on the screen. */
  readonly title: string;
  readonly method: Method;
  readonly net: string;
  readonly dataset: ImageDataset;
  readonly augmentation: AugmentOptions;
  readonly embedding: number;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  /** Path of the checkpoint. */
  readonly checkpoint: string;
  /** Continues from the checkpoint, if there is one. */
  readonly resume: boolean;
}

/** Result of a training. */
export interface Trained {
  readonly model: Module;
  readonly head: ClassificationHead;
  readonly curve: readonly CurvePoint[];
  /** Training time, over all runs. */
  readonly seconds: number;
}

/** Reports that a signal ended a training, after writing the checkpoint. */
export class Interrupted extends Error {}

/** Reports that the loss or the features are not finite. */
export class Diverged extends Error {}

interface Parts {
  readonly model: Module;
  readonly head: ClassificationHead;
  readonly optimizer: SGD;
}

const learningRate = 0.1;
const warmUpSteps = 20;
const maxGradientNorm = 5;
/** Seconds between checkpoints: the most training that a killed process loses. */
const saveInterval = 30;

/**
 * Trains from the beginning or from a checkpoint, with the same result.
 * @throws {Interrupted} if the signal is aborted, after saving the state.
 * @throws {Diverged} if the loss is not finite.
 * @throws {UsageError} if the checkpoint belongs to another training, or is damaged.
 */
export async function train(
  training: Training,
  signal: AbortSignal,
  phase: PhaseProgress = silentPhase,
): Promise<Trained> {
  const { method, dataset, embedding, steps, batch, seed, checkpoint } = training;
  const [modelKey, headKey] = random.key(seed).split() as [Key, Key];
  const model = createNetwork(training.net, dataset, embedding, modelKey);
  const head = method.createHead(embedding, dataset.classes, headKey);
  const optimizer = createOptimizer(model, head, steps);
  const parts: Parts = { model, head, optimizer };
  const batchSize = Math.min(batch, dataset.size);
  const task = describeTask(training);
  const initial: Progress = { task, step: 0, next: { epoch: 0, step: 0 }, curve: [], seconds: 0 };
  const expected: Expected = {
    task,
    steps,
    stepsPerEpoch: Math.floor(dataset.size / batchSize),
    hasLambda: head instanceof AngularMarginHead,
  };
  let progress = training.resume ? ((await restore(checkpoint, parts, expected)) ?? initial) : initial;

  const startTime = performance.now();
  const { step: firstStep, seconds: previousSeconds } = progress;
  const metrics: { accuracy?: Tensor } = {};
  const lossAndGrad = valueAndGrad({ model, head }, (images: Tensor, labels: Tensor) => {
    const features = model.forward(images);
    metrics.accuracy = accuracy(head.forward(features), labels);
    return head.loss(features, labels);
  });
  phase.skip(firstStep);
  const stream = batches(dataset, {
    batchSize,
    shuffle: true,
    dropLast: true,
    seed,
    augment: augment(training.augmentation),
    start: progress.next,
  });
  let smoothed = progress.curve.at(-1)?.loss;
  let step = firstStep;
  let savedTime = startTime;
  const curve = [...progress.curve];
  for await (const { image, label, next } of stream) {
    if (step >= steps) break;
    const { value, grads } = lossAndGrad(image, label);
    optimizer.update(clipGradNorm(grads, maxGradientNorm).grads);
    const lambda = head instanceof AngularMarginHead ? head.lambda : undefined;
    await evaluate(value, metrics, lambda ?? [], model, head, optimizer);
    step++;
    const loss = await value.item();
    if (!Number.isFinite(loss)) {
      throw new Diverged(
        `${training.title}: training diverged, the loss of step ${step} is ${loss}; ${describeRemedy(training)}`,
      );
    }
    curve.push({
      step,
      loss,
      accuracy: await metrics.accuracy!.item(),
      ...(lambda && { lambda: await lambda.item() }),
    });
    const elapsed = (performance.now() - startTime) / 1000;
    smoothed = smoothed === undefined ? loss : 0.95 * smoothed + 0.05 * loss;
    const rate = ((step - firstStep) * batchSize) / elapsed;
    phase.update(step, `loss ${smoothed.toFixed(3)}, ${rate.toFixed(0)} images/s`);
    // Yields to the event loop, which delivers signals and updates the display.
    await setImmediate();
    if (signal.aborted || step === steps || performance.now() - savedTime > saveInterval * 1000) {
      progress = { ...progress, step, next, curve, seconds: previousSeconds + elapsed };
      await saveCheckpoint(checkpoint, { ...parts }, progress);
      savedTime = performance.now();
      if (signal.aborted) throw new Interrupted();
    }
  }
  return { model, head, curve: progress.curve, seconds: progress.seconds };
}

/** What to do about a training that diverged. */
export function describeRemedy({ resume, checkpoint }: Training): string {
  return `try another --seed${resume ? `, or delete '${checkpoint}'` : ''}`;
}

/** Creates the optimizer, with SphereFace's settings and a learning rate for few steps. */
function createOptimizer(model: Module, head: ClassificationHead, steps: number): SGD {
  const warmUp = { steps: Math.min(warmUpSteps, steps) };
  return new SGD(
    { model, head },
    {
      lr: schedules.warmup(schedules.cosine(learningRate, { steps }), warmUp),
      momentum: 0.9,
      weightDecay: 5e-4,
      // SphereFace's settings for biases, also for slopes of PReLU and parameters of batch normalization.
      groups: [{ match: (_name, { shape }) => shape.length <= 1, lrMultiplier: 2, weightDecayMultiplier: 0 }],
    },
  );
}

/** Describes what must match to continue from a checkpoint. */
function describeTask({ method, net, dataset, embedding, steps, batch, seed }: Training): string {
  const { channels, height, width, classes, size, data, labels } = dataset;
  const digest = createHash('sha256').update(data).update(labels).digest('hex').slice(0, 16);
  const images = `${size} images ${channels}×${height}×${width} of ${classes} classes (${digest})`;
  return `${method.name}, ${images}, net ${net}, embedding ${embedding}, ${steps} steps of ${batch}, seed ${seed}`;
}

/**
 * Loads the checkpoint into the parts and returns its progress, or `undefined` if there is none.
 * @throws {UsageError} naming the file and the field, if it does not fit the training or contradicts itself.
 */
async function restore(path: string, parts: Parts, expected: Expected): Promise<Progress | undefined> {
  try {
    // Checks the progress first, whose errors say more than those of parts that do not fit.
    const progress = parseProgress(await loadCheckpoint(path, {}), expected);
    await loadCheckpoint(path, { ...parts });
    await checkParts(parts, progress.step);
    return progress;
  } catch (error) {
    const { cause, message } = error as Error;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    const isNamed = message.includes('loadCheckpoint: ');
    throw new UsageError(`--resume: ${isNamed ? message : `'${path}': ${message}`}`, { cause: error });
  }
}

/** Checks that the counts in the parts are those of the progress, all values finite, and variances not negative. */
async function checkParts({ model, head, optimizer }: Parts, step: number): Promise<void> {
  const iteration = head instanceof AngularMarginHead ? await head.iteration.value.item() : step;
  for (const [name, count] of Object.entries({ 'optimizer.step': optimizer.step, 'head.iteration': iteration })) {
    if (count !== step) throw new RangeError(`${name} must be ${step}, got ${count}`);
  }
  for (const [part, stateful] of Object.entries({ model, head, optimizer })) {
    for (const [name, value] of Object.entries(stateful.stateDict())) {
      const values = await value.data();
      if (!values.every(Number.isFinite)) throw new RangeError(`${part}.${name} has values that are not finite`);
      if (name.endsWith('runningVar') && values.some((variance) => variance < 0))
        throw new RangeError(`${part}.${name} has negative values, which are no variances`);
    }
  }
}
