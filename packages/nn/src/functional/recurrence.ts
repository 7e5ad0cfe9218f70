// Recurrences over the steps of sequences, by the cells that recurrent layers share.
import { type DType, promoteTypes, random, type Shape, type Tensor, Variable, zeros } from '@thetagrad/core';
import { checkTensor, formatShape, sameShape } from '@thetagrad/core/backend';
import { scan } from '@thetagrad/func';
import type { Generator } from '../generator.ts';

/** The states of a cell. The first is the hidden state. */
export type States = readonly [Tensor, ...Tensor[]];

/** What a cell computes. */
export interface CellKind {
  /** How many blocks of H rows the weights have. */
  readonly gates: number;
  /** The names of the states, for messages. */
  readonly states: readonly [string, ...string[]];
  /** Whether the bias of the hidden product is not simply added to that of the input product. */
  readonly hasInnerBias: boolean;
  /** Computes the next states from the products of input and hidden state, [N, gates · H], and the states before. */
  readonly next: (input: Tensor, hidden: Tensor, states: States) => States;
}

/** Elman, "Finding structure in time", 1990. */
export const elmanKinds: Readonly<Record<'tanh' | 'relu', CellKind>> = {
  tanh: { gates: 1, states: ['hx'], hasInnerBias: false, next: (input, hidden) => [input.add(hidden).tanh()] },
  relu: { gates: 1, states: ['hx'], hasInnerBias: false, next: (input, hidden) => [input.add(hidden).relu()] },
};

/** Cho et al., 2014, arXiv 1406.1078; the reset gate multiplies the product, as in PyTorch. */
export const gruKind: CellKind = {
  gates: 3,
  states: ['hx'],
  hasInnerBias: true,
  next(input, hidden, [before]) {
    const [inputReset, inputUpdate, inputCandidate] = splitGates(input, 3);
    const [hiddenReset, hiddenUpdate, hiddenCandidate] = splitGates(hidden, 3);
    const reset = inputReset.add(hiddenReset).sigmoid();
    const update = inputUpdate.add(hiddenUpdate).sigmoid();
    const candidate = inputCandidate.add(reset.mul(hiddenCandidate)).tanh();
    return [candidate.add(update.mul(before.sub(candidate)))];
  },
};

/** Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000. */
export const lstmKind: CellKind = {
  gates: 4,
  states: ['hx[0]', 'hx[1]'],
  hasInnerBias: false,
  next(input, hidden, [, before]) {
    const [inputGate, forgetGate, candidate, outputGate] = splitGates(input.add(hidden), 4);
    const cell = forgetGate.sigmoid().mul(before!).add(inputGate.sigmoid().mul(candidate.tanh()));
    return [outputGate.sigmoid().mul(cell.tanh()), cell];
  },
};

function splitGates(x: Tensor, count: 3 | 4): [Tensor, Tensor, Tensor, Tensor] {
  return x.split(count, -1) as [Tensor, Tensor, Tensor, Tensor];
}

/** The variables of a cell of hidden size H. */
export interface CellVariables {
  /** [gates · H, inputs] */
  readonly weightIh: Variable;
  /** [gates · H, outputs] */
  readonly weightHh: Variable;
  /** [gates · H] */
  readonly biasIh: Variable | undefined;
  /** [gates · H] */
  readonly biasHh: Variable | undefined;
  /** [outputs, H] where the hidden state is projected. */
  readonly weightHr?: Variable | undefined;
}

/** The sizes of a cell. */
export interface CellSizes {
  readonly inputs: number;
  /** H */
  readonly hidden: number;
  /** The size of the hidden state, which differs from H where it is projected. */
  readonly outputs: number;
}

/** Creates the variables of a cell, uniform in ±1/√H, as in PyTorch. */
export function createCellVariables(
  layer: string,
  kind: CellKind,
  { inputs, hidden, outputs }: CellSizes,
  { bias, dtype, generator }: { readonly bias: boolean; readonly dtype: DType; readonly generator: Generator },
): CellVariables {
  const bound = 1 / Math.sqrt(hidden);
  const create = (name: string, shape: Shape): Variable =>
    new Variable(random.uniform(generator.next(), shape, { low: -bound, high: bound, dtype }), {
      name: `${layer}.${name}`,
    });
  const rows = kind.gates * hidden;
  return {
    weightIh: create('weightIh', [rows, inputs]),
    weightHh: create('weightHh', [rows, outputs]),
    biasIh: bias ? create('biasIh', [rows]) : undefined,
    biasHh: bias ? create('biasHh', [rows]) : undefined,
    weightHr: outputs === hidden ? undefined : create('weightHr', [outputs, hidden]),
  };
}

/**
 * The states that are given, or zeros, in the common dtype of the input, the weight and them.
 * @throws {TypeError} if a state is not a tensor.
 * @throws {RangeError} if a state is not of its shape.
 */
export function toStates(
  operation: string,
  kind: CellKind,
  {
    x,
    weight,
    given,
  }: { readonly x: Tensor; readonly weight: Variable; readonly given: readonly Tensor[] | undefined },
  shapes: readonly Shape[],
): States {
  const names = kind.states;
  given?.forEach((state, i) => {
    checkTensor(`${operation}: ${names[i]}`, state);
    if (sameShape(state.shape, shapes[i]!)) return;
    throw new RangeError(
      `${operation}: ${names[i]} must be ${formatShape(shapes[i]!)}, got ${formatShape(state.shape)}`,
    );
  });
  const dtype = [x, ...(given ?? [])].reduce((common, each) => promoteTypes(common, each.dtype), weight.dtype);
  return (given?.map((state) => state.astype(dtype)) ?? shapes.map((shape) => zeros(shape, { dtype }))) as [
    Tensor,
    ...Tensor[],
  ];
}

/** What the gates take from the input, in one step or in all. */
export function projectInput(kind: CellKind, { weightIh, biasIh, biasHh }: CellVariables, x: Tensor): Tensor {
  const product = x.matmul(weightIh.value.transpose());
  if (!biasIh || !biasHh) return product;
  return product.add(kind.hasInnerBias ? biasIh.value : biasIh.value.add(biasHh.value));
}

/** The states after a step, from what {@link projectInput} gives. */
export function advance(
  kind: CellKind,
  { weightHh, biasHh, weightHr }: CellVariables,
  input: Tensor,
  states: States,
): States {
  const product = states[0].matmul(weightHh.value.transpose());
  const [hidden, ...others] = kind.next(
    input,
    kind.hasInnerBias && biasHh ? product.add(biasHh.value) : product,
    states,
  );
  return [weightHr ? hidden.matmul(weightHr.value.transpose()) : hidden, ...others];
}

export interface RecurrenceOptions {
  /** bool [L, N, 1]: where false, a step leaves the states as they are, and its output is 0. Undefined if none is. */
  readonly isStep: Tensor | undefined;
  /** Whether to go from the last step to the first. */
  readonly reverse: boolean;
}

/** What a step reads. */
interface Row {
  readonly input: Tensor;
  readonly isStep?: Tensor;
}

/**
 * Runs a cell over the steps of sequences, x [L, N, inputs], from states [N, size].
 * @returns the output of each step, [L, N, outputs], and the last states
 */
export function recur(
  kind: CellKind,
  variables: CellVariables,
  x: Tensor,
  states: States,
  { isStep, reverse }: RecurrenceOptions,
): { readonly output: Tensor; readonly states: States } {
  // One product for all steps.
  const input = projectInput(kind, variables, x);
  const step = (before: States, row: Row): [States, Tensor] => {
    const next = advance(kind, variables, row.input, before);
    const { isStep } = row;
    if (!isStep) return [next, next[0]];
    const kept = next.map((state, i) => isStep.where(state, before[i]!)) as [Tensor, ...Tensor[]];
    return [kept, isStep.where(next[0], 0)];
  };
  const [last, output] = scan<States, Row, Tensor>(step, states, isStep ? { input, isStep } : { input }, { reverse });
  return { output, states: last };
}
