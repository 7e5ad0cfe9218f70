import type { Kernel, Operand, Plan, Slot } from './kernel.ts';
import { placeInArena, temporary } from './memory.ts';
import { contiguous, expandView, permuteView } from './shape.ts';
import { cast } from './primitives/cast.ts';
import type { Tensor } from './tensor.ts';

/** What a plan computes, besides the order of its nodes. */
export interface Wanted {
  /** All tensors that are needed, inputs first; those that have a value or are sources are bound at run time. */
  readonly order: readonly Tensor[];
  /** Written to outputs 0, 1, … as soon as they are known. */
  readonly results: readonly Tensor[];
  /** Written to the outputs after those, when every kernel has read the old values of variables. */
  readonly updates: readonly Tensor[];
}

export function isLeaf(tensor: Tensor): boolean {
  return tensor.buffer !== undefined || tensor.primitive.kind === 'source';
}

/** Turns a graph into kernels in order: movements become views that kernels read through, the rest a kernel each. */
export function schedule({ order, results, updates }: Wanted): Plan {
  const kernels: Kernel[] = [];
  const operands = new Map<Tensor, Operand>();
  const outputs = new Map<Tensor, Slot>();
  let inputs = 0;
  results.forEach((tensor, index) =>
    outputs.set(tensor, { kind: 'output', index, dtype: tensor.dtype, size: tensor.size }),
  );

  for (const tensor of order) {
    if (isLeaf(tensor)) {
      const slot: Slot = { kind: 'input', index: inputs++, dtype: tensor.dtype, size: tensor.size };
      operands.set(tensor, { slot, view: contiguous(tensor.shape) });
    } else {
      operands.set(tensor, lower(tensor));
    }
    const output = outputs.get(tensor);
    const operand = operands.get(tensor)!;
    // A wanted view, or a source that is wanted as it is.
    if (output && operand.slot !== output) operands.set(tensor, copy(operand, output));
  }

  for (const tensor of updates) {
    let operand = operands.get(tensor)!;
    // A value read straight from an input may be another variable that an update overwrites: take it out first.
    if (operand.slot.kind === 'input') operand = copy(operand, temporary(tensor.shape, tensor.dtype));
    operands.set(tensor, operand);
  }
  updates.forEach((tensor, i) => {
    copy(operands.get(tensor)!, { kind: 'output', index: results.length + i, dtype: tensor.dtype, size: tensor.size });
  });
  return { kernels, arenaBytes: placeInArena(kernels) };

  function lower(tensor: Tensor): Operand {
    const { primitive, shape, attributes } = tensor;
    const from = tensor.inputs.map((input) => operands.get(input)!);
    switch (primitive.kind) {
      case 'source':
        throw new Error(`schedule: a ${primitive.name} is bound, not computed`);
      case 'movement': {
        const [{ slot, view }] = from as [Operand];
        const moved = primitive.view(view, tensor);
        if (moved) return { slot, view: moved };
        const copied = copy(from[0]!, temporary(view.shape, tensor.dtype));
        return { slot: copied.slot, view: primitive.view(copied.view, tensor)! };
      }
      case 'elementwise': {
        const output = outputs.get(tensor) ?? temporary(shape, tensor.dtype);
        const aligned = from.map(({ slot, view }) => ({ slot, view: expandView(view, shape) }));
        kernels.push({ kind: 'map', operation: primitive, operands: aligned, output });
        return { slot: output, view: contiguous(shape) };
      }
      case 'reduce': {
        const [{ slot, view }] = from as [Operand];
        const reduced = attributes['axes'] as readonly number[];
        const kept = shape.flatMap((_, axis) => (reduced.includes(axis) ? [] : [axis]));
        const operand = { slot, view: permuteView(view, [...kept, ...reduced]) };
        const output = outputs.get(tensor) ?? temporary(shape, tensor.dtype);
        kernels.push({ kind: 'reduce', operation: primitive, operands: [operand], kept: kept.length, output });
        return { slot: output, view: contiguous(shape) };
      }
      case 'routine': {
        const output = outputs.get(tensor) ?? temporary(shape, tensor.dtype);
        kernels.push({ kind: 'routine', operation: primitive, operands: from, attributes, shape, output });
        return { slot: output, view: contiguous(shape) };
      }
    }
  }

  function copy(operand: Operand, output: Slot): Operand {
    kernels.push({ kind: 'map', operation: cast, operands: [operand], output });
    return { slot: output, view: contiguous(operand.view.shape) };
  }
}
