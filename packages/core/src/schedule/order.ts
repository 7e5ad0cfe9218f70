import { applyStep, mapSlots, operandsOf, readSlot, worksInPlace } from './body.ts';
import type { Kernel, Slot } from './kernel.ts';
import { Cast } from '../ops/cast.ts';

/** An output that is the same memory as inputs of the plan: a variable that gets its new value in place. */
export interface Overwrite {
  readonly slot: Slot;
  readonly replaced: ReadonlySet<Slot>;
}

/**
 * The kernels in an order in which each comes after those whose results it reads, and whatever overwrites a variable
 * after all that read its old value; overwriting comes last, so that an error in another kernel leaves variables as they
 * were. Where two updates wait for each other (variables that are exchanged), one is computed beside and copied.
 */
export function orderKernels(kernels: readonly Kernel[], overwrites: readonly Overwrite[]): Kernel[] {
  if (overwrites.length === 0) return [...kernels];
  const pending = new Map(overwrites.map((overwrite) => [overwrite.slot, overwrite]));
  /** For each slot that is replaced, the kernels that have not read it yet. */
  const readers = new Map<Slot, Set<Kernel>>();
  const writers = new Map<Slot, Kernel>();
  const result: Kernel[] = [];
  const copies: Kernel[] = [];

  const late: Kernel[] = [];
  const lateSlots = new Set<Slot>();
  for (const kernel of kernels) {
    const operands = operandsOf(kernel);
    if (pending.has(kernel.output) || operands.some(({ slot }) => lateSlots.has(slot))) {
      late.push(kernel);
      lateSlots.add(kernel.output);
      writers.set(kernel.output, kernel);
      for (const { slot } of operands) {
        if (!readers.has(slot)) readers.set(slot, new Set());
        readers.get(slot)!.add(kernel);
      }
    } else {
      result.push(kernel);
    }
  }

  const waiting = new Set(late);
  const mayWrite = (kernel: Kernel): boolean => {
    const overwrite = pending.get(kernel.output);
    if (!overwrite) return true;
    for (const slot of overwrite.replaced) {
      for (const reader of readers.get(slot) ?? []) {
        if (waiting.has(reader) && !(reader === kernel && worksInPlace(kernel, slot))) return false;
      }
    }
    return true;
  };
  const mayRead = (kernel: Kernel): boolean =>
    operandsOf(kernel).every(({ slot }) => {
      const writer = writers.get(slot);
      return !writer || writer === kernel || !waiting.has(writer);
    });
  const emit = (kernel: Kernel, replacement = kernel): void => {
    waiting.delete(kernel);
    result.push(replacement);
  };

  while (waiting.size > 0) {
    const before = waiting.size;
    for (const kernel of waiting) if (mayRead(kernel) && mayWrite(kernel)) emit(kernel);
    if (waiting.size < before) continue;
    // All that are left wait for each other: one is written beside, which others that read its slot must follow.
    const blocked = [...waiting].find(mayRead)!;
    const { output } = blocked;
    const beside: Slot = { kind: 'arena', byteOffset: 0, dtype: output.dtype, size: output.size };
    copies.push(copyOf(beside, output));
    pending.delete(output);
    redirect(output, beside);
  }
  return [...result, ...copies];

  /** Lets the kernels that wait write and read another slot. */
  function redirect(from: Slot, to: Slot): void {
    // A list of its own: the set changes on the way.
    const all = Array.from(waiting);
    for (const kernel of all) {
      const changed = redirectKernel(kernel, from, to);
      if (changed === kernel) continue;
      waiting.delete(kernel);
      waiting.add(changed);
      for (const set of readers.values()) if (set.delete(kernel)) set.add(changed);
      for (const [slot, writer] of writers) if (writer === kernel) writers.set(slot === from ? to : slot, changed);
    }
  }
}

function redirectKernel(kernel: Kernel, from: Slot, to: Slot): Kernel {
  if (kernel.output !== from && operandsOf(kernel).every(({ slot }) => slot !== from)) return kernel;
  return mapSlots(kernel, (slot) => (slot === from ? to : slot));
}

function copyOf(from: Slot, to: Slot): Kernel {
  const shape = [from.size];
  return { kind: 'map', body: applyStep(Cast, [readSlot(from, shape)], to.dtype), shape, output: to };
}
