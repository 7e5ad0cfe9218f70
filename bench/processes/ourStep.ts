// Trains SphereFace-20 for a few steps and prints the peak memory of this process, in MiB.
import { type BackendName, useBackend } from '../backends.ts';
import { drawSphereFace20Batch, sphereFace20Step } from '../cases/training.ts';
import { createOurContender, evaluateInputs } from '../ours.ts';
import { sampleAsync } from '../sampling.ts';
import { stepCount } from './memory.ts';

const [backend, threads] = process.argv.slice(2) as [BackendName, string];
await useBackend(backend, Number(threads), false);
const contender = createOurContender(sphereFace20Step, evaluateInputs(drawSphereFace20Batch()), sampleAsync);
for (let step = 0; step < stepCount; step++) await contender.results();
console.log(process.resourceUsage().maxRSS / 1024);
// Exits without waiting for threads.
process.exit();
