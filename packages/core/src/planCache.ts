import type { Backend } from './schedule/backend.ts';
import type { Targets } from './graph/targets.ts';
import { structureKey } from './graph/key.ts';
import type { Plan } from './schedule/kernel.ts';
import { checkSizes } from './schedule/limits.ts';
import { schedule } from './schedule/schedule.ts';

/** For each backend its plans by structure of the graph, in order of use, the most recent last. */
const caches = new WeakMap<Backend, Map<string, Plan>>();
/** The limits of each cache, which bound its memory also if plans are large. */
const maxPlans = 64;
const maxKernels = 16_384;

/**
 * Returns the plan for a graph from an LRU cache, or schedules it.
 * @param operation the name for messages.
 * @throws {RangeError} if a kernel exceeds the limits of the backend.
 */
export function planFor(operation: string, backend: Backend, targets: Targets): Plan {
  let cache = caches.get(backend);
  if (!cache) caches.set(backend, (cache = new Map()));
  const key = structureKey(targets);
  const known = cache.get(key);
  const plan = known ?? schedule(targets, backend);
  if (!known) checkSizes(operation, backend, plan);
  cache.delete(key);
  cache.set(key, plan);
  if (!known) limitSize(cache, backend);
  return plan;
}

/** Releases the plans that were not used for longest, but not the last. */
function limitSize(cache: Map<string, Plan>, backend: Backend): void {
  let kernels = 0;
  for (const plan of cache.values()) kernels += plan.kernels.length;
  for (const [key, plan] of cache) {
    if (cache.size === 1 || (cache.size <= maxPlans && kernels <= maxKernels)) return;
    cache.delete(key);
    kernels -= plan.kernels.length;
    backend.release?.(plan);
  }
}
