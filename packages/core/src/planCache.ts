import type { Backend } from './schedule/backend.ts';
import type { Targets } from './graph/targets.ts';
import { structureKey } from './graph/key.ts';
import type { Plan } from './schedule/kernel.ts';
import { schedule } from './schedule/schedule.ts';

/** For each backend its plans by structure of the graph, in order of use, the most recent last. */
const caches = new WeakMap<Backend, Map<string, Plan>>();
const maxPlans = 64;

/** Returns the plan for a graph from an LRU cache, or schedules it. */
export function planFor(backend: Backend, targets: Targets): Plan {
  let cache = caches.get(backend);
  if (!cache) caches.set(backend, (cache = new Map()));
  const key = structureKey(targets);
  const plan = cache.get(key) ?? schedule(targets, backend);
  cache.delete(key);
  cache.set(key, plan);
  const [oldest] = cache.entries();
  if (oldest && cache.size > maxPlans) {
    cache.delete(oldest[0]);
    backend.release?.(oldest[1]);
  }
  return plan;
}
