// Fusion decisions: which bodies are stored instead of recomputed by each reader, and which maps become epilogues of routines.
import { isContiguous, type View } from '../data/shape.ts';
import { isLeaf } from '../graph/order.ts';
import type { Tensor } from '../graph/tensor.ts';
import { moveOperandFirst, operandsOf } from './body.ts';
import { costOf } from './cost.ts';
import type { Body, Kernel, RoutineKernel, Slot } from './kernel.ts';

/** The maximum number of steps of a kernel, which limits the size of generated code. */
export const maxSteps = 48;

/** The maximum cost of a body that is recomputed instead of stored: a few additions and comparisons, no exponential. */
const maxRecomputedCost = 8;

/** How a tensor is used. */
export interface Demand {
  /** The number of kernels that read it, assuming that movements are views and cost nothing. */
  readonly uses: number;
  /** Whether a reader reads elements more than once: by broadcasting or overlapping windows. */
  readonly isRepeated: boolean;
}

/** Computes the demand for each tensor of a graph in topological order. */
export function demandsOf(order: readonly Tensor[]): Map<Tensor, Demand> {
  const demands = new Map<Tensor, Demand>(order.map((tensor) => [tensor, { uses: 0, isRepeated: false }]));
  for (const tensor of order.toReversed()) {
    if (isLeaf(tensor)) continue;
    const { kind } = tensor.primitive;
    const demand = demands.get(tensor)!;
    // Further inputs of a movement serve derivatives only.
    for (const input of kind === 'movement' ? tensor.inputs.slice(0, 1) : tensor.inputs) {
      const { uses, isRepeated } = demands.get(input)!;
      const isLarger = (kind === 'movement' || kind === 'elementwise') && tensor.size > input.size;
      demands.set(
        input,
        kind === 'movement'
          ? { uses: uses + demand.uses, isRepeated: isRepeated || demand.isRepeated || isLarger }
          : { uses: uses + 1, isRepeated: isRepeated || isLarger },
      );
    }
  }
  return demands;
}

/** Whether it is cheaper to compute a body once and store it than to recompute it in every reader. */
export function isWorthStoring(body: Body, { uses, isRepeated }: Demand): boolean {
  if (isRepeated) return true;
  if (uses <= 1) return false;
  if (costOf(body) > maxRecomputedCost) return true;
  // Recomputing reads the operands `uses` times; storing reads them once, writes the result and reads it `uses` times.
  const reads = body.operands.filter(({ view }) => !isBroadcast(view)).length;
  return reads * uses > reads + 1 + uses;
}

function isBroadcast({ shape, strides }: View): boolean {
  return strides.some((stride, axis) => stride === 0 && shape[axis]! > 1);
}

/** Merges maps into routines as epilogues: a map that is the only reader of a routine's result, element by element. */
export function absorbEpilogues(
  kernels: readonly Kernel[],
  overwritten: ReadonlySet<Slot>,
  maxOperands: number,
): Kernel[] {
  const readers = countReaders(kernels);
  const routines = new Map<Slot, RoutineKernel>();
  const absorbed = new Set<Kernel>();
  const merged = kernels.map((kernel): Kernel => {
    if (kernel.kind === 'routine') routines.set(kernel.output, kernel);
    // Excludes outputs that overwrite a variable: the routine would destroy the old value before the epilogue reads it.
    if (kernel.kind !== 'map' || overwritten.has(kernel.output)) return kernel;
    const { body, output } = kernel;
    const operand = body.operands.findLast(
      ({ slot }) =>
        routines.has(slot) &&
        slot.kind === 'arena' &&
        readers.get(slot) === 1 &&
        slot.size === output.size &&
        slot.dtype === output.dtype &&
        body.operands.every((other) => other.slot !== slot || isContiguous(other.view)),
    );
    const routine = operand && routines.get(operand.slot);
    if (!routine || routine.operands.length + body.operands.length - 1 > maxOperands) return kernel;
    absorbed.add(routine);
    const { operands, steps } = moveOperandFirst(body, operand.slot);
    const epilogue = { operands: [{ slot: output, view: operand.view }, ...operands.slice(1)], steps };
    return { ...routine, epilogue, output };
  });
  return merged.filter((kernel) => !absorbed.has(kernel));
}

/** The number of kernels that read each slot. */
function countReaders(kernels: readonly Kernel[]): Map<Slot, number> {
  const readers = new Map<Slot, number>();
  for (const kernel of kernels) {
    for (const slot of new Set(operandsOf(kernel).map((operand) => operand.slot))) {
      readers.set(slot, (readers.get(slot) ?? 0) + 1);
    }
  }
  return readers;
}
