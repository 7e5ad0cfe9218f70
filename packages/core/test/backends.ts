import { getBackend, setBackend, type Backend } from '../src/index.ts';
import { type Kernel, type Operand, type Plan, type Slot } from '../src/backend.ts';
import { descriptionOf } from '../src/inspect/explain.ts';

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
  return plansOf(f).flatMap((plan) => plan.kernels.map((kernel) => descriptionOf(kernel).name));
}

export type ArenaSlot = Extract<Slot, { kind: 'arena' }>;

export function bytesOf({ dtype, size }: Slot): number {
  return size * { float32: 4, float64: 8, int32: 4, bool: 1 }[dtype];
}

/** The same plan with memory of its own for each intermediate. */
export function disjoint({ kernels }: Plan): Plan {
  const places = new Map<Slot, Slot>();
  let arenaBytes = 0;
  const moved = (slot: Slot): Slot => {
    if (slot.kind !== 'arena') return slot;
    let place = places.get(slot);
    if (!place) {
      places.set(slot, (place = { ...slot, byteOffset: arenaBytes }));
      arenaBytes += Math.ceil(bytesOf(slot) / 64) * 64;
    }
    return place;
  };
  const operands = (all: readonly Operand[]): Operand[] => all.map(({ slot, view }) => ({ slot: moved(slot), view }));
  const copied = kernels.map((kernel): Kernel => {
    const output = moved(kernel.output);
    if (kernel.kind !== 'routine')
      return { ...kernel, body: { ...kernel.body, operands: operands(kernel.body.operands) }, output };
    const tail = kernel.tail && { ...kernel.tail, operands: operands(kernel.tail.operands) };
    return { ...kernel, operands: operands(kernel.operands), ...(tail && { tail }), output };
  });
  return { kernels: copied, arenaBytes };
}
