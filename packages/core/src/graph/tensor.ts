import { sizeOf, type Shape } from '../data/shape.ts';
import type { DType } from '../data/dtype.ts';
import type { Buffer } from '../schedule/backend.ts';
import type { Attributes, Movement, Primitive, Routine, TensorType } from './primitive.ts';
import type { AttributesOf, InputsOf, RoutineName } from './routines.ts';

/** What operations accept: tensors and plain numbers, which take the dtype of the tensor they meet. */
export type TensorLike = Tensor | number;

let created = 0;
let state: (tensor: Tensor) => { inputs: readonly Tensor[]; buffer: Buffer | undefined };

/**
 * An array of numbers that is known by how it is computed: a node of a graph. Operations check shapes and dtypes at
 * once and compute nothing; reading values (`data`, `item`, `toArray`) or `evaluate` computes what is needed.
 * A tensor never changes. Its methods are declared and added in methods.ts.
 */
export class Tensor {
  /** Nodes are numbered as they are made, so inputs always have smaller numbers. */
  readonly id: number = created++;
  readonly primitive: Primitive;
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly #state: { inputs: readonly Tensor[]; buffer: Buffer | undefined };

  /** For operations; users create tensors with `tensor`, `zeros`, `arange` and so on. */
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
    this.#state = { inputs, buffer: undefined };
  }

  static {
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

  /** The tensors it is computed from. Empty once its value is known: the graph behind a value is freed. */
  get inputs(): readonly Tensor[] {
    return this.#state.inputs;
  }

  /** The value, once it has been computed. */
  get buffer(): Buffer | undefined {
    return this.#state.buffer;
  }
}

/** Stores the value of a tensor, or moves it to another backend. */
export function setBuffer(tensor: Tensor, buffer: Buffer): void {
  state(tensor).buffer = buffer;
}

/** Frees the graph behind a tensor, or restores it for a transformation. */
export function setInputs(tensor: Tensor, inputs: readonly Tensor[]): void {
  state(tensor).inputs = inputs;
}

/** The node of a routine. Shapes and attributes have been checked. */
export function applyRoutine<Name extends RoutineName>(
  routine: Routine<Name>,
  inputs: InputsOf<Name, Tensor>,
  type: TensorType,
  attributes: AttributesOf<Name>,
): Tensor {
  const primitive: Primitive = routine as Routine;
  return new Tensor(primitive, inputs, type, attributes);
}

/** The node of a movement. Shape and attributes have been checked. */
export function applyMovement<NodeAttributes extends Attributes>(
  movement: Movement<NodeAttributes>,
  input: Tensor,
  shape: Shape,
  attributes: NodeAttributes,
): Tensor {
  return new Tensor(movement, [input], { shape, dtype: input.dtype }, attributes);
}
