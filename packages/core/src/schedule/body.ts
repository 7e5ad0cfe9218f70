// Builds the bodies of kernels from the operations that are fused into them.
import { bytesPerElement, type DType } from '../data/dtype.ts';
import type { Body, Kernel, Operand, Slot, Step } from './kernel.ts';
import type { ScalarFunction } from '../scalar/function.ts';
import { contiguous, isContiguous, sameShape, type Shape, type View } from '../data/shape.ts';

/** The body that reads a slot, without steps. */
export function readSlot(slot: Slot, shape: Shape): Body {
  return { operands: [{ slot, view: contiguous(shape) }], steps: [] };
}

/** Maps the views of all operands; `undefined` if `map` returns `undefined` for one. */
export function mapViews(body: Body, map: (view: View) => View | undefined): Body | undefined {
  const operands: Operand[] = [];
  for (const { slot, view } of body.operands) {
    const mapped = map(view);
    if (!mapped) return undefined;
    operands.push({ slot, view: mapped });
  }
  return { operands, steps: body.steps };
}

/** Applies an operation to the results of bodies of equal shape. Operands and steps they have in common are merged. */
export function applyStep(operation: ScalarFunction, inputs: readonly Body[], dtype: DType): Body {
  const [first] = inputs;
  if (first && inputs.length === 1) {
    const result = first.operands.length + first.steps.length - 1;
    return { operands: first.operands, steps: [...first.steps, { operation, inputs: [result], dtype }] };
  }
  const operands: Operand[] = [];
  const operandNumbers = inputs.map((body) => body.operands.map((operand) => addOperand(operands, operand)));
  const steps: Step[] = [];
  const results = inputs.map((body, i) => {
    const numbers = [...operandNumbers[i]!];
    for (const step of body.steps) {
      const renumbered = { ...step, inputs: step.inputs.map((number) => numbers[number]!) };
      const existing = steps.findIndex((other) => sameStep(other, renumbered));
      numbers.push(operands.length + (existing < 0 ? steps.push(renumbered) - 1 : existing));
    }
    return resultOf(body, numbers);
  });
  return { operands, steps: [...steps, { operation, inputs: results, dtype }] };
}

/** Moves the operand that is read from `slot` to number 0. */
export function moveOperandFirst(body: Body, slot: Slot): Body {
  const first = body.operands.findIndex((operand) => operand.slot === slot);
  const order = [first, ...[...body.operands.keys()].filter((i) => i !== first)];
  const numbers = order.map((_, i) => order.indexOf(i));
  return {
    operands: order.map((i) => body.operands[i]!),
    steps: body.steps.map((step) => ({ ...step, inputs: step.inputs.map((number) => numbers[number] ?? number) })),
  };
}

/** All operands of a kernel, including those of its epilogue. */
export function operandsOf(kernel: Kernel): readonly Operand[] {
  if (kernel.kind !== 'routine') return kernel.body.operands;
  return kernel.epilogue ? [...kernel.operands, ...kernel.epilogue.operands.slice(1)] : kernel.operands;
}

/** Replaces the slots of a kernel's operands and output. */
export function mapSlots(kernel: Kernel, map: (slot: Slot) => Slot): Kernel {
  const operand = <Read extends Operand>({ slot, view }: Read): Operand => ({ slot: map(slot), view });
  const mapBody = ({ operands, steps }: Body): Body => ({ operands: operands.map(operand), steps });
  const output = map(kernel.output);
  if (kernel.kind !== 'routine') return { ...kernel, body: mapBody(kernel.body), output };
  const { epilogue } = kernel;
  return {
    ...kernel,
    operands: kernel.operands.map(operand),
    ...(epilogue && { epilogue: mapBody(epilogue) }),
    output,
  } as Kernel;
}

/**
 * Whether the kernel may write its output over a slot that it reads: a map that reads no element of the slot after
 * overwriting it. (Not a routine with an epilogue, which reads its operands after the routine has written the output.)
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

/** Returns the number of an operand in the list, to which it is added if it is new. */
function addOperand(operands: Operand[], operand: Operand): number {
  const existing = operands.findIndex(({ slot, view }) => slot === operand.slot && sameView(view, operand.view));
  return existing < 0 ? operands.push(operand) - 1 : existing;
}

function sameView(a: View, b: View): boolean {
  return a.offset === b.offset && sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides);
}

function sameStep(a: Step, b: Step): boolean {
  return a.operation === b.operation && a.dtype === b.dtype && sameShape(a.inputs, b.inputs);
}
