// Trains SphereFace-20 for a few steps and prints the most memory that this process ever held, in MiB.
import { type BackendName, useBackend } from '../backends.ts';
import { sphereFace20Batch, sphereFace20Step } from '../cases/training.ts';
import { computed, ours } from '../ours.ts';
import { sampleAsync } from '../sampling.ts';
import { memorySteps } from './memory.ts';

const [backend, threads] = process.argv.slice(2) as [BackendName, string];
await useBackend(backend, Number(threads));
const contender = ours(sphereFace20Step, computed(sphereFace20Batch()), sampleAsync);
for (let step = 0; step < memorySteps; step++) await contender.results();
console.log(process.resourceUsage().maxRSS / 1024);
// Without waiting for threads to end.
process.exit();
