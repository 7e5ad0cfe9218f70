// Shows that a training loop as in the README needs no memory management: with batches of four sizes, memory does not
// grow after the first fifth of the steps. Runs 10,000 steps on wasm, and 2,000 in a mode of the GPU backend; collects
// garbage before each sample.
import { ASoftmaxHead, sphereFaceOptimizer } from '@thetagrad/a-softmax';
import { evaluate, setBackend, type Tensor, valueAndGrad } from '@thetagrad/core';
import { augment, batches, glyphs } from '@thetagrad/data';
import { BatchNorm2d, Conv2d, Flatten, Linear, manualSeed, PReLU, Sequential } from '@thetagrad/nn';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { best } from '@thetagrad/wasm';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { webGpuDriver } from '../../test/gpu/driver.ts';

const { mode } = parseArgs({ options: { mode: { type: 'string' } } }).values;
const steps = mode === undefined ? 10_000 : 2000;
const sampleInterval = steps / 10;
/** Step by which engines have compiled and caches are full. */
const warmStep = steps / 5;
const batchSizes = [30, 7, 18, 64];
const mebibyte = 2 ** 20;
/**
 * Tolerated growth after that. Memory in use on a device may grow by losses of 256 bytes each that wait for collection;
 * a leak of them in each step would be 0.4 MiB, of images 46 MiB, or 230 MiB on wasm. Allocated memory is the maximum
 * in use at once, so that it also depends on when the engine collects batches.
 */
const bounds: Sizes = { heap: 8 * mebibyte, rss: 24 * mebibyte, 'in use': 0.25 * mebibyte, device: mebibyte };

const { seen } = glyphs({ classes: 60, perClass: 10, size: 16, seed: 1 }).splitByClass({ seen: 50, seed: 1 });
const augmentation = augment({ shift: 1, rotate: 10, scale: [0.9, 1.1] });
const streams = batchSizes.map((batchSize) =>
  batches(seen, { batchSize, shuffle: true, seed: 1, augment: augmentation })[Symbol.asyncIterator](),
);
Object.assign(process.env, webGpuDriver()?.env);
const device = mode === undefined ? undefined : await gpu({ mode: mode as GpuMode });
const { backend, reason } = device ? { backend: device, reason: device.describe() } : await best();
setBackend(backend);
console.log(reason);

manualSeed(0);
const model = new Sequential(
  new Conv2d(1, 8, 3, { stride: 2, padding: 1, bias: false }),
  new BatchNorm2d(8),
  new PReLU(8),
  new Conv2d(8, 16, 3, { stride: 2, padding: 1, bias: false }),
  new BatchNorm2d(16),
  new PReLU(16),
  new Flatten(),
  new Linear(16 * 4 * 4, 32),
);
const head = new ASoftmaxHead(32, seen.classes, { margin: 3, lambda: { base: 100, gamma: 0.2 } });
const optimizer = sphereFaceOptimizer({ model, head }, { lr: 0.1 });
const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));

/** Measured sizes, in bytes. */
interface Sizes {
  /** Live objects and array buffers. */
  readonly heap: number;
  /** Resident memory of the process. */
  readonly rss: number;
  /** Memory that the backend has allocated on the device. */
  readonly device: number;
  /** Part of it that is in use. */
  readonly 'in use': number;
}

const kinds = device ? (['heap', 'rss', 'in use', 'device'] as const) : (['heap', 'rss'] as const);
const formatMebibytes = (kind: keyof Sizes, bytes: number): string =>
  (bytes / mebibyte).toFixed(kind === 'heap' || kind === 'rss' ? 1 : 2);

const samples = new Map<number, Sizes>();
console.log(`  step      loss${kinds.map((kind) => `${kind} MiB`.padStart(12)).join('')}`);
for (let step = 1; step <= steps; step++) {
  const { image, label } = (await streams[step % streams.length]!.next()).value!;
  const { value: loss, grads } = lossAndGrads(image, label);
  optimizer.update(grads);
  await evaluate(loss, model, head, optimizer);
  if (step % sampleInterval === 0) {
    // Twice, with a pause, because another thread frees array buffers after their collection.
    globalThis.gc?.();
    await setTimeout(50);
    globalThis.gc?.();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    const sizes = {
      heap: heapUsed + arrayBuffers,
      rss,
      device: device?.bytesAllocated ?? 0,
      'in use': device?.bytesInUse ?? 0,
    };
    samples.set(step, sizes);
    const columns = kinds.map((kind) => formatMebibytes(kind, sizes[kind]).padStart(12));
    console.log(`${String(step).padStart(6)}${(await loss.item()).toFixed(4).padStart(10)}${columns.join('')}`);
  }
}

// The least of several samples, since the collector frees some array buffers late.
const least = (kind: keyof Sizes, from: number, to: number): number =>
  Math.min(...[...samples].flatMap(([step, sizes]) => (step >= from && step <= to ? [sizes[kind]] : [])));
const middle = steps / 2;
for (const kind of kinds) {
  const growth = least(kind, middle + 1, steps) - least(kind, warmStep, middle);
  const isFlat = growth <= bounds[kind];
  const [actual, bound] = [growth, bounds[kind]].map((size) => formatMebibytes(kind, size));
  console.log(
    `${kind}: ${actual} MiB more from step ${middle} on than from step ${warmStep} on, at most ${bound}: ${isFlat ? 'flat' : 'GROWS'}`,
  );
  if (!isFlat) process.exitCode = 1;
}
if (!globalThis.gc) console.log('(without --expose-gc the heap includes garbage)');
