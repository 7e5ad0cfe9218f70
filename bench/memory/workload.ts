// Runs one of the workloads and compares the growth of resident memory with its bound.
import { evaluate, setBackend, tensor, type Backend } from '@thetagrad/core';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { webGpuDriver } from '../../test/gpu/driver.ts';
import { workloads } from './workloads.ts';

const { workload: name, mode } = parseArgs({
  options: { workload: { type: 'string' }, mode: { type: 'string' } },
}).values;
const { title, count, bound, run } = workloads[name!]!;
const mebibyte = 2 ** 20;
const sampleCount = 5;

Object.assign(process.env, webGpuDriver()?.env);
const open = (): Promise<Backend> => (mode === undefined ? wasm({ threads: 2 }) : gpu({ mode: mode as GpuMode }));

setBackend(await open());
await evaluate(tensor([1]).add(1));
const start = process.memoryUsage().rss;
console.log(`${count} × ${title}`);
for (let i = 1; i <= count; i++) {
  await run(i, open);
  if (i % Math.ceil(count / sampleCount) !== 0) continue;
  globalThis.gc?.();
  await setTimeout(50);
  const { rss, heapUsed } = process.memoryUsage();
  console.log(
    `${String(i).padStart(6)}${((rss - start) / mebibyte).toFixed(0).padStart(8)} MiB more rss, heap ${(heapUsed / mebibyte).toFixed(0)} MiB`,
  );
}
const growth = (process.resourceUsage().maxRSS * 1024 - start) / mebibyte;
const isBounded = growth <= bound;
console.log(`at most ${growth.toFixed(0)} MiB more, bound ${bound} MiB: ${isBounded ? 'bounded' : 'GROWS'}`);
process.exit(isBounded ? 0 : 1);
