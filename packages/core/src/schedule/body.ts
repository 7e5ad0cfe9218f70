// Bodies: how the scheduler builds the expression of a kernel from the operations that are fused into it.
import { bytesPerElement, type DType } from '../data/dtype.ts';
import type { Body, Kernel, Operand, Slot, Step } from './kernel.ts';
import type { Elementwise } from '../graph/primitive.ts';
import { contiguous, isContiguous, sameShape, type Shape, type View } from '../data/shape.ts';

/** A stored value, as a body that only reads it. */
export function stored(slot: Slot, shape: Shape): Body {
  return { operands: [{ slot, view: contiguous(shape) }], steps: [] };
}

/** The body with every operand seen through a movement, or `undefined` where one cannot be. */
export function moved(body: Body, move: (view: View) => View | undefined): Body | undefined {
  const operands: Operand[] = [];
  for (const { slot, view } of body.operands) {
    const seen = move(view);
    if (!seen) return undefined;
    operands.push({ slot, view: seen });
  }
  return { operands, steps: body.steps };
}

/** An operation on the results of bodies of one shape. What they have in common is read and computed once. */
export function applied(operation: Elementwise, inputs: readonly Body[], dtype: DType): Body {
  const operands: Operand[] = [];
  const places = inputs.map((body) => body.operands.map((operand) => placeOf(operand, operands)));
  const steps: Step[] = [];
  const results = inputs.map((body, i) => {
    const numbers = [...places[i]!];
    for (const step of body.steps) {
      const renumbered = { ...step, inputs: step.inputs.map((number) => numbers[number]!) };
      const known = steps.findIndex((other) => sameStep(other, renumbered));
      numbers.push(operands.length + (known < 0 ? steps.push(renumbered) - 1 : known));
    }
    return resultOf(body, numbers);
  });
  return { operands, steps: [...steps, { operation, inputs: results, dtype }] };
}

/** The body as a tail: its operand 0 is what is read from `slot`. */
export function readingFirst(body: Body, slot: Slot): Body {
  const at = body.operands.findIndex((operand) => operand.slot === slot);
  const order = [at, ...[...body.operands.keys()].filter((i) => i !== at)];
  const numbers = order.map((_, i) => order.indexOf(i));
  return {
    operands: order.map((i) => body.operands[i]!),
    steps: body.steps.map((step) => ({ ...step, inputs: step.inputs.map((number) => numbers[number] ?? number) })),
  };
}

/** All that a kernel reads, its tail included. */
export function operandsOf(kernel: Kernel): readonly Operand[] {
  if (kernel.kind !== 'routine') return kernel.body.operands;
  return kernel.tail ? [...kernel.operands, ...kernel.tail.operands.slice(1)] : kernel.operands;
}

/**
 * Whether the kernel may write over the slot: it reads each element of it, and no other, just before it writes that one.
 * (A tail may not: its routine has written the output before the tail reads anything.)
 */
export function worksInPlace(kernel: Kernel, slot: Slot): boolean {
  return (
    kernel.kind === 'map' &&
    slot.size === kernel.output.size &&
    bytesPerElement(slot.dtype) === bytesPerElement(kernel.output.dtype) &&
    kernel.body.operands.every((operand) => operand.slot !== slot || isContiguous(operand.view))
  );
}

function resultOf({ operands, steps }: Body, numbers: readonly number[]): number {
  return numbers[operands.length + steps.length - 1]!;
}

function placeOf(operand: Operand, operands: Operand[]): number {
  const known = operands.findIndex(({ slot, view }) => slot === operand.slot && sameView(view, operand.view));
  return known < 0 ? operands.push(operand) - 1 : known;
}

function sameView(a: View, b: View): boolean {
  return a.offset === b.offset && sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides);
}

function sameStep(a: Step, b: Step): boolean {
  return a.operation === b.operation && a.dtype === b.dtype && sameShape(a.inputs, b.inputs);
}
