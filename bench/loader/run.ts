// Measures how long the steps of a training wait for data: a convolutional network on JPEG files of 64 × 64 pixels from shards, decoded
// in the loop or in worker threads. Alternates between them and prints the round with the shortest steps of each.
import { evaluate, setBackend, tensor, type Tensor, valueAndGrad } from '@thetagrad/core';
import { loader, type ShardPlace, shards, writeShards } from '@thetagrad/data/node';
import { Conv2d, crossEntropy, Flatten, Linear, manualSeed, MaxPool2d, ReLU, Sequential, SGD } from '@thetagrad/nn';
import { wasm } from '@thetagrad/wasm';
import { build } from 'esbuild';
import { encode } from 'jpeg-js';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import decode, { type DecodedBatch } from './decode.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '20' },
    threads: { type: 'string', default: '1' },
  },
});
const [rounds, steps, threads] = [Number(values.rounds), Number(values.steps), Number(values.threads)];
const [size, batchSize, classes, count] = [64, 32, 10, 320];
/** Steps of a round that are not measured: workers start, and engines compile. */
const warmSteps = 5;

setBackend(await wasm({ threads }));
manualSeed(0);
const model = new Sequential(
  new Conv2d(3, 32, 3, { padding: 1 }),
  new ReLU(),
  new MaxPool2d(2),
  new Conv2d(32, 64, 3, { padding: 1 }),
  new ReLU(),
  new MaxPool2d(2),
  new Conv2d(64, 128, 3, { padding: 1 }),
  new ReLU(),
  new MaxPool2d(2),
  new Flatten(),
  new Linear(128 * 8 * 8, classes),
);
const optimizer = new SGD(model, { lr: 0.01, momentum: 0.9 });
const lossAndGrads = valueAndGrad(model, (x: Tensor, y: Tensor) => crossEntropy(model.forward(x), y));

const folder = await mkdtemp(join(tmpdir(), 'loader-'));
try {
  const paths = await writeShards(folder, generateExamples(), { maxExamples: 80 });
  // In workers Node compiles no TypeScript.
  await build({
    entryPoints: [fileURLToPath(new URL('./decode.ts', import.meta.url))],
    outfile: join(folder, 'decode.mjs'),
    conditions: ['@thetagrad/source'],
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  const best = new Map<number, Times>();
  for (let round = 0; round < rounds; round++) {
    for (const workers of [0, 1, 2]) {
      const times = await train(paths, workers);
      const known = best.get(workers);
      if (known === undefined || times.total < known.total) best.set(workers, times);
    }
  }
  const load = loadavg()[0]!.toFixed(1);
  console.log(`${availableParallelism()} cores, load ${load}, ${threads} threads of wasm, batches of ${batchSize}`);
  for (const [workers, { total, waiting }] of best) {
    const where = workers === 0 ? 'in the loop' : `in ${workers} worker${workers === 1 ? '' : 's'}`;
    const share = ((100 * waiting) / total).toFixed(1);
    console.log(`decoded ${where}: ${(total / steps).toFixed(1)} ms a step, ${share}% of it waiting for data`);
  }
} finally {
  await rm(folder, { recursive: true });
}

/** Milliseconds of all measured steps, and those of them that wait for data. */
interface Times {
  readonly total: number;
  readonly waiting: number;
}

async function train(paths: readonly string[], workers: number): Promise<Times> {
  const stream = await shards(paths, { shuffle: true, buffer: 100, seed: 1 });
  const batches =
    workers === 0
      ? decodeInLoop(stream.places())
      : loader<DecodedBatch>(stream.places(), join(folder, 'decode.mjs'), { batchSize, workers, prefetch: 4 });
  let [total, waiting] = [0, 0];
  for (let step = -warmSteps; step < steps; step++) {
    const start = performance.now();
    const { image, label, shape } = (await batches.next()).value!;
    const waited = performance.now() - start;
    const { value: loss, grads } = lossAndGrads(tensor(image, { shape }), tensor(label));
    optimizer.update(grads);
    await evaluate(loss, model, optimizer);
    if (step < 0) continue;
    waiting += waited;
    total += performance.now() - start;
  }
  await batches.return!();
  return { total, waiting };
}

async function* decodeInLoop(places: Iterable<ShardPlace>): AsyncGenerator<DecodedBatch, undefined> {
  let batch: ShardPlace[] = [];
  for (const place of places) {
    if (batch.push(place) < batchSize) continue;
    yield decode(batch);
    batch = [];
  }
  return undefined;
}

/** Gratings, each class at its own angle, with noise. */
function* generateExamples(): Generator<{ key: string; files: Record<string, Uint8Array> }, void> {
  for (let i = 0; i < count; i++) {
    const data = new Uint8Array(size * size * 4);
    const angle = (Math.PI * (i % classes)) / classes;
    for (let pixel = 0; pixel < size * size; pixel++) {
      const along = (pixel % size) * Math.cos(angle) + Math.floor(pixel / size) * Math.sin(angle);
      const noise = (Math.imul(pixel + 1, 2654435761 * (i + 1)) >>> 24) / 4;
      for (let channel = 0; channel < 3; channel++)
        data[4 * pixel + channel] = 96 + 60 * Math.sin(along / 3 + channel) + noise;
    }
    const jpg = new Uint8Array(encode({ data, width: size, height: size }, 90).data);
    yield { key: String(i).padStart(4, '0'), files: { jpg, cls: new TextEncoder().encode(String(i % classes)) } };
  }
}
