// Recurrent layers, which run cells over the steps of sequences.
import { arange, concat, type DType, stack, type Tensor, type Variable } from '@thetagrad/core';
import {
  checkBoolean,
  checkFraction,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
} from '@thetagrad/core/backend';
import { dropout as drop } from '../functional/dropout.ts';
import {
  type CellKind,
  type CellVariables,
  createCellVariables,
  gruKind,
  lstmKind,
  recur,
  type States,
  toStates,
} from '../functional/recurrence.ts';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { toLengths } from '../lengths.ts';
import { Module } from '../module.ts';
import { checkPair, kindOf } from './recurrentCells.ts';

export interface RecurrentOptions extends Randomness {
  /** The number of layers, each of which reads the output of the one before. Default: 1. */
  readonly numLayers?: number;
  /** Whether biases are added to both products. Default: true. */
  readonly bias?: boolean;
  /** Whether the axis of the batch comes before that of the steps. Default: false, as in PyTorch. */
  readonly batchFirst?: boolean;
  /** The probability with which elements of the output of each layer but the last are dropped in training. Default: 0. */
  readonly dropout?: number;
  /** Whether a second cell in each layer goes from the last step to the first. Default: false. */
  readonly bidirectional?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

export interface RNNOptions extends RecurrentOptions {
  /** Default: `'tanh'`. */
  readonly nonlinearity?: 'tanh' | 'relu';
}

export interface LSTMOptions extends RecurrentOptions {
  /** The size to which the hidden state is projected (Sak et al., 2014, arXiv 1402.1128). Default: 0, for none. */
  readonly projSize?: number;
}

/** The options of a call. */
export interface SequenceOptions {
  /**
   * The number of steps of each sequence, int32 [N] or an array; a scalar or a number without N. The states are then those after
   * its last step, the output after it is 0, and the input after it counts for nothing. (Where PyTorch takes a `PackedSequence`.)
   * Default: all steps.
   */
  readonly lengths?: Tensor | readonly number[] | number | undefined;
}

/** The names of {@link RecurrentOptions}. */
const recurrentOptions = [
  'numLayers',
  'bias',
  'batchFirst',
  'dropout',
  'bidirectional',
  'dtype',
  'key',
  'generator',
] as const;

type VariableName = keyof CellVariables;
const variableNames: readonly VariableName[] = ['weightIh', 'weightHh', 'biasIh', 'biasHh', 'weightHr'];

/**
 * Recurrent layers. The variables of layer 0 are `weightIhL0` [gates · hiddenSize, inputSize], `weightHhL0`
 * [gates · hiddenSize, hiddenSize], `biasIhL0` and `biasHhL0` [gates · hiddenSize], and with `Reverse` at the end those of the cell
 * that goes backward.
 */
export abstract class RecurrentLayer<State> extends Module<
  [x: Tensor, hx?: State | undefined, options?: SequenceOptions],
  [output: Tensor, hn: State]
> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** The size of the hidden state after its projection; 0 without one. */
  readonly projSize: number;
  /** The source of the masks of dropout; save it with the model to resume training exactly. */
  readonly generator: Generator;
  readonly [variable: `${VariableName}L${string}`]: Variable | undefined;
  readonly #name: string;
  readonly #kind: CellKind;

  /**
   * @param name of the class, for messages and variables
   * @throws {RangeError} if a size is not an integer ≥ 1, or another option is out of range.
   * @throws {TypeError} if an option is of the wrong kind.
   */
  protected constructor(name: string, kind: CellKind, inputSize: number, hiddenSize: number, options: LSTMOptions) {
    super();
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } = options;
    const { projSize = 0, dtype = 'float32' } = options;
    checkInteger(name, 'inputSize', inputSize, { min: 1 });
    checkInteger(name, 'hiddenSize', hiddenSize, { min: 1 });
    checkInteger(name, 'numLayers', numLayers, { min: 1 });
    checkInteger(name, 'projSize', projSize, { min: 0, max: hiddenSize - 1 });
    checkFraction(name, 'dropout', dropout);
    for (const [key, flag] of Object.entries({ bias, batchFirst, bidirectional })) checkBoolean(name, key, flag);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.batchFirst = batchFirst;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    this.projSize = projSize;
    this.generator = generatorOf(name, options);
    this.#name = name;
    this.#kind = kind;
    const { generator } = this;
    const outputs = this.#outputSize;
    for (let layer = 0; layer < numLayers; layer++) {
      const inputs = layer === 0 ? inputSize : outputs * this.#suffixes.length;
      for (const suffix of this.#suffixes) {
        const sizes = { inputs, hidden: hiddenSize, outputs };
        const variables = createCellVariables(name, kind, sizes, { bias, dtype, generator });
        for (const each of variableNames) {
          if (variables[each]) Object.assign(this, { [`${each}L${layer}${suffix}`]: variables[each] });
        }
      }
    }
  }

  get #outputSize(): number {
    return this.projSize || this.hiddenSize;
  }

  /** What the names of the variables of each direction end with. */
  get #suffixes(): readonly ('' | 'Reverse')[] {
    return this.bidirectional ? ['', 'Reverse'] : [''];
  }

  #variablesOf(layer: number, suffix: string): CellVariables {
    const find = (name: VariableName): Variable | undefined => this[`${name}L${layer}${suffix}`];
    return {
      weightIh: find('weightIh')!,
      weightHh: find('weightHh')!,
      biasIh: find('biasIh'),
      biasHh: find('biasHh'),
      weightHr: find('weightHr'),
    };
  }

  /** The output and the last states, from the first ones. Default: from zeros. */
  protected run(
    x: Tensor,
    given: readonly Tensor[] | undefined,
    options: SequenceOptions = {},
  ): { readonly output: Tensor; readonly states: States } {
    const name = this.#name;
    checkTensor(name, x);
    checkOptions(name, options, ['lengths']);
    const isBatched = x.ndim === 3;
    if ((!isBatched && x.ndim !== 2) || x.shape.at(-1) !== this.inputSize) {
      const axes = this.batchFirst ? 'N, L' : 'L, N';
      const expected = `[${axes}, ${this.inputSize}] or [L, ${this.inputSize}]`;
      throw new RangeError(`${name}: input must be ${expected}, got ${formatShape(x.shape)}`);
    }
    const swap = (sequences: Tensor): Tensor => (this.batchFirst ? sequences.transpose(0, 1) : sequences);
    const sequences = isBatched ? swap(x) : x.expandDims(1);
    const [, count] = sequences.shape as [number, number, number];
    const samples = isBatched ? [count] : [];
    const states = toStates(
      name,
      this.#kind,
      { x, weight: this.#variablesOf(0, '').weightIh, given },
      this.#kind.states.map((_, i) => [
        this.numLayers * this.#suffixes.length,
        ...samples,
        i === 0 ? this.#outputSize : this.hiddenSize,
      ]),
    );
    const batch = (state: Tensor): Tensor => (isBatched ? state : state.expandDims(1));
    const isStep = this.#toSteps(sequences, samples, options.lengths);
    const result = this.#runLayers(sequences, [batch(states[0]), ...states.slice(1).map(batch)], isStep);
    if (isBatched) return { output: swap(result.output), states: result.states };
    const [hidden, ...others] = result.states;
    return { output: result.output.squeeze(1), states: [hidden.squeeze(1), ...others.map((each) => each.squeeze(1))] };
  }

  /** bool [L, N, 1]: the steps that sequences have. */
  #toSteps(
    { shape: [length = 0] }: Tensor,
    samples: readonly number[],
    lengths: SequenceOptions['lengths'],
  ): Tensor | undefined {
    if (lengths === undefined) return undefined;
    const { counts } = toLengths(this.#name, 'lengths', lengths, { samples, max: length });
    return arange(length).reshape([length, 1, 1]).less(counts.expandDims(-1));
  }

  /** Runs all layers from states [layers · directions, N, size]. */
  #runLayers(x: Tensor, states: States, isStep: Tensor | undefined): { output: Tensor; states: States } {
    // What follows a sequence must not reach the gradients of weights, even as a factor of 0.
    let output = isStep ? isStep.where(x, 0) : x;
    const last: States[] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      const input =
        layer > 0 && this.dropout > 0 && this.training
          ? drop(this.generator.next(), output, { p: this.dropout })
          : output;
      const directions = this.#suffixes.map((suffix) => {
        const index = last.length;
        const [hidden, ...others] = states;
        const first: States = [hidden.at(index), ...others.map((state) => state.at(index))];
        const variables = this.#variablesOf(layer, suffix);
        const result = recur(this.#kind, variables, input, first, { isStep, reverse: suffix === 'Reverse' });
        last.push(result.states);
        return result.output;
      });
      output = directions.length > 1 ? concat(directions, 2) : directions[0]!;
    }
    const stackState = (i: number): Tensor => stack(last.map((each) => each[i]!));
    return { output, states: [stackState(0), ...states.slice(1).map((_, i) => stackState(i + 1))] };
  }
}

/**
 * A recurrent network, as PyTorch's `RNN`: h = tanh(x · weightIhᵀ + biasIh + h · weightHhᵀ + biasHh) in each step (Elman, 1990). Maps
 * x [L, N, inputSize] and the first states [layers · directions, N, hiddenSize], by default zeros, to the output of the last layer in
 * each step, [L, N, directions · hiddenSize], and the last states; or all without N. A step is planned once, however many there are.
 * @example
 * new RNN(3, 4, { bidirectional: true }).forward(zeros([7, 5, 3])).map((x) => x.shape); // [[7, 5, 8], [2, 5, 4]]
 */
export class RNN extends RecurrentLayer<Tensor> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or another option is out of range.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    checkOptions('RNN', options, [...recurrentOptions, 'nonlinearity']);
    const { nonlinearity, ...others } = options;
    super('RNN', kindOf('RNN', nonlinearity), inputSize, hiddenSize, others);
  }

  /** @throws {RangeError} if the shapes or lengths do not fit. */
  override forward(x: Tensor, hx?: Tensor, options: SequenceOptions = {}): [output: Tensor, hn: Tensor] {
    const { output, states } = this.run(x, hx === undefined ? hx : [hx], options);
    return [output, states[0]];
  }
}

/**
 * Gated recurrent units, as PyTorch's `GRU`: {@link GRUCell} in each step. Shapes are those of {@link RNN}.
 * @example
 * new GRU(3, 4, { numLayers: 2 }).forward(zeros([7, 5, 3])).map((x) => x.shape); // [[7, 5, 4], [2, 5, 4]]
 */
export class GRU extends RecurrentLayer<Tensor> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or another option is out of range.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    checkOptions('GRU', options, recurrentOptions);
    super('GRU', gruKind, inputSize, hiddenSize, options);
  }

  /** @throws {RangeError} if the shapes or lengths do not fit. */
  override forward(x: Tensor, hx?: Tensor, options: SequenceOptions = {}): [output: Tensor, hn: Tensor] {
    const { output, states } = this.run(x, hx === undefined ? hx : [hx], options);
    return [output, states[0]];
  }
}

/**
 * A long short-term memory, as PyTorch's `LSTM`: {@link LSTMCell} in each step. Shapes are those of {@link RNN}, with two states,
 * [h, c]. With `projSize`, h and the output have that size instead of `hiddenSize`: h is multiplied by `weightHrL0`
 * [projSize, hiddenSize].
 * @example
 * new LSTM(3, 4).forward(zeros([7, 5, 3]))[0].shape; // [7, 5, 4]
 */
export class LSTM extends RecurrentLayer<readonly [h: Tensor, c: Tensor]> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or another option is out of range.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    checkOptions('LSTM', options, [...recurrentOptions, 'projSize']);
    super('LSTM', lstmKind, inputSize, hiddenSize, options);
  }

  /**
   * @throws {TypeError} if the states are not [h, c].
   * @throws {RangeError} if the shapes or lengths do not fit.
   */
  override forward(
    x: Tensor,
    hx?: readonly [h: Tensor, c: Tensor],
    options: SequenceOptions = {},
  ): [output: Tensor, hn: readonly [h: Tensor, c: Tensor]] {
    const { output, states } = this.run(x, checkPair('LSTM', hx), options);
    const [h, c] = states;
    return [output, [h, c!]];
  }
}
