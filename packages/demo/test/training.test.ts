import { createHash } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@thetagrad/core';
import { glyphs, ImageDataset } from '@thetagrad/data';
import { decodeSafetensors } from '@thetagrad/nn';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Method, createMethods } from '../src/methods.ts';
import { UsageError } from '../src/options.ts';
import { Diverged, Interrupted, train, type Trained, type Training } from '../src/training.ts';
import { createTemporaryFolder } from './helpers.ts';

vi.setConfig({ testTimeout: 30_000 });

beforeEach(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true));
afterEach(() => vi.restoreAllMocks());

const folder = createTemporaryFolder();
const dataset = glyphs({ classes: 5, perClass: 4, size: 12 });
const steps = 12;
let files = 0;

/** Creates a training with batches of 4 of 20 images: an epoch has 5 steps. */
function makeTraining(changes: Partial<Training> = {}): Training {
  return {
    title: 'A-Softmax',
    method: createMethods([3], steps)[2]!,
    net: 'small',
    dataset,
    augmentation: { shift: 1, rotate: 5 },
    embedding: 6,
    steps,
    batch: 4,
    seed: 3,
    checkpoint: join(folder, `${files++}.safetensors`),
    resume: false,
    ...changes,
  };
}

/** Wraps a method to call `before` before each step, counted from 1. */
function watch(method: Method, before: (step: number) => void): Method {
  return {
    ...method,
    createHead: (...args) => {
      const head = method.createHead(...args);
      let step = 0;
      return Object.assign(head, {
        loss: (...inputs: Parameters<typeof head.loss>) => {
          before(++step);
          return Object.getPrototypeOf(head).loss.apply(head, inputs);
        },
      });
    },
  };
}

const never = new AbortController().signal;

/** Interrupts a training during step `at` of this run. */
async function interruptAt(at: number, training: Training): Promise<void> {
  const controller = new AbortController();
  const method = watch(training.method, (step) => step === at && controller.abort());
  await expect(train({ ...training, method }, controller.signal)).rejects.toBeInstanceOf(Interrupted);
}

/** Complete result of a training, to the bit, except for its time. */
async function resultOf({ checkpoint }: Training, { model, head, curve }: Trained): Promise<unknown> {
  const { tensors, metadata } = decodeSafetensors(readFileSync(checkpoint));
  const position = JSON.parse(metadata['position']!) as object;
  return {
    model: await digestsOf(model.stateDict()),
    head: await digestsOf(head.stateDict()),
    curve,
    file: await digestsOf(tensors),
    position: { ...position, seconds: 0 },
  };
}

/** Digests of the values of tensors, equal only for equal tensors. */
async function digestsOf(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, string>> {
  const digests = Object.entries(tensors).map(async ([name, tensor]): Promise<[string, string]> => {
    const digest = createHash('sha256').update(await tensor.data());
    return [name, `${tensor.dtype} [${tensor.shape.join()}] ${digest.digest('hex')}`];
  });
  return Object.fromEntries(await Promise.all(digests));
}

async function trainThrough(training: Training): Promise<unknown> {
  return resultOf(training, await train(training, never));
}

function positionIn(checkpoint: string): { step: number; next: object; curve: unknown[]; seconds: number } {
  return JSON.parse(decodeSafetensors(readFileSync(checkpoint)).metadata['position']!);
}

describe('a training', () => {
  test('gives one point of the curve per step, with falling λ, and saves its end in the checkpoint', async () => {
    const training = makeTraining();
    const { curve, seconds } = await train(training, never);
    expect(curve.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    for (const { loss, accuracy, lambda } of curve) {
      expect(loss).toBeGreaterThan(0);
      expect(accuracy * 4).toBeCloseTo(Math.round(accuracy * 4));
      expect(lambda).toBeGreaterThanOrEqual(5);
    }
    const lambdas = curve.map(({ lambda }) => lambda!);
    expect(lambdas).toEqual([...lambdas].sort((a, b) => b - a));
    expect(lambdas.at(-1)).toBe(5);
    expect(positionIn(training.checkpoint)).toMatchObject({ step: 12, next: { epoch: 2, step: 2 }, curve, seconds });
  });

  test('has no λ without a margin', async () => {
    const { curve } = await train(makeTraining({ method: createMethods([3], 2)[0]!, steps: 2 }), never);
    expect(curve.map((point) => Object.keys(point))).toEqual([
      ['step', 'loss', 'accuracy'],
      ['step', 'loss', 'accuracy'],
    ]);
  });

  test('is a function of its seed', async () => {
    const all = await Promise.all([1, 1, 2].map((seed) => trainThrough(makeTraining({ seed, steps: 3 }))));
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).not.toEqual(all[0]);
  });

  test('starts every method from the same network', async () => {
    const [first, ...others] = await Promise.all(
      createMethods([2, 4], steps).map(async (method) => {
        const { model } = await train(makeTraining({ method, steps: 1 }), never);
        // The first step of the warm-up has a learning rate of 0, which keeps the weights.
        return Object.entries(await digestsOf(model.stateDict())).filter(([name]) => !name.includes('running'));
      }),
    );
    expect(others).toHaveLength(3);
    for (const other of others) expect(other).toEqual(first);
  });

  test('limits the batch to the size of the data set', async () => {
    const training = makeTraining({ batch: 64, steps: 2 });
    const { curve } = await train(training, never);
    expect(curve).toHaveLength(2);
    expect(positionIn(training.checkpoint).next).toEqual({ epoch: 2, step: 0 });
  });
});

describe('an interrupted training', () => {
  let whole: unknown;
  beforeEach(async () => void (whole ??= await trainThrough(makeTraining())));

  test.each([1, 4, 5, 6, 11])('continues after step %i to the same bits', async (at) => {
    const training = makeTraining();
    await interruptAt(at, training);
    expect(positionIn(training.checkpoint).step).toBe(at);
    let stepCount = 0;
    const method = watch(training.method, () => stepCount++);
    const result = await train({ ...training, method, resume: true }, never);
    expect(stepCount).toBe(steps - at);
    expect(await resultOf(training, result)).toEqual(whole);
  });

  test('may be interrupted repeatedly', async () => {
    const training = makeTraining();
    await interruptAt(2, training);
    await interruptAt(1, { ...training, resume: true });
    await interruptAt(5, { ...training, resume: true });
    expect(positionIn(training.checkpoint).step).toBe(8);
    expect(await trainThrough({ ...training, resume: true })).toEqual(whole);
  });

  test('at its last step is complete', async () => {
    const training = makeTraining();
    await interruptAt(steps, training);
    const method = watch(training.method, () => {
      throw new Error('it trained again');
    });
    const result = await train({ ...training, method, resume: true }, never);
    expect(await resultOf(training, result)).toEqual(whole);
  });

  test('adds up its time', async () => {
    const training = makeTraining();
    await interruptAt(6, training);
    const before = positionIn(training.checkpoint).seconds;
    const { seconds } = await train({ ...training, resume: true }, never);
    expect(before).toBeGreaterThan(0);
    expect(seconds).toBeGreaterThan(before);
  });

  test('starts over without resume', async () => {
    const training = makeTraining();
    await interruptAt(6, training);
    expect(await trainThrough(training)).toEqual(whole);
  });

  test('that was killed continues from the last checkpoint, at most half a minute old', async () => {
    const training = makeTraining();
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (clock += 4000));
    const method = watch(training.method, (step) => {
      if (step === 10) throw new Error('killed');
    });
    await expect(train({ ...training, method }, never)).rejects.toThrow('killed');
    const { step, seconds } = positionIn(training.checkpoint);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(10);
    expect(clock / 1000 - seconds).toBeLessThan(40);
    expect(await trainThrough({ ...training, resume: true })).toEqual(whole);
  });
});

describe('with resume', () => {
  test('a finished training trains nothing and writes nothing', async () => {
    const training = makeTraining();
    const first = await train(training, never);
    const file = readFileSync(training.checkpoint);
    const method = watch(training.method, () => {
      throw new Error('it trained again');
    });
    const again = await train({ ...training, method, resume: true }, never);
    expect(again.curve).toEqual(first.curve);
    expect(again.seconds).toBe(first.seconds);
    expect(await digestsOf(again.model.stateDict())).toEqual(await digestsOf(first.model.stateDict()));
    expect(readFileSync(training.checkpoint).equals(file)).toBe(true);
  });

  test('and without a checkpoint, a training starts at the beginning', async () => {
    expect(await trainThrough(makeTraining({ resume: true }))).toEqual(await trainThrough(makeTraining()));
  });

  const { data, labels, channels, height, width } = dataset;
  const shape = { channels, height, width };
  const otherPixels = new ImageDataset({ ...shape, labels, data: data.map((value) => 255 - value) });
  const otherLabels = new ImageDataset({ ...shape, data, labels: labels.map((label) => 4 - label) });
  test.each<[string, Partial<Training>]>([
    ['seed', { seed: 4 }],
    ['number of steps', { steps: 13 }],
    ['batch size', { batch: 5 }],
    ['embedding', { embedding: 7 }],
    ['network', { net: 'sphereface4' }],
    ['margin', { method: createMethods([2], steps)[2]! }],
    ['loss', { method: createMethods([2], steps)[0]! }],
    ['set of images of the same size', { dataset: otherPixels }],
    ['set of labels', { dataset: otherLabels }],
  ])('a checkpoint of another %s is refused', async (_, changes) => {
    const training = makeTraining();
    await interruptAt(1, training);
    const file = readFileSync(training.checkpoint);
    const resumed = train({ ...training, ...changes, resume: true }, never);
    await expect(resumed).rejects.toBeInstanceOf(UsageError);
    await expect(resumed).rejects.toThrow(
      `--resume: '${training.checkpoint}': it belongs to another training (A-Softmax, m = 3, 20 images 1×12×12 `,
    );
    expect(readFileSync(training.checkpoint).equals(file)).toBe(true);
  });

  test.each<[string, (path: string) => void]>([
    ['truncated', (path) => truncateSync(path, 1000)],
    ['empty', (path) => writeFileSync(path, '')],
    ['of another format', (path) => writeFileSync(path, 'not a checkpoint at all')],
    ['of another program', (path) => writeFileSync(path, Buffer.from('\x02\0\0\0\0\0\0\0{}', 'latin1'))],
  ])('a checkpoint that is %s is refused in one line', async (_, damage) => {
    const training = makeTraining();
    await interruptAt(1, training);
    damage(training.checkpoint);
    const error: unknown = await train({ ...training, resume: true }, never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as UsageError;
    expect(message).toMatch(/^--resume: [^\n]+$/);
    expect(message).toContain(training.checkpoint);
  });
});

test('a loss that is not finite ends training, with the step and advice', async () => {
  const training = makeTraining();
  // Spoils the loss of the third step.
  const method: Method = {
    ...training.method,
    createHead: (...args) => {
      const head = training.method.createHead(...args);
      let step = 0;
      return Object.assign(head, {
        loss: (...inputs: Parameters<typeof head.loss>) =>
          (Object.getPrototypeOf(head) as typeof head).loss.apply(head, inputs).mul(++step === 3 ? NaN : 1),
      });
    },
  };
  const diverging = train({ ...training, method }, never);
  await expect(diverging).rejects.toBeInstanceOf(Diverged);
  await expect(diverging).rejects.toThrow(
    'A-Softmax: training diverged, the loss of step 3 is NaN; try another --seed',
  );
});
