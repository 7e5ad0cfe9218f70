import type { Backend } from './schedule/backend.ts';
import type { Targets } from './graph/targets.ts';
import { structureKey } from './graph/key.ts';
import type { Plan } from './schedule/kernel.ts';
import { schedule } from './schedule/schedule.ts';

/** For each backend its plans by structure of the graph, in order of use, the most recent last. */
const caches = new WeakMap<Backend, Map<string, Plan>>();
/** The limits of each cache, which bound its memory also if plans are large. */
const maxPlans = 64;
const maxKernels = 16_384;

/** Returns the plan for a graph from an LRU cache, or schedules it. */
export function planFor(backend: Backend, targets: Targets): Plan {
  let cache = caches.get(backend);
  if (!cache) caches.set(backend, (cache = new Map()));
  const key = structureKey(targets);
  const plan = cache.get(key) ?? schedule(targets, backend);
  cache.delete(key);
  cache.set(key, plan);
  let kernels = 0;
  for (const { kernels: own } of cache.values()) kernels += own.length;
  for (const [oldestKey, oldest] of cache) {
    if (oldest === plan || (cache.size <= maxPlans && kernels <= maxKernels)) break;
    cache.delete(oldestKey);
    kernels -= oldest.kernels.length;
    backend.release?.(oldest);
  }
  return plan;
}
