// Recurrent cells, which compute one step of a recurrence.
import type { DType, Tensor, Variable } from '@thetagrad/core';
import {
  argumentError,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  unknownValue,
} from '@thetagrad/core/backend';
import {
  advance,
  type CellKind,
  createCellVariables,
  elmanKinds,
  gruKind,
  lstmKind,
  projectInput,
  type States,
  toStates,
} from '../functional/recurrence.ts';
import { generatorOf, type Randomness } from '../generator.ts';
import { Module } from '../module.ts';

export interface RecurrentCellOptions extends Randomness {
  /** Whether biases are added to both products. Default: true. */
  readonly bias?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

export interface RNNCellOptions extends RecurrentCellOptions {
  /** Default: `'tanh'`. */
  readonly nonlinearity?: 'tanh' | 'relu';
}

/** The names of {@link RecurrentCellOptions}. */
const cellOptions = ['bias', 'dtype', 'key', 'generator'] as const;

/** A recurrent cell, whose gates are blocks of `hiddenSize` rows of its weights. */
export abstract class RecurrentCell<State> extends Module<[x: Tensor, hx?: State | undefined], State> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** [gates · hiddenSize, inputSize] */
  readonly weightIh: Variable;
  /** [gates · hiddenSize, hiddenSize] */
  readonly weightHh: Variable;
  /** [gates · hiddenSize] */
  readonly biasIh: Variable | undefined;
  /** [gates · hiddenSize] */
  readonly biasHh: Variable | undefined;
  readonly #name: string;
  readonly #kind: CellKind;

  /**
   * @param name of the class, for messages and variables
   * @throws {RangeError} if a size is not an integer ≥ 1.
   * @throws {TypeError} if an option is of the wrong kind.
   */
  protected constructor(
    name: string,
    kind: CellKind,
    inputSize: number,
    hiddenSize: number,
    { bias = true, dtype = 'float32', ...randomness }: RecurrentCellOptions,
  ) {
    super();
    checkInteger(name, 'inputSize', inputSize, { min: 1 });
    checkInteger(name, 'hiddenSize', hiddenSize, { min: 1 });
    checkBoolean(name, 'bias', bias);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.#name = name;
    this.#kind = kind;
    const sizes = { inputs: inputSize, hidden: hiddenSize, outputs: hiddenSize };
    const variables = createCellVariables(name, kind, sizes, { bias, dtype, generator: generatorOf(name, randomness) });
    ({ weightIh: this.weightIh, weightHh: this.weightHh, biasIh: this.biasIh, biasHh: this.biasHh } = variables);
  }

  /** The states after a step, from those before. Default: from zeros. */
  protected step(x: Tensor, given: readonly Tensor[] | undefined): States {
    const [name, kind] = [this.#name, this.#kind];
    checkTensor(name, x);
    if ((x.ndim !== 1 && x.ndim !== 2) || x.shape.at(-1) !== this.inputSize) {
      const size = this.inputSize;
      throw new RangeError(`${name}: input must be [N, ${size}] or [${size}], got ${formatShape(x.shape)}`);
    }
    const shape = [...x.shape.slice(0, -1), this.hiddenSize];
    const shapes = kind.states.map(() => shape);
    const states = toStates(name, kind, { x, weight: this.weightIh, given }, shapes);
    return advance(kind, this, projectInput(kind, this, x), states);
  }
}

/**
 * A step of a recurrent network, h' = tanh(x · weightIhᵀ + biasIh + h · weightHhᵀ + biasHh), as PyTorch's `RNNCell`: x [N, inputSize]
 * and h [N, hiddenSize] to h' [N, hiddenSize]; or all without N. Without h it is zeros.
 * @example
 * new RNNCell(3, 2).forward(zeros([5, 3])).shape; // [5, 2]
 */
export class RNNCell extends RecurrentCell<Tensor> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    checkOptions('RNNCell', options, [...cellOptions, 'nonlinearity']);
    const { nonlinearity, ...others } = options;
    super('RNNCell', kindOf('RNNCell', nonlinearity), inputSize, hiddenSize, others);
  }

  /** @throws {RangeError} if the shapes do not fit. */
  override forward(x: Tensor, hx?: Tensor): Tensor {
    return this.step(x, hx === undefined ? hx : [hx])[0];
  }
}

/**
 * A step of a gated recurrent unit, as PyTorch's `GRUCell`: h' = (1 − z) ∘ n + z ∘ h with r, z = σ(…) of both products and
 * n = tanh(x · weightᵀ + bias + r ∘ (h · weightᵀ + bias)). Shapes are those of {@link RNNCell}; the weights have the rows of r, z and n.
 * (Cho et al., 2014, arXiv 1406.1078.)
 * @example
 * new GRUCell(3, 2).forward(zeros([5, 3])).shape; // [5, 2]
 */
export class GRUCell extends RecurrentCell<Tensor> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    checkOptions('GRUCell', options, cellOptions);
    super('GRUCell', gruKind, inputSize, hiddenSize, options);
  }

  /** @throws {RangeError} if the shapes do not fit. */
  override forward(x: Tensor, hx?: Tensor): Tensor {
    return this.step(x, hx === undefined ? hx : [hx])[0];
  }
}

/**
 * A step of a long short-term memory, as PyTorch's `LSTMCell`: c' = σ(f) ∘ c + σ(i) ∘ tanh(g) and h' = σ(o) ∘ tanh(c'). x is
 * [N, inputSize], or without N; the states [h, c] are as {@link RNNCell}'s; the weights have the rows of i, f, g and o. (Hochreiter and
 * Schmidhuber, 1997.)
 * @example
 * new LSTMCell(3, 2).forward(zeros([5, 3])).map((x) => x.shape); // [[5, 2], [5, 2]]
 */
export class LSTMCell extends RecurrentCell<readonly [h: Tensor, c: Tensor]> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    checkOptions('LSTMCell', options, cellOptions);
    super('LSTMCell', lstmKind, inputSize, hiddenSize, options);
  }

  /**
   * @throws {TypeError} if the states are not [h, c].
   * @throws {RangeError} if the shapes do not fit.
   */
  override forward(x: Tensor, hx?: readonly [h: Tensor, c: Tensor]): readonly [h: Tensor, c: Tensor] {
    const [h, c] = this.step(x, checkPair('LSTMCell', hx));
    return [h, c!];
  }
}

/** The kind of a simple recurrent cell. */
export function kindOf(operation: string, nonlinearity: 'tanh' | 'relu' = 'tanh'): CellKind {
  if (Object.hasOwn(elmanKinds, nonlinearity)) return elmanKinds[nonlinearity];
  throw unknownValue(operation, 'nonlinearity', nonlinearity, `'tanh' or 'relu'`);
}

/** Checks the states of a long short-term memory. */
export function checkPair(
  operation: string,
  hx: readonly [h: Tensor, c: Tensor] | undefined,
): readonly [h: Tensor, c: Tensor] | undefined {
  if (hx === undefined || (Array.isArray(hx) && hx.length === 2)) return hx;
  throw argumentError(operation, 'hx', 'the states [h, c]', hx, false);
}
