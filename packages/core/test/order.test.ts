import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Body, Kernel, Operand, Slot } from '../src/backend.ts';
import { operandsOf, worksInPlace } from '../src/schedule/body.ts';
import { orderKernels, type Overwrite } from '../src/schedule/order.ts';
import { sin } from '../src/ops/elementwise.ts';
import { Argsort } from '../src/ops/sort.ts';
import { contiguous, type View } from '../src/data/shape.ts';

const size = 4;
const straight = contiguous([size]);
const flipped: View = { shape: [size], strides: [-1], offset: size - 1 };

type SlotKind = 'input' | 'output' | 'arena';
const slotOf = (kind: SlotKind, index: number): Slot =>
  kind === 'arena' ? { kind, byteOffset: 0, dtype: 'float32', size } : { kind, index, dtype: 'float32', size };

/** A random plan: each kernel reads earlier values and computes a new one, which may be the new value of a variable. */
interface Program {
  readonly variables: number;
  readonly kernels: readonly {
    readonly reads: readonly { readonly from: number; readonly flipped: boolean }[];
    readonly routine: boolean;
    readonly updates: number;
  }[];
}

const programs: fc.Arbitrary<Program> = fc.record({
  variables: fc.integer({ min: 1, max: 4 }),
  kernels: fc.array(
    fc.record({
      reads: fc.array(fc.record({ from: fc.nat(), flipped: fc.boolean() }), { minLength: 1, maxLength: 3 }),
      routine: fc.boolean(),
      updates: fc.nat(7),
    }),
    { minLength: 1, maxLength: 10 },
  ),
});

function build({ variables, kernels }: Program): { kernels: Kernel[]; overwrites: Overwrite[] } {
  const old = Array.from({ length: variables }, (_, i) => slotOf('input', i));
  const slots = [...old];
  const overwrites: Overwrite[] = [];
  const result = kernels.map(({ reads, routine, updates }): Kernel => {
    const free = updates < variables && overwrites.every(({ replaced }) => !replaced.has(old[updates]!));
    const output = slotOf(free ? 'output' : 'arena', updates);
    if (free) overwrites.push({ slot: output, replaced: new Set([old[updates]!]) });
    const operands = reads.map((read) => ({
      slot: slots[read.from % slots.length]!,
      view: read.flipped ? flipped : straight,
    }));
    slots.push(output);
    if (routine) {
      const attributes = { axis: 0, descending: false, count: size };
      return {
        kind: 'routine',
        name: 'argsort',
        definition: Argsort,
        operands: operands as unknown as readonly [Operand],
        attributes,
        shape: [size],
        output,
      };
    }
    const body: Body = { operands, steps: [{ operation: sin.primitive, inputs: [0], dtype: 'float32' }] };
    return { kind: 'map', body, shape: [size], output };
  });
  return { kernels: result, overwrites };
}

/** The part of a kernel that is kept as the same object when its slots are replaced. */
const identity = (kernel: Kernel): unknown => (kernel.kind === 'routine' ? kernel.shape : kernel.body.steps);

/**
 * Executes kernels symbolically: memory holds terms instead of numbers, and outputs share it with the inputs that they
 * replace. Returns the final memory.
 */
function run(
  kernels: readonly Kernel[],
  names: ReadonlyMap<unknown, string>,
  home: (slot: Slot) => unknown,
): Map<unknown, string> {
  const memory = new Map<unknown, string>();
  const read = (slot: Slot): string => {
    const term = memory.get(home(slot)) ?? (slot.kind === 'input' ? `old ${slot.index}` : undefined);
    if (term === undefined) throw new Error('read before it was written');
    return term;
  };
  for (const kernel of kernels) {
    const terms = operandsOf(kernel).map(({ slot, view }) => `${read(slot)}${view === flipped ? ' flipped' : ''}`);
    const old = operandsOf(kernel).map(({ slot }) => slot);
    const overwritten = old.filter((slot) => home(slot) === home(kernel.output) && slot !== kernel.output);
    expect(overwritten.every((slot) => worksInPlace(kernel, slot))).toBe(true);
    // Copies are the kernels that ordering adds for updates that wait for each other.
    const name = names.get(identity(kernel));
    memory.set(home(kernel.output), name === undefined ? terms[0]! : `${name}(${terms.join(', ')})`);
  }
  return memory;
}

test('updates in place have the values of updates in separate memory', () => {
  fc.assert(
    fc.property(programs, (program) => {
      const { kernels, overwrites } = build(program);
      const names = new Map(kernels.map((kernel, i) => [identity(kernel), `k${i}`]));
      const apart = run(kernels, names, (slot) => slot);
      const replacing = new Map<Slot, Slot>(overwrites.map(({ slot, replaced: [input] }) => [slot, input!]));
      const ordered = orderKernels(kernels, overwrites);
      const shared = run(ordered, names, (slot) => replacing.get(slot) ?? slot);
      for (const { slot } of overwrites) expect(shared.get(replacing.get(slot))).toBe(apart.get(slot));
      // Contains every kernel once, and no others except copies.
      const known = ordered
        .filter((kernel) => names.has(identity(kernel)))
        .map((kernel) => names.get(identity(kernel)));
      expect(known).toHaveLength(names.size);
      expect(new Set(known)).toEqual(new Set(names.values()));
      const copies = ordered.filter((kernel) => !names.has(identity(kernel)));
      expect(copies.length).toBeLessThanOrEqual(overwrites.length);
      expect(copies.every(({ output }) => output.kind === 'output')).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('kernels that do not depend on new values, and may fail, come before those that overwrite', () => {
  fc.assert(
    fc.property(programs, (program) => {
      const { kernels, overwrites } = build(program);
      const late = new Set(overwrites.map(({ slot }) => slot));
      const early: unknown[] = [];
      for (const kernel of kernels) {
        const depends = late.has(kernel.output) || operandsOf(kernel).some(({ slot }) => late.has(slot));
        if (depends) late.add(kernel.output);
        else early.push(identity(kernel));
      }
      const ordered = orderKernels(kernels, overwrites).map(identity);
      expect(ordered.slice(0, early.length)).toEqual(early);
    }),
    { numRuns: 200 },
  );
});

test('without updates the order is kept', () => {
  fc.assert(
    fc.property(programs, (program) => {
      const { kernels } = build({ ...program, kernels: program.kernels.map((kernel) => ({ ...kernel, updates: 7 })) });
      expect(orderKernels(kernels, [])).toEqual(kernels);
    }),
    { numRuns: 20 },
  );
});

test('there are no copies where none are needed', () => {
  const [v, w] = [slotOf('input', 0), slotOf('input', 1)];
  const [nextV, nextW] = [slotOf('output', 0), slotOf('output', 1)];
  const map = (output: Slot, ...operands: Slot[]): Kernel => ({
    kind: 'map',
    body: {
      operands: operands.map((slot) => ({ slot, view: straight })),
      steps: [{ operation: sin.primitive, inputs: [0], dtype: 'float32' }],
    },
    shape: [size],
    output,
  });
  const overwrites = [
    { slot: nextV, replaced: new Set([v]) },
    { slot: nextW, replaced: new Set([w]) },
  ];
  const [first, second] = [map(nextV, v), map(nextW, v, w)];
  expect(orderKernels([first, second], overwrites)).toEqual([second, first]);
  const [momentum, parameter] = [map(nextV, v), map(nextW, nextV, w)];
  expect(orderKernels([momentum, parameter], overwrites)).toEqual([momentum, parameter]);
  const swapped = orderKernels([map(nextV, w), map(nextW, v)], overwrites);
  expect(swapped.map(({ output }) => output.kind)).toEqual(['arena', 'output', 'output']);
});
