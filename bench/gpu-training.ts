// Trains SphereFace-4 as in the paper, all its channels, images of 112 × 96 and 10,572 classes, for a few steps on a mode of
// the GPU backend, and compares losses with the reference backend's: `npm run bench:gpu-training -- --mode webgpu`.
import { parseArgs } from 'node:util';
import { reference } from '@thetagrad/core';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { webGpuDriver } from '../test/gpu/driver.ts';
import { full, losses } from '../test/gpu/sphereface.ts';

/** How far a loss may be from the reference's, relative to it. */
const tolerance = 1e-4;

const { values } = parseArgs({
  options: { mode: { type: 'string', default: 'webgpu' }, steps: { type: 'string', default: '5' } },
});
const steps = Number(values.steps);
if (!(Number.isSafeInteger(steps) && steps >= 1)) {
  throw new Error(`--steps must be an integer of at least 1, got '${values.steps}'`);
}
Object.assign(process.env, webGpuDriver()?.env);
const backend = await gpu({ mode: values.mode as GpuMode });
console.log(`${backend.describe()}; batches of ${full.batch}`);

const expected = await losses(reference(), full, steps);
console.log('  step    reference         here   seconds');
let began = performance.now();
let step = 0;
const found = await losses(backend, full, steps, (loss) => {
  const seconds = (performance.now() - began) / 1000;
  const numbers = [expected[step]!, loss].map((value) => value.toFixed(6).padStart(13));
  console.log(`${String(step).padStart(6)}${numbers.join('')}${seconds.toFixed(1).padStart(10)}`);
  step++;
  began = performance.now();
});

const furthest = Math.max(...found.map((loss, i) => Math.abs(loss / expected[i]! - 1)));
const same = furthest <= tolerance;
console.log(`${same ? 'the same' : 'DIFFERENT'}: losses differ by ${furthest.toExponential(1)} of themselves at most`);
if (!same) process.exitCode = 1;
