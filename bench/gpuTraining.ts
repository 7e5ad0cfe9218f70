// Trains SphereFace-4 at the size of the paper (images of 112 × 96, 10,572 classes) for a few steps on the GPU backend
// and compares the losses with those of the portable backend: `npm run bench:gpu-training -- --mode webgpu`.
import { parseArgs } from 'node:util';
import { portable } from '@thetagrad/core';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { webGpuDriver } from '../test/gpu/driver.ts';
import { full, losses } from '../test/gpu/sphereface.ts';
import { parseCount } from './cli.ts';

/** Maximum relative difference of a loss from that of the portable backend. */
const tolerance = 1e-4;

const { values } = parseArgs({
  options: { mode: { type: 'string', default: 'webgpu' }, steps: { type: 'string', default: '5' } },
});
const steps = parseCount('--steps', values.steps);
Object.assign(process.env, webGpuDriver()?.env);
const backend = await gpu({ mode: values.mode as GpuMode });
console.log(`${backend.describe()}; batches of ${full.batch}`);

const expected = await losses(portable(), full, steps);
console.log('  step    portable         here   seconds');
let startTime = performance.now();
let step = 0;
const actual = await losses(backend, full, steps, (loss) => {
  const seconds = (performance.now() - startTime) / 1000;
  const numbers = [expected[step]!, loss].map((value) => value.toFixed(6).padStart(13));
  console.log(`${String(step).padStart(6)}${numbers.join('')}${seconds.toFixed(1).padStart(10)}`);
  step++;
  startTime = performance.now();
});

const difference = Math.max(...actual.map((loss, i) => Math.abs(loss / expected[i]! - 1)));
const isEqual = difference <= tolerance;
console.log(`${isEqual ? 'equal' : 'DIFFERENT'}: maximum relative difference of losses ${difference.toExponential(1)}`);
if (!isEqual) process.exitCode = 1;
