import { markCopy } from '../data/checks.ts';
import { formatShape, sizeOf, type Shape } from '../data/shape.ts';
import type { DType } from '../data/dtype.ts';
import type { Buffer } from '../data/buffer.ts';
import type { Attributes, Movement, Primitive, Routine, TensorType } from './primitive.ts';
import type { AttributesOf, InputsOf, RoutineName } from './routines.ts';

/** An operand: a tensor, or a plain number, which takes the dtype of the tensor it is combined with. */
export type TensorLike = Tensor | number;

let nextId = 0;

/** The id of the next tensor. */
export function nextTensorId(): number {
  return nextId;
}

let onCreate: ((tensor: Tensor) => void) | undefined;

/** Calls `observe` for each tensor that is created while f runs, which may be asynchronous. */
export async function observeTensors<Result>(
  observe: (tensor: Tensor) => void,
  f: () => Result | Promise<Result>,
): Promise<Result> {
  const outer = onCreate;
  onCreate = observe;
  try {
    return await f();
  } finally {
    onCreate = outer;
  }
}

let state: (tensor: Tensor) => State;

interface State {
  inputs: readonly Tensor[];
  buffer: Buffer | undefined;
  /** The variable that the tensor was assigned to last. */
  assignee: { readonly name: string } | undefined;
  /** Of the result of a transformation: the id of the first tensor of its step. Else 0. */
  stepStart: number;
  isDisposed: boolean;
  /** Its place in the order of the graph that was numbered last. */
  position: number;
  /** The last walk that has visited it. */
  walk: number;
}

/**
 * A lazy, immutable n-dimensional array: a node of a computation graph. Operations check shapes and dtypes immediately and
 * compute nothing; reading values (`data`, `item`, `toArray`) or calling `evaluate` computes what is needed.
 * Operations are methods as well: `x.sum(0)` is `sum(x, 0)`; methods.ts adds them.
 */
export class Tensor {
  /** Creation order: inputs always have smaller numbers. */
  readonly id: number = nextId++;
  /** The operation that computes it. */
  readonly primitive: Primitive;
  /** Parameters of the operation. */
  readonly attributes: Attributes;
  /** The sizes of the axes, outermost first; `[]` for a scalar. */
  readonly shape: Shape;
  /** The element type. */
  readonly dtype: DType;
  readonly #state: State;

  /** Creates a graph node, for operations. Users create tensors with `tensor`, `zeros`, `arange` and so on. */
  constructor(
    primitive: Primitive,
    inputs: readonly Tensor[],
    { shape, dtype }: TensorType,
    attributes: Attributes = {},
  ) {
    this.primitive = primitive;
    this.shape = shape;
    this.dtype = dtype;
    this.attributes = attributes;
    this.#state = {
      inputs,
      buffer: undefined,
      assignee: undefined,
      stepStart: 0,
      isDisposed: false,
      position: 0,
      walk: 0,
    };
    onCreate?.(this);
  }

  static {
    markCopy(this);
    state = (tensor) => tensor.#state;
  }

  /** The number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The tensors it is computed from. Empty after evaluation, which frees the graph behind a value. */
  get inputs(): readonly Tensor[] {
    return this.#state.inputs;
  }

  /** The value; `undefined` before evaluation. */
  get buffer(): Buffer | undefined {
    return this.#state.buffer;
  }

  /** A description for JSON, such as a log, without the value: `Tensor float32[2, 3]`. */
  toJSON(): string {
    return `Tensor ${this.dtype}${formatShape(this.shape)}`;
  }
}

/** Sets the value of a tensor, replaces it by a copy on another backend, or takes it back. */
export function setBuffer(tensor: Tensor, buffer: Buffer | undefined): void {
  state(tensor).buffer = buffer;
}

/** Detaches a tensor from the graph behind it, or restores the graph for a transformation. */
export function setInputs(tensor: Tensor, inputs: readonly Tensor[]): void {
  state(tensor).inputs = inputs;
}

/** Records the variable that the tensor was assigned to, for messages. */
export function setAssignee(tensor: Tensor, assignee: { readonly name: string }): void {
  state(tensor).assignee = assignee;
}

/** The variable that the tensor was assigned to. */
export function assigneeOf(tensor: Tensor): { readonly name: string } | undefined {
  return state(tensor).assignee;
}

/** Records that the tensor is the result of a transformation, whose step begins with the tensor of the id `start`. */
export function setStepStart(tensor: Tensor, start: number): void {
  state(tensor).stepStart = start;
}

/** Numbers the tensor within a graph, until another graph that contains it is numbered. */
export function setPosition(tensor: Tensor, position: number): void {
  state(tensor).position = position;
}

/** The number of the tensor within the graph that was numbered last. */
export function positionOf(tensor: Tensor): number {
  return state(tensor).position;
}

/** Marks the tensor as visited by a walk; `false` if it was already, and no other walk has visited it since. */
export function visit(tensor: Tensor, walk: number): boolean {
  const own = state(tensor);
  if (own.walk === walk) return false;
  own.walk = walk;
  return true;
}

/** The id of the first tensor of the step whose result the tensor is; 0 if it is no result of a transformation. */
export function stepStartOf(tensor: Tensor): number {
  return state(tensor).stepStart;
}

/** Drops the value of a tensor that nothing may use from here on. */
export function markDisposed(tensor: Tensor): void {
  state(tensor).isDisposed = true;
  state(tensor).buffer = undefined;
}

/** @throws {Error} if the tensor has been disposed of. */
export function checkNotDisposed(operation: string, tensor: Tensor): void {
  if (!state(tensor).isDisposed) return;
  throw new Error(
    `${operation}: the tensor ${tensor.dtype}${formatShape(tensor.shape)} has been disposed of; dispose of a tensor once all ` +
      `that is computed from it has been evaluated`,
  );
}

/** Creates the node of a routine. Shape, dtype and attributes must have been checked. */
export function applyRoutine<Name extends RoutineName>(
  routine: Routine<Name>,
  inputs: InputsOf<Name, Tensor>,
  type: TensorType,
  attributes: AttributesOf<Name>,
): Tensor {
  const primitive: Primitive = routine as Routine;
  return new Tensor(primitive, inputs, type, attributes);
}

/** Creates the node of a movement. Shape and attributes must have been checked. */
export function applyMovement<NodeAttributes extends Attributes>(
  movement: Movement<NodeAttributes>,
  input: Tensor,
  shape: Shape,
  attributes: NodeAttributes,
): Tensor {
  return new Tensor(movement, [input], { shape, dtype: input.dtype }, attributes);
}
