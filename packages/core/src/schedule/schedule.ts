import { applied, moved, operandsOf, readingFirst, stored } from './body.ts';
import type { Body, Kernel, Plan, Slot } from './kernel.ts';
import { placeInArena, temporary } from './memory.ts';
import { orderKernels, type Overwrite } from './order.ts';
import { cast } from '../ops/castRecord.ts';
import { weightOf } from '../scalar/lower.ts';
import { contiguous, expandView, isContiguous, permuteView, type Shape } from '../data/shape.ts';
import type { Tensor } from '../graph/tensor.ts';

/** What a plan computes, besides the order of its nodes. */
export interface Wanted {
  /** All tensors that are needed, inputs first; those that have a value or are sources are bound at run time. */
  readonly order: readonly Tensor[];
  /** Written to outputs 0, 1, … */
  readonly results: readonly Tensor[];
  /** Written to the outputs after those, over values that the plan may have to read before. */
  readonly updates: readonly Update[];
}

/** A new value of a variable. */
export interface Update {
  readonly value: Tensor;
  /** The leaves that read the old value: they are bound to the memory that is written. */
  readonly replaces: readonly Tensor[];
}

export interface ScheduleOptions {
  /** Whether operations are fused into kernels; otherwise each has its own, and the meaning is the same. */
  readonly fuse?: boolean;
  /** The most operands of a kernel. */
  readonly maxOperands?: number;
}

export function isLeaf(tensor: Tensor): boolean {
  return tensor.buffer !== undefined || tensor.primitive.kind === 'source';
}

/**
 * Turns a graph into kernels in order. Movements become views that kernels read through. Elementwise operations are put
 * off: each stays a body until something needs its values in memory, so that chains and trees of them end up in the
 * kernel of the map or reduction that uses them, or in the tail of the routine that feeds them.
 */
export function schedule(wanted: Wanted, { fuse = true, maxOperands = defaultOperands }: ScheduleOptions = {}): Plan {
  const { order, results, updates } = wanted;
  const kernels: Kernel[] = [];
  const bodies = new Map<Tensor, Body>();
  const inputs = new Map<Tensor, Slot>();
  const demands = demandsOf(order);

  const destinations = new Map<Tensor, Slot>();
  const outputs: [Tensor, Slot][] = [...results, ...updates.map(({ value }) => value)].map((tensor, index) => [
    tensor,
    { kind: 'output', index, dtype: tensor.dtype, size: tensor.size },
  ]);
  // The first output that wants a tensor is where it is computed; others are copies.
  for (const [tensor, slot] of outputs) if (!destinations.has(tensor)) destinations.set(tensor, slot);
  // What is wanted in another shape is computed there, too: a sum without its axes, the rows of a product as batches.
  for (const [tensor, slot] of outputs) {
    const origin = reshapedFrom(tensor);
    if (destinations.get(tensor) === slot && !isLeaf(origin) && !destinations.has(origin))
      destinations.set(origin, slot);
  }

  for (const tensor of order) {
    if (isLeaf(tensor)) {
      const slot: Slot = { kind: 'input', index: inputs.size, dtype: tensor.dtype, size: tensor.size };
      inputs.set(tensor, slot);
      bodies.set(tensor, stored(slot, tensor.shape));
    } else {
      bodies.set(tensor, lower(tensor));
    }
    if (destinations.has(tensor) || mustBeStored(tensor)) store(tensor);
  }
  for (const [tensor, slot] of outputs) if (destinations.get(tensor) !== slot) write(bodies.get(tensor)!, tensor, slot);

  const overwrites = updates.map(({ replaces }, i): Overwrite => {
    const slot = outputs[results.length + i]![1];
    return { slot, replaced: new Set(replaces.map((leaf) => inputs.get(leaf)!)) };
  });
  const fused = fuse ? withTails(kernels, new Set(overwrites.map(({ slot }) => slot)), maxOperands) : kernels;
  const ordered = orderKernels(fused, overwrites);
  return { kernels: ordered, arenaBytes: placeInArena(ordered) };

  /** What the tensor is, in terms of what is in memory. */
  function lower(tensor: Tensor): Body {
    const { primitive, shape, dtype, attributes } = tensor;
    switch (primitive.kind) {
      case 'source':
        throw new Error(`schedule: a ${primitive.name} is bound, not computed`);
      case 'movement': {
        const [input] = tensor.inputs as [Tensor];
        return (
          moved(bodies.get(input)!, (view) => primitive.view(view, tensor)) ??
          moved(copied(input), (view) => primitive.view(view, tensor))!
        );
      }
      case 'elementwise': {
        const expanded = (input: Tensor): Body => moved(bodies.get(input)!, (view) => expandView(view, shape))!;
        const body = applied(primitive, tensor.inputs.map(expanded), dtype);
        if (body.operands.length <= maxOperands && body.steps.length <= mostSteps) return body;
        for (const input of tensor.inputs) store(input);
        return applied(primitive, tensor.inputs.map(expanded), dtype);
      }
      case 'reduce': {
        const [input] = tensor.inputs as [Tensor];
        const reduced = attributes['axes'] as readonly number[];
        const kept = shape.flatMap((_, axis) => (reduced.includes(axis) ? [] : [axis]));
        const axes = [...kept, ...reduced];
        const output = destinations.get(tensor) ?? temporary(shape, dtype);
        kernels.push({
          kind: 'reduce',
          operation: primitive,
          body: moved(bodies.get(input)!, (view) => permuteView(view, axes))!,
          shape: axes.map((axis) => input.shape[axis]!),
          kept: kept.length,
          output,
        });
        return stored(output, shape);
      }
      case 'routine': {
        const output = destinations.get(tensor) ?? temporary(shape, dtype);
        const operands = tensor.inputs.map((input) => store(input).operands[0]!);
        kernels.push({ kind: 'routine', operation: primitive, operands, attributes, shape, output });
        return stored(output, shape);
      }
    }
  }

  /** Puts the tensor's values into memory, unless they are there, and returns how to read them. */
  function store(tensor: Tensor): Body {
    const body = bodies.get(tensor)!;
    const destination = destinations.get(tensor);
    const [first] = body.operands;
    if (body.steps.length === 0 && (!destination || first!.slot === destination)) return body;
    const known = write(body, tensor, destination ?? temporary(tensor.shape, tensor.dtype));
    bodies.set(tensor, known);
    return known;
  }

  /** Puts the tensor's values into memory row by row, where they may be seen in any way. */
  function copied(tensor: Tensor): Body {
    const known = write(bodies.get(tensor)!, tensor, temporary(tensor.shape, tensor.dtype));
    bodies.set(tensor, known);
    return known;
  }

  function write(body: Body, { shape }: Tensor, output: Slot): Body {
    kernels.push(
      body.steps.length > 0
        ? { kind: 'map', body, shape, output }
        : { kind: 'map', body: applied(cast, [body], output.dtype), shape, output },
    );
    return stored(output, shape);
  }

  /** Whether a body is better computed once and kept than computed again by all that read it. */
  function mustBeStored(tensor: Tensor): boolean {
    const { operands, steps } = bodies.get(tensor)!;
    if (steps.length === 0) return false;
    const { uses, grows } = demands.get(tensor)!;
    if (!fuse || grows) return true;
    if (uses <= 1) return false;
    if (steps.reduce((weight, step) => weight + weightOf(step.operation), 0) > cheapWeight) return true;
    // Computing it again reads its operands `uses` times; keeping it reads them once, writes it and reads it `uses` times.
    const read = operands.filter(({ view }) => !isBroadcast(view.shape, view.strides)).length;
    return read * uses > read + 1 + uses;
  }
}

/** What a kernel may come to: a limit to the code made for it. */
const defaultOperands = 16;
const mostSteps = 48;
/** What is computed again rather than kept weighs at most this: a few additions and comparisons, no exponential. */
const cheapWeight = 8;

interface Demand {
  /** How many kernels read the tensor, if each that can computes it anew. */
  readonly uses: number;
  /** Whether something reads its elements more than once each: it is broadcast, or seen in overlapping windows. */
  readonly grows: boolean;
}

function demandsOf(order: readonly Tensor[]): Map<Tensor, Demand> {
  const demands = new Map<Tensor, Demand>(order.map((tensor) => [tensor, { uses: 0, grows: false }]));
  for (const tensor of order.toReversed()) {
    if (isLeaf(tensor)) continue;
    const { kind } = tensor.primitive;
    const own = demands.get(tensor)!;
    for (const input of tensor.inputs) {
      const { uses, grows } = demands.get(input)!;
      const larger = (kind === 'movement' || kind === 'elementwise') && tensor.size > input.size;
      demands.set(
        input,
        kind === 'movement'
          ? { uses: uses + own.uses, grows: grows || own.grows || larger }
          : { uses: uses + 1, grows: grows || larger },
      );
    }
  }
  return demands;
}

/** The tensor of which this one is another shape, with the elements in the same order. */
function reshapedFrom(tensor: Tensor): Tensor {
  let origin = tensor;
  while (!isLeaf(origin) && origin.primitive.kind === 'movement') {
    const [input] = origin.inputs as [Tensor];
    const view = origin.primitive.view(contiguous(input.shape), origin);
    if (!view || !isContiguous(view) || input.size !== origin.size) break;
    origin = input;
  }
  return origin;
}

function isBroadcast(shape: Shape, strides: readonly number[]): boolean {
  return strides.some((stride, axis) => stride === 0 && shape[axis]! > 1);
}

/** Kernels whose result only a map reads, element by element, take that map as their tail. */
function withTails(kernels: readonly Kernel[], overwriting: ReadonlySet<Slot>, maxOperands: number): Kernel[] {
  const readers = new Map<Slot, number>();
  for (const kernel of kernels) {
    for (const slot of new Set(operandsOf(kernel).map((operand) => operand.slot)))
      readers.set(slot, (readers.get(slot) ?? 0) + 1);
  }
  const routines = new Map<Slot, Kernel & { kind: 'routine' }>();
  const absorbed = new Set<Kernel>();
  const merged = kernels.map((kernel): Kernel => {
    if (kernel.kind === 'routine') routines.set(kernel.output, kernel);
    // A routine writes its output before the tail reads: not where that is the old value of a variable.
    if (kernel.kind !== 'map' || overwriting.has(kernel.output)) return kernel;
    const { body, output } = kernel;
    const candidate = body.operands.findLast(
      ({ slot }) =>
        routines.has(slot) &&
        slot.kind === 'arena' &&
        readers.get(slot) === 1 &&
        slot.size === output.size &&
        slot.dtype === output.dtype &&
        body.operands.every((operand) => operand.slot !== slot || isContiguous(operand.view)),
    );
    if (!candidate) return kernel;
    const routine = routines.get(candidate.slot)!;
    if (routine.operands.length + body.operands.length - 1 > maxOperands) return kernel;
    absorbed.add(routine);
    const { operands, steps } = readingFirst(body, candidate.slot);
    const tail = { operands: [{ slot: output, view: candidate.view }, ...operands.slice(1)], steps };
    return { ...routine, tail, output };
  });
  return merged.filter((kernel) => !absorbed.has(kernel));
}
