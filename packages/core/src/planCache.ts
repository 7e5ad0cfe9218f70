import { signatureOf } from './graph/signature.ts';
import type { Targets } from './graph/targets.ts';
import type { Backend } from './schedule/backend.ts';
import type { Plan } from './schedule/kernel.ts';
import { checkSizes } from './schedule/limits.ts';
import { planBytes } from './schedule/planBytes.ts';
import { schedule } from './schedule/schedule.ts';

/** The maximum of an estimate of the memory of a backend's cached plans. */
const maxCacheBytes = 64 * 2 ** 20;

interface Entry {
  readonly signature: Int32Array;
  readonly plan: Plan;
  readonly bytes: number;
}

export interface PlanCacheOptions {
  /** The maximum of an estimate of the memory of all plans. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** Maps equal signatures to equal numbers. */
  readonly hash?: (signature: Int32Array) => number;
  /** Is called with each plan that is dropped. */
  readonly release?: (plan: Plan) => void;
}

/** Plans by signature. Beyond a size, those that were not used for longest are dropped. */
export class PlanCache {
  readonly #maxBytes: number;
  readonly #hash: (signature: Int32Array) => number;
  readonly #release: ((plan: Plan) => void) | undefined;
  readonly #byHash = new Map<number, Entry[]>();
  /** In order of use, the most recent last. */
  readonly #entries = new Set<Entry>();
  readonly #byPlan = new WeakMap<Plan, Entry>();
  #bytes = 0;

  constructor({ maxBytes = maxCacheBytes, hash = hashOf, release }: PlanCacheOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#hash = hash;
    this.#release = release;
  }

  /** The number of plans. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the plan of this signature, or creates and keeps it. */
  get(signature: Int32Array, create: () => Plan): Plan {
    const hash = this.#hash(signature);
    const known = this.#byHash.get(hash)?.find((entry) => sameSignature(entry.signature, signature));
    if (known) {
      this.#markUsed(known);
      return known.plan;
    }
    const key = signature.slice();
    const plan = create();
    const entry = { signature: key, plan, bytes: key.byteLength + planBytes(plan) };
    const bucket = this.#byHash.get(hash);
    if (bucket) bucket.push(entry);
    else this.#byHash.set(hash, [entry]);
    this.#entries.add(entry);
    this.#byPlan.set(plan, entry);
    this.#bytes += entry.bytes;
    this.#drop();
    return plan;
  }

  /** Marks a plan as used; `false` if it has been dropped. */
  use(plan: Plan): boolean {
    const entry = this.#byPlan.get(plan);
    if (!entry || !this.#entries.has(entry)) return false;
    this.#markUsed(entry);
    return true;
  }

  #markUsed(entry: Entry): void {
    this.#entries.delete(entry);
    this.#entries.add(entry);
  }

  /** Drops the plans that were not used for longest, but not the last. */
  #drop(): void {
    for (const entry of this.#entries) {
      if (this.#bytes <= this.#maxBytes || this.#entries.size === 1) return;
      const hash = this.#hash(entry.signature);
      const others = this.#byHash.get(hash)!.filter((other) => other !== entry);
      if (others.length > 0) this.#byHash.set(hash, others);
      else this.#byHash.delete(hash);
      this.#entries.delete(entry);
      this.#bytes -= entry.bytes;
      this.#release?.(entry.plan);
    }
  }
}

const caches = new WeakMap<Backend, PlanCache>();

/**
 * Returns the plan for a graph from the cache of the backend, or schedules it.
 * @param operation the name for messages.
 * @throws {RangeError} if a kernel exceeds the limits of the backend.
 */
export function planFor(operation: string, backend: Backend, targets: Targets): Plan {
  let cache = caches.get(backend);
  if (!cache) caches.set(backend, (cache = new PlanCache({ release: (plan) => backend.release?.(plan) })));
  return cache.get(signatureOf(targets), () => {
    const plan = schedule(targets, backend);
    checkSizes(operation, backend, plan);
    return plan;
  });
}

/** Marks a plan of the backend as used; `false` if the cache has dropped it. */
export function usePlan(backend: Backend, plan: Plan): boolean {
  return caches.get(backend)?.use(plan) ?? false;
}

/** A hash of all words (FNV-1a, by words). */
function hashOf(signature: Int32Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < signature.length; i++) hash = Math.imul(hash ^ signature[i]!, 0x01000193);
  return hash;
}

function sameSignature(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
