// Evaluation: collects what has to be computed, plans it, binds the values of leaves and runs the plan.
import { isTracing } from './autodiff/trace.ts';
import { allocate } from './data/dtype.ts';
import type { Targets } from './graph/key.ts';
import { isLeaf, topologicalOrder } from './graph/order.ts';
import { applyMovement, setBuffer, setInputs, type Tensor } from './graph/tensor.ts';
import { collect } from './graph/tree.ts';
import type { Variable } from './graph/variable.ts';
import { Alias } from './ops/identity.ts';
import { planFor } from './planCache.ts';
import { reference } from './reference/backend.ts';
import type { Backend, Buffer } from './schedule/backend.ts';
import type { Plan } from './schedule/kernel.ts';
import { remoteHolders, transfer, transferSync } from './transfer.ts';

let current: Backend = reference();

/**
 * Chooses the backend that evaluates from here on; values on another one are moved when they are needed. Where values of
 * that one can only be read asynchronously, as on a GPU, what needs them must be evaluated with `await`.
 * @throws {TypeError} if it is not a backend.
 */
export function setBackend(backend: Backend): void {
  if (typeof backend?.execute !== 'function')
    throw new TypeError('setBackend: expected a backend, such as reference()');
  current = backend;
}

/** The backend in use. */
export function getBackend(): Backend {
  return current;
}

/** Runs plans; `profile` replaces it while it records. */
export type Execute = (backend: Backend, plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[]) => void;

let execute: Execute = executePlan;

/** Runs plans by another function, until it is called without one. */
export function setExecute(replacement: Execute = executePlan): void {
  execute = replacement;
}

function executePlan(backend: Backend, plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
  backend.execute(plan, inputs, outputs);
}

/**
 * Computes the values of tensors and stores what was assigned to variables: everything in the arguments (tensors,
 * variables, modules, optimisers, and arrays and objects of them), in one plan that shares all common work.
 * @throws {Error} if a tensor was built from a variable that has been written since.
 * @throws {TypeError} at an argument that holds no tensors. (Inside objects, numbers and strings are skipped.)
 */
export async function evaluate(...trees: unknown[]): Promise<void> {
  const backend = current;
  const work = collectWork('evaluate', trees);
  const remote = remoteHolders(backend, work.targets.order, work.variables);
  if (remote.length > 0) {
    checkDTypes(backend, work.targets.order);
    await Promise.all(remote.map((holder) => transfer(holder, backend)));
    // Other evaluations may have run in the meantime.
    return evaluate(...trees);
  }
  run(backend, work);
  await backend.yieldToCollector?.();
}

/** As {@link evaluate}, synchronously: on backends that compute asynchronously, the work has only been submitted. */
export function evaluateSync(...trees: unknown[]): void {
  run(current, collectWork('evaluate', trees));
}

interface Work {
  /** The tensors that have no values yet. */
  readonly results: readonly Tensor[];
  /** The variables whose values are not stored yet. */
  readonly variables: readonly Variable[];
  readonly targets: Targets;
}

/** What evaluating the arguments has to compute. */
export function collectWork(operation: string, trees: readonly unknown[]): Work {
  const collected = collect(operation, trees);
  const results = [...collected.tensors].filter((tensor) => !tensor.buffer);
  const variables: Variable[] = [];
  const values: Tensor[] = [];
  for (const variable of collected.variables) {
    const { pending } = variable;
    if (!pending) continue;
    variables.push(variable);
    values.push(pending);
  }
  const order = topologicalOrder([...results, ...values], (tensor) => (isLeaf(tensor) ? [] : tensor.inputs));
  const readers = new Map(variables.map((variable) => [variable, [] as Tensor[]]));
  for (const tensor of order) {
    const { buffer, primitive } = tensor;
    if (!buffer && primitive.kind === 'source' && primitive.name === 'variable') {
      readers.get(primitive.variable)?.push(tensor);
    }
  }
  const updates = variables.map((variable, i) => ({ value: values[i]!, replaces: readers.get(variable)! }));
  return { results, variables, targets: { order, results, updates } };
}

function run(backend: Backend, { results, variables, targets }: Work): void {
  if (results.length === 0 && variables.length === 0) return;
  checkDTypes(backend, targets.order);
  const inputs = targets.order.filter(isLeaf).map((tensor) => bind(tensor, backend));
  const plan = planFor(backend, targets);
  const computed = results.map(({ dtype, size }) => backend.allocate(dtype, size));
  const stored = variables.map((variable) => bindVariable(variable, backend));
  execute(backend, plan, inputs, [...computed, ...stored]);
  results.forEach((tensor, i) => setValue(tensor, computed[i]!));
  for (const variable of variables) variable.markStored();
}

/** The tensor is a value from here on. Inside a transformation it keeps its inputs: they may still be differentiated. */
function setValue(tensor: Tensor, buffer: Buffer): void {
  setBuffer(tensor, buffer);
  if (!isTracing()) setInputs(tensor, []);
}

/** The buffer of a leaf, on the backend that is to read it. */
function bind(tensor: Tensor, backend: Backend): Buffer {
  const { buffer, primitive, dtype } = tensor;
  if (buffer) {
    const bound = transferSync(buffer, backend);
    setBuffer(tensor, bound);
    return bound;
  }
  if (primitive.kind !== 'source' || primitive.name === 'data')
    throw new Error(`evaluate: ${primitive.name} has no value`);
  if (primitive.name === 'scalar') {
    const values = allocate(dtype, 1);
    values[0] = primitive.value;
    return backend.upload(values, dtype);
  }
  const { variable, version } = primitive;
  if (version !== variable.version) {
    throw new Error(
      `evaluate: a tensor was built from an older value of variable '${variable.name}', which has been written since; ` +
        `evaluate the tensor together with the variable, or build it again`,
    );
  }
  return bindVariable(variable, backend);
}

/** The memory of a variable, on the backend that is to use it. Computes the initial value if nothing is stored yet. */
function bindVariable(variable: Variable, backend: Backend): Buffer {
  const { initial } = variable;
  if (initial) {
    // A copy, since the initial tensor never changes and may be in use elsewhere.
    const own = applyMovement(Alias, initial, initial.shape, {});
    evaluateSync(own);
    if (own.buffer) variable.initialize(own.buffer);
  }
  if (!variable.buffer) throw new Error(`evaluate: variable '${variable.name}' has no value`);
  return (variable.buffer = transferSync(variable.buffer, backend));
}

function checkDTypes(backend: Backend, order: readonly Tensor[]): void {
  const unsupported = order.find(({ dtype }) => !backend.dtypes.includes(dtype));
  if (!unsupported) return;
  throw new TypeError(
    `evaluate: the backend '${backend.name}' cannot compute ${unsupported.dtype} (${unsupported.primitive.name}); cast to ` +
      `one of ${backend.dtypes.join(', ')}, or choose a backend of the CPU, wasm() or reference(), with setBackend`,
  );
}
