import { applyStep, mapSlots, operandsOf, readSlot, worksInPlace } from './body.ts';
import type { ScalarFunction } from '../scalar/function.ts';
import { isCoreRoutine } from '../graph/routines.ts';
import type { Kernel, Slot } from './kernel.ts';
import { Cast } from '../ops/cast.ts';
import * as elementwise from '../ops/elementwise.ts';
import * as strongZero from '../ops/strongZero.ts';

/** An output that shares memory with inputs of the plan: a variable whose new value is written in place. */
export interface Overwrite {
  /** The output. */
  readonly slot: Slot;
  /** The inputs that it overwrites. */
  readonly replaced: ReadonlySet<Slot>;
}

/**
 * Orders kernels so that each runs after those whose results it reads, and those that overwrite a variable after all that
 * read its old value, and after all that can fail, so that an error leaves variables unchanged. New values that a kernel
 * that can fail computes or reads are written to temporaries and copied at the end. So is one of several updates that wait
 * for each other (variables that are swapped).
 */
export function orderKernels(scheduled: readonly Kernel[], overwrites: readonly Overwrite[]): Kernel[] {
  if (overwrites.length === 0) return [...scheduled];
  const pending = new Map(overwrites.map((overwrite) => [overwrite.slot, overwrite]));
  const readers = new Map<Slot, Set<Kernel>>();
  const writers = new Map<Slot, Kernel>();
  const result: Kernel[] = [];
  const copies: Kernel[] = [];
  const temporaries = new Map<Slot, Slot>();
  /** Writes the output to a temporary. */
  const defer = (output: Slot): Slot => {
    const temporary: Slot = { kind: 'arena', byteOffset: 0, dtype: output.dtype, size: output.size };
    copies.push(copyKernel(temporary, output));
    pending.delete(output);
    temporaries.set(output, temporary);
    return temporary;
  };
  for (const slot of slotsBeforeFailures(scheduled)) if (pending.has(slot)) defer(slot);
  const isDeferred = temporaries.size > 0;
  const kernels = isDeferred
    ? scheduled.map((kernel) => mapSlots(kernel, (slot) => temporaries.get(slot) ?? slot))
    : scheduled;

  /** The kernels that overwrite a variable, and all that depend on them. */
  const deferred: Kernel[] = [];
  const deferredSlots = new Set<Slot>();
  for (const kernel of kernels) {
    const operands = operandsOf(kernel);
    if (pending.has(kernel.output) || operands.some(({ slot }) => deferredSlots.has(slot))) {
      deferred.push(kernel);
      deferredSlots.add(kernel.output);
      writers.set(kernel.output, kernel);
      for (const { slot } of operands) {
        if (!readers.has(slot)) readers.set(slot, new Set());
        readers.get(slot)!.add(kernel);
      }
    } else {
      result.push(kernel);
    }
  }

  const waiting = new Set(deferred);
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
    // Breaks a cycle: one of the remaining kernels writes to a temporary instead, from which the others read.
    const blocked = [...waiting].find(mayRead)!;
    redirect(blocked.output, defer(blocked.output));
  }
  return [...result, ...copies];

  /** Redirects reads and writes of waiting kernels to another slot. */
  function redirect(from: Slot, to: Slot): void {
    // Iterates over a copy, since the set changes in the loop.
    for (const kernel of Array.from(waiting)) {
      const redirected = redirectKernel(kernel, from, to);
      if (redirected === kernel) continue;
      waiting.delete(kernel);
      waiting.add(redirected);
      for (const set of readers.values()) if (set.delete(kernel)) set.add(redirected);
      for (const [slot, writer] of writers) if (writer === kernel) writers.set(slot === from ? to : slot, redirected);
    }
  }
}

/** The slots that kernels that can fail write, and all that these are computed from. */
function slotsBeforeFailures(kernels: readonly Kernel[]): Set<Slot> {
  const slots = new Set<Slot>();
  for (const kernel of kernels.toReversed()) {
    if (!slots.has(kernel.output) && !canFail(kernel)) continue;
    slots.add(kernel.output);
    for (const { slot } of operandsOf(kernel)) slots.add(slot);
  }
  return slots;
}

const builtIn = new Set<ScalarFunction>([
  Cast,
  ...Object.values({ ...elementwise, ...strongZero }).map(({ primitive }) => primitive),
]);

/** Whether a kernel may throw: at an index out of range, or in an operation or a routine that is not core's. */
function canFail(kernel: Kernel): boolean {
  const body = kernel.kind === 'routine' ? kernel.epilogue : kernel.body;
  const isUsers = body?.steps.some(({ operation }) => !builtIn.has(operation));
  if (isUsers) return true;
  return kernel.kind === 'routine' && (kernel.definition.checksIndices === true || !isCoreRoutine(kernel.name));
}

function redirectKernel(kernel: Kernel, from: Slot, to: Slot): Kernel {
  if (kernel.output !== from && operandsOf(kernel).every(({ slot }) => slot !== from)) return kernel;
  return mapSlots(kernel, (slot) => (slot === from ? to : slot));
}

function copyKernel(from: Slot, to: Slot): Kernel {
  const shape = [from.size];
  return { kind: 'map', body: applyStep(Cast, [readSlot(from, shape)], to.dtype), shape, output: to };
}
