// Finds the operation that makes the first NaN or infinity.
import { evaluate, type Tensor, type TypedArray } from '@thetagrad/core';
import {
  checkFunction,
  flattenTensors,
  formatShape,
  observeTensors,
  topologicalOrder,
  type TensorType,
  unravelIndex,
} from '@thetagrad/core/backend';
import { deepStack, lineOf } from './callSite.ts';
import { singleSteps } from './singleSteps.ts';

/** The error of `detectAnomaly` and `assertFinite`. */
export class AnomalyError extends Error {
  override readonly name = 'AnomalyError';
  /** The operation that made the first NaN or infinity. */
  readonly operation: string;
  /** The line of the user's code that called for it, such as `train.ts:12:5`; `undefined` if the engine does not tell. */
  readonly line: string | undefined;

  constructor(message: string, operation: string, line: string | undefined) {
    super(message);
    this.operation = operation;
    this.line = line;
  }
}

/**
 * Calls a function, such as a training step, and looks for NaN and infinities in what it returns (PyTorch's `detect_anomaly`). If
 * there are any, computes the graph behind them operation by operation, forward and backward alike, and throws an error that
 * names the first that makes them from finite inputs, with the ranges of these and the line of the caller; in a loop, with the
 * step, which counts from 0. Takes many times as long as the function itself; where it is not called, it costs nothing.
 * @param f returns tensors or trees of them. It should not store variables that these are computed from.
 * @throws {AnomalyError} if a NaN or an infinity is found.
 * @throws {TypeError} if f is not a function, or returns anything but tensors.
 * @example
 * detectAnomaly(() => tensor([1, 4]).sqrt()); // tensor([1, 2])
 */
export async function detectAnomaly<Result>(f: () => Result | Promise<Result>): Promise<Result> {
  checkFunction('detectAnomaly', f);
  const origins = new Map<Tensor, Origin>();
  const result = await observeTensors((tensor) => {
    // Evaluation will detach it from its inputs.
    origins.set(tensor, { inputs: tensor.inputs, stack: deepStack() });
  }, f);
  const outputs = flattenTensors('detectAnomaly: the result', result).leaves;
  await evaluate(outputs);
  for (const output of outputs) {
    const kind = kindOf(await output.data());
    if (kind === undefined) continue;
    const order = topologicalOrder([output], (tensor) => origins.get(tensor)?.inputs ?? []);
    const originOf: OriginOf = (tensor) => origins.get(tensor);
    throw (await findAnomaly(order, kind, originOf)) ?? (await describeGiven(order, kind, originOf));
  }
  return result;
}

/** How a tensor was created. */
interface Origin {
  readonly inputs: readonly Tensor[];
  readonly stack: string;
}

type Kind = 'NaN' | 'an infinity';

/** What is wrong with numbers, if anything: NaN counts before infinities. */
function kindOf(values: TypedArray): Kind | undefined {
  if (values.some((value) => value !== value)) return 'NaN';
  return values.some((value) => Math.abs(value) === Infinity) ? 'an infinity' : undefined;
}

/** How tensors were created; `undefined` of those that existed before. */
type OriginOf = (tensor: Tensor) => Origin | undefined;

/**
 * The error for the first tensor in topological order that is not finite, while its inputs are; `undefined` if there is none.
 * @param place the steps of loops that it is in, for messages. Default: none.
 */
async function findAnomaly(
  order: readonly Tensor[],
  kind: Kind,
  originOf: OriginOf,
  place = '',
): Promise<AnomalyError | undefined> {
  const bad = new Set<Tensor>();
  for (const tensor of order) {
    const values = await tensor.data();
    const own = kindOf(values);
    if (own === kind || own === 'NaN') bad.add(tensor);
    const origin = originOf(tensor);
    if (own !== kind || !origin || origin.inputs.length === 0 || origin.inputs.some((input) => bad.has(input)))
      continue;
    return (
      (await findInLoop(tensor, origin, kind, originOf, place)) ??
      (await describeAnomaly(tensor, kind, values, origin, place))
    );
  }
  return undefined;
}

/** As {@link findAnomaly}, of the steps of a loop; `undefined` of any other operation. */
async function findInLoop(
  loop: Tensor,
  { inputs, stack }: Origin,
  kind: Kind,
  originOf: OriginOf,
  place: string,
): Promise<AnomalyError | undefined> {
  for await (const { name, copies, outputs } of singleSteps(loop, inputs)) {
    const origins = new Map<Tensor, Origin>();
    for (const [original, copy] of copies) {
      origins.set(copy, { inputs: copy.inputs, stack: originOf(original)?.stack ?? stack });
    }
    for (const output of outputs) {
      if (kindOf(await output.data()) !== kind) continue;
      const inStep: OriginOf = (tensor) => origins.get(tensor) ?? originOf(tensor);
      const found = await findAnomaly([...copies.values()], kind, inStep, ` in ${name}${place}`);
      if (found) return found;
    }
  }
  return undefined;
}

/** The error for a NaN or an infinity that no operation makes. */
async function describeGiven(order: readonly Tensor[], kind: Kind, originOf: OriginOf): Promise<AnomalyError> {
  let what = 'a value that was given';
  for (const tensor of order) {
    if (originOf(tensor)?.inputs.length || kindOf(await tensor.data()) !== kind) continue;
    what = `a tensor ${tensor.dtype}${formatShape(tensor.shape)} that was given`;
    break;
  }
  return new AnomalyError(`detectAnomaly: ${kind} comes from ${what}, not from an operation`, 'data', undefined);
}

async function describeAnomaly(
  { primitive: { name }, dtype, shape }: Tensor,
  kind: Kind,
  values: TypedArray,
  { inputs, stack }: Origin,
  place: string,
): Promise<AnomalyError> {
  const ranges = await Promise.all(
    inputs.map(async (input) => {
      let [low, high] = [Infinity, -Infinity];
      for (const element of await input.data()) [low, high] = [Math.min(low, element), Math.max(high, element)];
      return `${input.dtype}${formatShape(input.shape)} in [${low}, ${high}]`;
    }),
  );
  const line = lineOf(stack);
  const message =
    `detectAnomaly: ${name} gives ${locate(kind, values, { dtype, shape })}${place}, ` +
    `from ${ranges.join(' and ')}${formatLine(line)}`;
  return new AnomalyError(message, name, line);
}

/** Where the first element of a kind is, and how many there are. */
function locate(kind: Kind, values: TypedArray, { dtype, shape }: TensorType): string {
  const isOfKind = (value: number): boolean => kindOf(Float64Array.of(value)) === kind;
  const index = unravelIndex(values.findIndex(isOfKind), shape);
  const count = values.filter(isOfKind).length;
  return `${kind} at ${formatShape(index)} of ${dtype}${formatShape(shape)} (${count} of ${values.length})`;
}

function formatLine(line: string | undefined): string {
  return line === undefined ? '' : `; called at ${line}`;
}

/** @throws {AnomalyError} if there is a NaN or an infinity among values, for an operation that was called at a line. */
export function checkFinite(operation: string, values: TypedArray, type: TensorType, line: string | undefined): void {
  const kind = kindOf(values);
  if (kind === undefined) return;
  const message = `${operation}: expected finite numbers, got ${locate(kind, values, type)}${formatLine(line)}`;
  throw new AnomalyError(message, operation, line);
}
