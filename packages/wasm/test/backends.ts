// Backends without a fallback, compared with the portable backend.
import { portable } from '@thetagrad/core';
import { expect } from 'vitest';
import { expectEqual, valuesOnSync, withBackend, type Build } from '../../../test/support/backends.ts';
import { ThreadPoolBackend } from '../src/backend.ts';
import { lower } from '../src/lower/index.ts';
import { baseline } from './views.ts';

/** A backend that computes everything in WebAssembly or throws. */
export function strictBackend(threads: number): ThreadPoolBackend {
  const features = baseline;
  return new ThreadPoolBackend({
    threads,
    shared: threads > 1,
    memoryLimit: 2 ** 30,
    lower: (kernel) => {
      const commands = lower(kernel, { features, winograd: false });
      if (!commands) throw new Error(`no WebAssembly for ${kernel.kind === 'routine' ? kernel.name : kernel.kind}`);
      return commands;
    },
  });
}

const backends: readonly ThreadPoolBackend[] = [strictBackend(1), strictBackend(3)];
await Promise.all(backends.map((backend) => backend.ready()));

/** Expects the values of the portable backend exactly, with one thread and with several. */
export function expectSame(build: Build): void {
  const expected = valuesOnSync(portable(), build);
  for (const backend of backends) expectEqual(valuesOnSync(backend, build), expected);
}

/** Expects the portable backend's error with one thread and with several, and returns its message. */
export function expectSameError(run: () => void): string {
  const messages = [portable(), ...backends].map((backend) => {
    let message = '';
    try {
      withBackend(backend, run);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      message = (error as Error).message;
    }
    return message;
  });
  expect(messages[0]).not.toBe('');
  for (const message of messages) expect(message).toBe(messages[0]);
  return messages[0]!;
}
