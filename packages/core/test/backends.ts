import { getBackend, setBackend, type Backend } from '../src/index.ts';
import type { Plan, Slot } from '../src/backend.ts';
import { describeKernel } from '../src/inspect/explain.ts';
import { mapSlots } from '../src/schedule/body.ts';

/** A backend that computes as the one in use does and notes the plans it was given. */
export interface Recorder extends Backend {
  readonly plans: Plan[];
}

export function recorder(change: (plan: Plan) => Plan = (plan) => plan): Recorder {
  const plans: Plan[] = [];
  const inUse = getBackend();
  return {
    name: 'recorder',
    dtypes: inUse.dtypes,
    plans,
    upload: (values, dtype) => inUse.upload(values, dtype),
    allocate: (dtype, size) => inUse.allocate(dtype, size),
    execute: (plan, inputs, outputs) => {
      plans.push(plan);
      inUse.execute(change(plan), inputs, outputs);
    },
  };
}

/** What f gives while another backend is in use. */
export function using<Result>(backend: Backend, f: () => Result): Result {
  const before = getBackend();
  setBackend(backend);
  try {
    return f();
  } finally {
    setBackend(before);
  }
}

/** The plans that f runs. */
export function plansOf(f: () => void): Plan[] {
  const backend = recorder();
  using(backend, f);
  return backend.plans;
}

/** The kernels that f runs, each as the operations fused into it. */
export function kernelsOf(f: () => void): string[] {
  return plansOf(f).flatMap((plan) => plan.kernels.map((kernel) => describeKernel(kernel).name));
}

export type ArenaSlot = Extract<Slot, { kind: 'arena' }>;

export function bytesOf({ dtype, size }: Slot): number {
  return size * { float32: 4, float64: 8, int32: 4, bool: 1 }[dtype];
}

/** The same plan with separate memory for each intermediate. */
export function disjoint({ kernels }: Plan): Plan {
  const slots = new Map<Slot, Slot>();
  let arenaBytes = 0;
  const separate = (slot: Slot): Slot => {
    if (slot.kind !== 'arena') return slot;
    let separated = slots.get(slot);
    if (!separated) {
      slots.set(slot, (separated = { ...slot, byteOffset: arenaBytes }));
      arenaBytes += Math.ceil(bytesOf(slot) / 64) * 64;
    }
    return separated;
  };
  return { kernels: kernels.map((kernel) => mapSlots(kernel, separate)), arenaBytes };
}
