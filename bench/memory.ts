// Shows that a training loop written as in the README needs no memory management: what it holds after a fifth of its steps,
// of batches of four sizes, it holds after all. Run by `npm run bench:memory`, which lets it collect garbage before each
// sample: 10,000 steps on wasm, and with `-- --mode webgpu`, or another mode of the GPU backend, 2,000 on that.
import { ASoftmaxHead, sphereFaceOptimizer } from '@thetagrad/a-softmax';
import { evaluate, setBackend, type Tensor, valueAndGrad } from '@thetagrad/core';
import { augment, batches, glyphs } from '@thetagrad/data';
import { BatchNorm2d, Conv2d, Flatten, Linear, manualSeed, PReLU, Sequential } from '@thetagrad/nn';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { best } from '@thetagrad/wasm';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { webGpuDriver } from '../test/gpu/driver.ts';

const { mode } = parseArgs({ options: { mode: { type: 'string' } } }).values;
const steps = mode === undefined ? 10_000 : 2000;
const every = steps / 10;
/** Until here engines compile and caches fill. */
const settled = steps / 5;
const batchSizes = [30, 7, 18, 64];
const mebibyte = 2 ** 20;
/**
 * What may come on top after that, for the engine's own moods. On a device, what is in use may grow by losses that wait to be
 * collected, of 256 bytes each: leaked in each step, they alone would be 0.4 MiB, and images of a batch 46 MiB, or 230 MiB on
 * wasm. What is allocated is the most that was in use at once, so it also depends on when the engine collects batches.
 */
const bounds: Sizes = { heap: 8 * mebibyte, rss: 24 * mebibyte, 'in use': 0.25 * mebibyte, device: mebibyte };

const { seen } = glyphs({ classes: 60, perClass: 10, size: 16, seed: 1 }).splitByClass({ seen: 50, seed: 1 });
const vary = augment({ shift: 1, rotate: 10, scale: [0.9, 1.1] });
const streams = batchSizes.map((batchSize) =>
  batches(seen, { batchSize, shuffle: true, seed: 1, augment: vary })[Symbol.asyncIterator](),
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
const optimizer = sphereFaceOptimizer({ model, head }, { learningRate: 0.1 });
const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));

/** What is measured, in bytes. */
interface Sizes {
  /** Objects and array buffers that are alive. */
  readonly heap: number;
  /** What the process takes of the machine's memory. */
  readonly rss: number;
  /** What the backend has taken of a device's memory, and what of it is used. */
  readonly device: number;
  readonly 'in use': number;
}

const kinds = device ? (['heap', 'rss', 'in use', 'device'] as const) : (['heap', 'rss'] as const);
const mebibytes = (kind: keyof Sizes, bytes: number): string =>
  (bytes / mebibyte).toFixed(kind === 'heap' || kind === 'rss' ? 1 : 2);

const samples = new Map<number, Sizes>();
console.log(`  step      loss${kinds.map((kind) => `${kind} MiB`.padStart(12)).join('')}`);
for (let step = 1; step <= steps; step++) {
  const { image, label } = (await streams[step % streams.length]!.next()).value!;
  const { value: loss, grads } = lossAndGrads(image, label);
  optimizer.update(grads);
  await evaluate(loss, model, head, optimizer);
  if (step % every === 0) {
    // Array buffers are freed on another thread after their collection: twice, with time in between.
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
    const columns = kinds.map((kind) => mebibytes(kind, sizes[kind]).padStart(12));
    console.log(`${String(step).padStart(6)}${(await loss.item()).toFixed(4).padStart(10)}${columns.join('')}`);
  }
}

for (const kind of kinds) {
  const growth = samples.get(steps)![kind] - samples.get(settled)![kind];
  const flat = growth <= bounds[kind];
  const [shown, bound] = [growth, bounds[kind]].map((size) => mebibytes(kind, size));
  console.log(
    `${kind}: ${shown} MiB more at step ${steps} than at step ${settled}, at most ${bound}: ${flat ? 'flat' : 'GROWS'}`,
  );
  if (!flat) process.exitCode = 1;
}
if (!globalThis.gc) console.log('(without --expose-gc the heap includes garbage)');
