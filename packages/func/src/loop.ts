// The routine behind `scan`: a plan that runs once for each row. Its output is one vector, the results of all steps and then the
// carries, so that one node has all of them.
import { concat, isFloatingPoint, jvp, Tensor, vjp, zeros, zerosLike, type DType, type Shape } from '@thetagrad/core';
import {
  applyRoutine,
  batchInput,
  nextTensorId,
  runLoop,
  schedule,
  signatureOf,
  topologicalOrder,
  type Loop,
  type LoopInput,
  type Node,
  type Plan,
  type Routine,
} from '@thetagrad/core/backend';
import { moveAxis } from './axes.ts';
import { createStep, isDifferentiating } from './example.ts';
import { pack, sizeOfAll, unpack, type LoopOutputs } from './outputs.ts';
import { factorsOf, hasProductCotangent, sumProducts } from './products.ts';
import { rememberSteps } from './singleSteps.ts';
import type { LoopAttributes, RunStep, StepOptions, Steps } from './steps.ts';
import { Subgraph } from './subgraph.ts';
import { vmap } from './vmap.ts';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** Runs a plan for each row. Inputs: the first carries, rows, and constants. */
    'func.scan': { inputs: number; attributes: LoopAttributes };
  }
}

type LoopNode = Node<readonly Tensor[], LoopAttributes>;

/** A step as a function of everything that it reads. */
interface Body {
  /** What messages call the loop. */
  readonly operation: string;
  readonly subgraph: Subgraph;
  readonly constants: readonly Tensor[];
  readonly carries: readonly Shape[];
  readonly results: readonly Shape[];
  readonly dtype: DType;
  /** Whether the results begin with the next carries, for derivatives. */
  readonly keepsCarries: boolean;
  /** Whether what depends on neither carries nor rows is computed before the loop. */
  readonly hoists: boolean;
}

/** Runs a step for each row. */
export function runSteps(
  run: RunStep,
  carries: readonly Tensor[],
  rows: readonly Tensor[],
  steps: Steps,
  { operation, hoists = true, keepsCarries = false, start = nextTensorId() }: StepOptions,
): LoopOutputs {
  const examples = [
    ...carries.map((carry) => createStep(operation, carry, carry.shape)),
    ...rows.map((row) => createStep(operation, row, row.shape.slice(1))),
  ];
  const ofStep = run(examples.slice(0, carries.length), examples.slice(carries.length));
  const isKept = !keepsCarries && isDifferentiating() && steps.condition !== 'unbounded';
  const all = isKept ? [...ofStep.slice(0, carries.length), ...ofStep] : ofStep;
  const body = closeOver(examples, all, start, {
    operation,
    carries: carries.length,
    keepsCarries: isKept || keepsCarries,
    hoists,
  });
  const resultCarries = isKept ? [...carries.keys(), ...steps.resultCarries] : steps.resultCarries;
  const outputs =
    steps.count === 0
      ? { carries, results: body.results.map((shape) => zeros([0, ...shape], { dtype: body.dtype })) }
      : unpack(body, steps.count, applyLoop(body, carries, rows, { ...steps, resultCarries }));
  return { carries: outputs.carries, results: isKept ? outputs.results.slice(carries.length) : outputs.results };
}

/** Separates what a step computes from what it reads of older tensors. */
function closeOver(
  examples: readonly Tensor[],
  outputs: readonly Tensor[],
  start: number,
  { carries, ...options }: Pick<Body, 'operation' | 'keepsCarries' | 'hoists'> & { readonly carries: number },
): Body {
  const dependent = new Set(examples);
  const nodes: Tensor[] = [];
  const constants = new Set<Tensor>();
  const order = topologicalOrder(outputs, (tensor) =>
    tensor.id < start || dependent.has(tensor) ? [] : tensor.inputs,
  );
  for (const tensor of order) {
    const isInside = options.hoists
      ? tensor.inputs.some((input) => dependent.has(input))
      : tensor.id >= start && tensor.inputs.length > 0;
    if (dependent.has(tensor) || !isInside) continue;
    dependent.add(tensor);
    nodes.push(tensor);
  }
  for (const tensor of [...nodes.flatMap(({ inputs }) => inputs), ...outputs]) {
    if (!dependent.has(tensor)) constants.add(tensor);
  }
  const shapes = outputs.map(({ shape }) => shape);
  return {
    subgraph: Subgraph.between([...examples, ...constants], nodes, outputs),
    constants: [...constants],
    carries: shapes.slice(0, carries),
    results: shapes.slice(carries),
    dtype: outputs[0]?.dtype ?? 'float32',
    ...options,
  };
}

/** Creates the node. */
function applyLoop(body: Body, carries: readonly Tensor[], rows: readonly Tensor[], steps: Steps): Tensor {
  const { subgraph, constants, dtype } = body;
  const { count, reverse, condition, resultCarries } = steps;
  const inputs = [...carries, ...rows, ...constants];
  const isRow = (i: number): boolean => i >= carries.length && i < carries.length + rows.length;
  const leaves = inputs.map(
    ({ shape, dtype }, i) =>
      new Tensor({ kind: 'source', name: 'data' }, [], { shape: isRow(i) ? shape.slice(1) : shape, dtype }),
  );
  const results = subgraph.recompute(leaves);
  const order = topologicalOrder(results);
  const targets = { order, slices: new Map(), results, updates: [] };
  const planInputs = order.filter((tensor) => tensor.primitive.kind === 'source').map((leaf) => leaves.indexOf(leaf));
  let plan: Plan | undefined;
  const loop: Loop = {
    get plan() {
      return (plan ??= schedule(targets));
    },
    inputs: planInputs.map((input): LoopInput => {
      if (input < carries.length) return { kind: 'carry', input };
      return { kind: isRow(input) ? 'row' : 'constant', input };
    }),
    outputSizes: results.map(({ size }) => size),
    carries: carries.length,
    count,
    reverse,
    isConditional: condition !== 'none',
    resultCarries,
  };
  const attributes: LoopAttributes = {
    signature: [...signatureOf(targets)],
    inputs: planInputs,
    carries: carries.length,
    rows: rows.length,
    count,
    reverse,
    condition,
    resultCarries,
  };
  const shape = [count * sizeOfAll(body.results) + sizeOfAll(body.carries)];
  return applyRoutine(createRoutine(body, loop), inputs, { shape, dtype }, attributes);
}

function createRoutine(body: Body, loop: Loop): Routine<'func.scan'> {
  const routine: Routine<'func.scan'> = {
    kind: 'routine',
    name: 'func.scan',
    loop,
    run: (output, _shape, inputs) => runLoop(loop, output, inputs),
    vjpOfAll: (cotangent, output, isNeeded) => pullBack(body, cotangent, output, isNeeded),
    jvpOfAll: (tangents, output) => pushForward(body, tangents, output),
    batch: (inputs, isBatched, { attributes }, size) => batchLoop(body, inputs, isBatched, attributes, size),
  };
  rememberSteps(routine, body);
  return routine;
}

/** The inputs of the routine by their kind. */
function splitInputs<Item>(
  items: readonly Item[],
  { carries, rows }: LoopAttributes,
): { readonly carries: readonly Item[]; readonly rows: readonly Item[]; readonly constants: readonly Item[] } {
  return {
    carries: items.slice(0, carries),
    rows: items.slice(carries, carries + rows),
    constants: items.slice(carries + rows),
  };
}

/** The carries before each step, with an axis of steps first. */
function carriesBefore(body: Body, output: LoopNode): Tensor[] {
  const { carries, rows } = splitInputs(output.inputs, output.attributes);
  const { count, reverse, condition, resultCarries } = output.attributes;
  if (condition === 'unbounded') {
    const fix = body.operation === 'foriLoop' ? 'use numbers instead of tensors' : 'give maxSteps';
    throw new Error(
      `${body.operation}: reverse mode needs a bound on the number of steps; ${fix}, or use forward mode`,
    );
  }
  const kept = body.keepsCarries ? body : keepCarries(body);
  const node = body.keepsCarries
    ? output
    : applyLoop(kept, carries, rows, {
        count,
        reverse,
        condition,
        resultCarries: [...carries.keys(), ...resultCarries],
      });
  const after = unpack(kept, count, node).results.slice(0, carries.length);
  return after.map((all, i) => {
    const first = carries[i]!.expandDims(0);
    return reverse ? concat([all.slice([[1, null]]), first]) : concat([first, all.slice([[0, -1]])]);
  });
}

function keepCarries(body: Body): Body {
  const outputs = body.subgraph.outputs;
  return {
    ...body,
    subgraph: body.subgraph.withOutputs([...outputs.slice(0, body.carries.length), ...outputs]),
    results: [...body.carries, ...body.results],
    keepsCarries: true,
  };
}

/**
 * Reverse mode: a loop in the opposite direction, which computes each step again. Cotangents of constants are carried along, or
 * are products of what all steps give.
 */
function pullBack(
  body: Body,
  cotangent: Tensor,
  output: LoopNode,
  isNeeded: readonly boolean[],
): readonly (Tensor | undefined)[] {
  const { inputs, attributes } = output;
  const { carries, rows } = splitInputs(inputs, attributes);
  const first = carries.length + rows.length;
  const wanted = inputs.map((input, i) => i < carries.length || (isNeeded[i]! && isFloatingPoint(input.dtype)));
  const numbers = [...inputs.keys()].filter((i) => wanted[i]);
  const isProduct = (i: number): boolean =>
    i >= first && attributes.condition === 'none' && hasProductCotangent(body.subgraph, inputs[i]!, body.dtype);
  const products = numbers.filter(isProduct);
  const constants = numbers.filter((i) => i >= first && !isProduct(i));
  const rowNumbers = numbers.filter((i) => i >= carries.length && i < first);
  const cotangents = unpack(body, attributes.count, cotangent);
  const sums = constants.map((i) => zeros(inputs[i]!.shape, { dtype: body.dtype }));
  const compute: RunStep = (state, row) => {
    const read = [...row.slice(0, first), ...inputs.slice(first)];
    const step = (...varied: Tensor[]): Tensor[] =>
      body.subgraph.recompute(read.map((value, i) => (wanted[i] ? varied[numbers.indexOf(i)]! : value)));
    const { pullback } = vjp(step, ...numbers.map((i) => read[i]!));
    const pulled = pullback([...state.slice(0, carries.length), ...row.slice(first)]);
    const part = (i: number): Tensor => pulled[numbers.indexOf(i)]!.astype(body.dtype);
    return [
      ...carries.map((_, i) => part(i)),
      ...constants.map((i, k) => state[carries.length + k]!.add(part(i))),
      ...rowNumbers.map(part),
      ...products.flatMap((i) => factorsOf(part(i))),
    ];
  };
  // A step that was left out passes cotangents on: those of results belong to the carries that they equal.
  const pass: RunStep = (state, row) => {
    const passed = [...state];
    attributes.resultCarries.forEach((carry, i) => (passed[carry] = passed[carry]!.add(row[first + i]!)));
    return [...passed, ...rowNumbers.map((i) => zeros(row[i]!.shape, { dtype: body.dtype }))];
  };
  const results = runSteps(
    (state, row) =>
      attributes.condition === 'none'
        ? compute(state, row)
        : choose(body.operation, row[0]!, compute, pass, state, row),
    [...cotangents.carries, ...sums],
    [...carriesBefore(body, output), ...rows, ...cotangents.results],
    { count: attributes.count, reverse: !attributes.reverse, condition: 'none', resultCarries: [] },
    { operation: body.operation },
  );
  const found = new Map<number, Tensor>();
  results.carries.forEach((each, i) => found.set(i < carries.length ? i : constants[i - carries.length]!, each));
  rowNumbers.forEach((i, k) => found.set(i, results.results[k]!));
  products.forEach((i, k) => {
    const [left, right] = results.results.slice(rowNumbers.length + 2 * k) as [Tensor, Tensor];
    found.set(i, sumProducts(left, right));
  });
  return inputs.map((_, i) => found.get(i));
}

/** One of two steps: the first, which is computed only then, if the flag is not 0. */
function choose(
  operation: string,
  flag: Tensor,
  step: RunStep,
  otherwise: RunStep,
  state: readonly Tensor[],
  row: readonly Tensor[],
): readonly Tensor[] {
  const outputs = runSteps(
    ([isOn]) => [isOn!.mul(0), ...step(state, row)],
    [flag, ...otherwise(state, row)],
    [],
    { count: 1, reverse: false, condition: 'bounded', resultCarries: [] },
    { operation, hoists: false },
  );
  return outputs.carries.slice(1);
}

/** Forward mode: a loop that carries tangents along. */
function pushForward(body: Body, tangents: readonly (Tensor | undefined)[], output: LoopNode): Tensor {
  const { inputs, attributes } = output;
  const { carries, rows } = splitInputs(inputs, attributes);
  const first = carries.length + rows.length;
  const rowNumbers = [...tangents.keys()].filter((i) => i >= carries.length && i < first && tangents[i]);
  const carryTangents = carries.map((carry, i) => tangents[i] ?? zerosLike(carry));
  const run: RunStep = (state, row) => {
    const read = [...state.slice(0, carries.length), ...row.slice(0, rows.length), ...inputs.slice(first)];
    const along = (i: number): Tensor | undefined => {
      if (i < carries.length) return state[carries.length + i];
      return i < first ? tangents[i] && row[rows.length + rowNumbers.indexOf(i)] : tangents[i];
    };
    const numbers = [...read.keys()].filter((i) => along(i));
    const step = (...varied: Tensor[]): Tensor[] =>
      body.subgraph.recompute(read.map((value, i) => (along(i) ? varied[numbers.indexOf(i)]! : value)));
    const { value, tangent } = jvp(
      step,
      numbers.map((i) => read[i]!),
      numbers.map((i) => along(i)!),
    );
    return [...value.slice(0, carries.length), ...tangent];
  };
  const results = runSteps(
    run,
    [...carries, ...carryTangents],
    [...rows, ...rowNumbers.map((i) => tangents[i]!)],
    // The tangents of results are those of the carries that they equal.
    { ...attributes, resultCarries: attributes.resultCarries.map((carry) => carries.length + carry) },
    { operation: body.operation, hoists: body.hoists },
  );
  return pack(attributes.count, results.carries.slice(carries.length), results.results);
}

/** A loop of steps that compute all examples. */
function batchLoop(
  body: Body,
  inputs: readonly Tensor[],
  isBatched: readonly boolean[],
  attributes: LoopAttributes,
  size: number,
): Tensor {
  const { carries, rows, constants } = splitInputs(inputs, attributes);
  const of = splitInputs(isBatched, attributes);
  const step = vmap((...all: Tensor[]) => body.subgraph.recompute(all), {
    inAxes: [
      ...carries.map(() => 0),
      ...of.rows.map((each) => (each ? 0 : null)),
      ...of.constants.map((each) => (each ? 0 : null)),
    ],
    axisSize: size,
  });
  const first = carries.map((carry, i) => batchInput(carry, of.carries[i], size));
  // Goes on while any example does.
  const flagOf = (state: readonly Tensor[]): Tensor[] =>
    attributes.condition === 'none' ? [] : [state[0]!.sum().greater(0).astype(state[0]!.dtype)];
  const skipped = flagOf(first).length;
  const all = runSteps(
    (state, row) => {
      const next = step(...state.slice(skipped), ...row, ...constants);
      return [...flagOf(next), ...next];
    },
    [...flagOf(first), ...first],
    rows.map((row, i) => (of.rows[i] ? moveAxis(row, 0, 1) : row)),
    { ...attributes, resultCarries: attributes.resultCarries.map((carry) => skipped + carry) },
    // A flag before the carries is not among those that the body keeps.
    { operation: body.operation, hoists: body.hoists, keepsCarries: skipped === 0 && body.keepsCarries },
  );
  const outputs = { carries: all.carries.slice(skipped), results: all.results };
  const results = outputs.results.map((all) => moveAxis(all, 1, 0));
  return vmap((state: readonly Tensor[], all: readonly Tensor[]) => pack(attributes.count, state, all))(
    outputs.carries,
    results,
  );
}
