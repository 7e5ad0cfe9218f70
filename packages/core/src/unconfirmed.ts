// Writes of asynchronous backends that may still fail: how to take them back. (What they write in place they restore themselves.)
import type { Buffer } from './data/buffer.ts';
import type { Variable } from './graph/variable.ts';
import type { Backend } from './schedule/backend.ts';

interface Write {
  readonly buffer: Buffer;
  /** Returns the variable to its value before the first unconfirmed write. */
  readonly undo: () => void;
}

const writes = new WeakMap<Backend, Map<Variable, Write>>();

/** Records that a variable got a buffer that an asynchronous backend may fail to compute. */
export function recordWrite(backend: Backend, variable: Variable, buffer: Buffer, undo: () => void): void {
  if (!backend.isAsynchronous) return;
  let own = writes.get(backend);
  if (!own) writes.set(backend, (own = new Map()));
  own.set(variable, { buffer, undo: own.get(variable)?.undo ?? undo });
}

/** The writes whose outcome is not known yet. */
export function unconfirmedWrites(backend: Backend): ReadonlyMap<Variable, Write> {
  return new Map(writes.get(backend));
}

/** Forgets writes, but for those that have failed in another evaluation. */
export function confirmWrites(backend: Backend, confirmed: ReadonlyMap<Variable, Write>): void {
  const own = writes.get(backend);
  for (const [variable, write] of confirmed) {
    if (own?.get(variable) === write && !write.buffer.failure) own.delete(variable);
  }
}

/** Takes back the writes that have failed. */
export function undoFailedWrites(backend: Backend): void {
  const own = writes.get(backend);
  for (const [variable, { buffer, undo }] of own ?? []) {
    if (!buffer.failure) continue;
    undo();
    own!.delete(variable);
  }
}
