import { withBackend } from '../../../test/support/withBackend.ts';
import { getBackend, type Backend } from '../src/index.ts';
import type { Plan, Slot } from '../src/backend.ts';
import { describeKernel } from '../src/inspect/explain.ts';
import { mapSlots } from '../src/schedule/body.ts';

export { withBackend };

/** A backend that records the plans that it executes. */
export interface Recorder extends Backend {
  readonly plans: Plan[];
}

/** Creates a recorder that executes plans on the current backend, as `change` returns them. */
export function recorder(change: (plan: Plan) => Plan = (plan) => plan): Recorder {
  const plans: Plan[] = [];
  const current = getBackend();
  return {
    name: 'recorder',
    dtypes: current.dtypes,
    plans,
    upload: (values, dtype) => current.upload(values, dtype),
    allocate: (dtype, size) => current.allocate(dtype, size),
    subarray: (buffer, start, size) => current.subarray!(buffer, start, size),
    execute: (plan, inputs, outputs) => {
      plans.push(plan);
      current.execute(change(plan), inputs, outputs);
    },
  };
}

/** The plans that f runs. */
export function plansOf(f: () => void): Plan[] {
  const backend = recorder();
  withBackend(backend, f);
  return backend.plans;
}

/** The names of the kernels that f runs, which list the operations fused into them. */
export function kernelsOf(f: () => void): string[] {
  return plansOf(f).flatMap((plan) => plan.kernels.map((kernel) => describeKernel(kernel).name));
}

export type ArenaSlot = Extract<Slot, { kind: 'arena' }>;

export function bytesOf({ dtype, size }: Slot): number {
  return size * { float32: 4, float64: 8, int32: 4, bool: 1 }[dtype];
}

/** The plan with disjoint memory for all intermediates. */
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
