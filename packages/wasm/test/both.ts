// The same graphs on the reference backend and on this one.
import {
  evaluateSync,
  getBackend,
  reference,
  setBackend,
  tensor,
  type Backend,
  type DType,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { WasmBackend } from '../src/backend.ts';
import { importedFunctions } from '../src/lower/imports.ts';
import { lower } from '../src/lower/index.ts';
import { numbers } from './views.ts';

/** A backend that computes everything in WebAssembly or fails. */
export function strictBackend(threads: number): WasmBackend {
  const features = { relaxed: false };
  return new WasmBackend({
    threads,
    shared: threads > 1,
    memoryLimit: 2 ** 30,
    features,
    lower: (kernel) => {
      const commands = lower(kernel, { features, winograd: false });
      if (!commands)
        throw new Error(`no WebAssembly for ${kernel.kind === 'routine' ? kernel.operation.name : kernel.kind}`);
      return commands;
    },
    imported: importedFunctions,
  });
}

const backends: readonly WasmBackend[] = [strictBackend(1), strictBackend(3)];
await Promise.all(backends.map((backend) => backend.ready()));

export function on<T>(backend: Backend, run: () => T): T {
  const before = getBackend();
  setBackend(backend);
  try {
    return run();
  } finally {
    setBackend(before);
  }
}

function valuesOn(backend: Backend, build: () => Tensor): TypedArray {
  return on(backend, () => {
    const result = build();
    evaluateSync(result);
    return result.dataSync();
  });
}

/** Expects the same bits on the reference backend and, with one and with several threads, on this one. */
export function expectSame(build: () => Tensor): void {
  const wanted = valuesOn(reference(), build);
  for (const backend of backends) {
    const values = valuesOn(backend, build);
    // Vitest takes long to find that large arrays are equal.
    if (!haveSameBytes(values, wanted)) expect(values).toEqual(wanted);
    expect(values.length).toBe(wanted.length);
  }
}

function haveSameBytes(a: TypedArray, b: TypedArray): boolean {
  const bytes = [a, b].map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  return bytes[0]!.length === bytes[1]!.length && bytes[0]!.every((byte, i) => byte === bytes[1]![i]);
}

/** Expects an error with the same message, and gives it. */
export function expectSameError(run: () => void): string {
  const messages = [reference(), ...backends].map((backend) => {
    let message = '';
    try {
      on(backend, run);
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

/** Movements that keep the rank: `length` elements are left of `stored` on each axis. */
export interface Seen {
  readonly length: number;
  readonly flip: boolean;
  readonly step: number;
  readonly start: number;
  readonly repeat: boolean;
}

/** How an axis of this length may be seen. */
export function seen(length: number): fc.Arbitrary<Seen> {
  return fc.record({
    length: fc.constant(length),
    flip: fc.boolean(),
    step: fc.constantFrom(1, 1, 1, 2),
    start: fc.constantFrom(0, 0, 1),
    repeat: fc.nat(7).map((x) => x === 0),
  });
}

/** A view of data that `make` fills: axes sliced, flipped, repeated and stored in another order. */
export function viewOf(axes: readonly Seen[], order: readonly number[], make: (shape: number[]) => Tensor): Tensor {
  const stored = axes.map(({ length, step, start, repeat }) => (repeat ? 1 : start + length * step));
  let x = make(order.map((axis) => stored[axis]!)).permute(axes.map((_, axis) => order.indexOf(axis)));
  x = x.slice(axes.map(({ length, step, start, repeat }) => (repeat ? null : [start, start + length * step, step])));
  const flipped = axes.flatMap(({ flip }, axis) => (flip ? [axis] : []));
  return x.flip(flipped).broadcastTo(axes.map(({ length }) => length));
}

/** An order of so many axes. */
export function orders(rank: number): fc.Arbitrary<number[]> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return fc.oneof(fc.constant(axes), fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank }));
}

/** Makes tensors with values that are spread evenly, and multiples of 1/64 where they are no integers. */
export function valuesOf(dtype: DType, seed: number): (shape: readonly number[]) => Tensor {
  return (shape) => {
    const next = numbers(seed);
    const size = shape.reduce((product, length) => product * length, 1);
    const scale = dtype === 'int32' ? 64 : 1;
    const values = Array.from({ length: size }, () => (dtype === 'bool' ? Number(next() > 0) : next() * scale));
    return tensor(Float64Array.from(values), { dtype }).reshape(shape);
  };
}
