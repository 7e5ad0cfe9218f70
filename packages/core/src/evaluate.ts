// Evaluation: collects the tensors to compute, plans them, binds the leaves to buffers and runs the plan.
import { isTracing } from './autodiff/trace.ts';
import { show } from './data/checks.ts';
import { allocate } from './data/dtype.ts';
import type { Targets } from './graph/targets.ts';
import { isLeaf, topologicalOrder } from './graph/order.ts';
import { applyMovement, setBuffer, setInputs, type Tensor } from './graph/tensor.ts';
import { collect } from './graph/tree.ts';
import { markStored, setVariableBuffer, type Variable } from './graph/variable.ts';
import { Alias } from './ops/identity.ts';
import { planFor } from './planCache.ts';
import { portable } from './portable/backend.ts';
import type { Buffer } from './data/buffer.ts';
import type { Backend } from './schedule/backend.ts';
import type { Plan } from './schedule/kernel.ts';
import { remoteHolders, transfer, transferSync } from './transfer.ts';

let current: Backend = portable();

/**
 * Sets the backend that evaluates from now on. Values on other backends are transferred when they are needed. If they can
 * only be read asynchronously, as on a GPU, what needs them must be evaluated asynchronously, too.
 * @throws {TypeError} if it is not a backend.
 */
export function setBackend(backend: Backend): void {
  if (typeof backend?.execute !== 'function') {
    throw new TypeError(`setBackend: expected a backend such as portable(), got ${show(backend)}`);
  }
  current = backend;
}

/** The current backend. Default: {@link portable}. */
export function getBackend(): Backend {
  return current;
}

/** A function that runs plans. */
export type Execute = (backend: Backend, plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[]) => void;

let execute: Execute = executePlan;

/** Sets the function that runs plans, which `profile` replaces. Default: that of the backend. */
export function setExecute(replacement: Execute = executePlan): void {
  execute = replacement;
}

function executePlan(backend: Backend, plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
  backend.execute(plan, inputs, outputs);
}

/**
 * Computes the values of tensors and stores the assigned values of variables, in one plan that computes what they share
 * once. Resolves when the work has been submitted to the backend; reading a value (`data`, `item`) waits for it.
 * @param trees tensors, variables, modules, optimizers, and arrays and objects of them. Numbers and strings inside of objects
 *   are skipped.
 * @throws {TypeError} if an argument cannot hold tensors, or the backend does not support a dtype.
 * @throws {RangeError} if an index of take, takeAlongAxis or scatterAdd is out of range.
 * @throws {Error} if a tensor was built from a variable that has been written since.
 */
export async function evaluate(...trees: unknown[]): Promise<void> {
  const backend = current;
  const work = collectWork('evaluate', trees);
  const remote = remoteHolders(backend, work.targets.order, work.variables);
  if (remote.length > 0) {
    checkDTypes('evaluate', backend, work.targets.order);
    await Promise.all(remote.map((holder) => transfer(holder, backend)));
    // Collects the work again, since other evaluations may have run in the meantime.
    return evaluate(...trees);
  }
  run('evaluate', backend, work);
  await backend.yieldToCollector?.();
}

/**
 * As {@link evaluate}, synchronously.
 * @throws {Error} also if a value is on another backend that can only be read asynchronously.
 */
export function evaluateSync(...trees: unknown[]): void {
  evaluateFor('evaluateSync', trees);
}

/** As {@link evaluateSync}, for an operation that messages name. */
export function evaluateFor(operation: string, trees: readonly unknown[]): void {
  run(operation, current, collectWork(operation, trees));
}

interface Work {
  /** The tensors without a value. */
  readonly results: readonly Tensor[];
  /** The variables with an assigned value that is not stored yet. */
  readonly variables: readonly Variable[];
  readonly targets: Targets;
}

/** Collects what evaluating the arguments has to compute. */
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

function run(operation: string, backend: Backend, { results, variables, targets }: Work): void {
  if (results.length === 0 && variables.length === 0) return;
  checkDTypes(operation, backend, targets.order);
  const inputs = targets.order.filter(isLeaf).map((tensor) => bind(operation, tensor, backend));
  const plan = planFor(backend, targets);
  const computed = results.map(({ dtype, size }) => backend.allocate(dtype, size));
  const stored = variables.map((variable) => bindVariable(operation, variable, backend));
  execute(backend, plan, inputs, [...computed, ...stored]);
  results.forEach((tensor, i) => setValue(tensor, computed[i]!));
  for (const variable of variables) markStored(variable);
}

/** Sets the value of a tensor and frees the graph behind it, except inside a transformation, which may differentiate it. */
function setValue(tensor: Tensor, buffer: Buffer): void {
  setBuffer(tensor, buffer);
  if (!isTracing()) setInputs(tensor, []);
}

/** Returns the buffer of a leaf, on the backend that will read it. */
function bind(operation: string, tensor: Tensor, backend: Backend): Buffer {
  const { buffer, primitive, dtype } = tensor;
  if (buffer) {
    const transferred = transferSync(operation, buffer, backend);
    setBuffer(tensor, transferred);
    return transferred;
  }
  if (primitive.kind !== 'source' || primitive.name === 'data')
    throw new Error(`${operation}: ${primitive.name} has no value`);
  if (primitive.name === 'scalar') {
    const values = allocate(dtype, 1);
    values[0] = primitive.value;
    return backend.upload(values, dtype);
  }
  const { variable, version } = primitive;
  if (version !== variable.version) {
    throw new Error(
      `${operation}: a tensor was built from an older value of variable '${variable.name}', which has been written since; ` +
        `evaluate the tensor together with the variable, or build it again`,
    );
  }
  return bindVariable(operation, variable, backend);
}

/** Returns the buffer of a variable, on the backend that will use it. Computes the initial value if none is stored. */
function bindVariable(operation: string, variable: Variable, backend: Backend): Buffer {
  const { initial } = variable;
  if (initial) {
    // Copies the initial tensor, whose buffer must not be written.
    const copy = applyMovement(Alias, initial, initial.shape, {});
    evaluateFor(operation, [copy]);
    if (copy.buffer) setVariableBuffer(variable, copy.buffer);
  }
  if (!variable.buffer) throw new Error(`${operation}: variable '${variable.name}' has no value`);
  const buffer = transferSync(operation, variable.buffer, backend);
  setVariableBuffer(variable, buffer);
  return buffer;
}

function checkDTypes(operation: string, backend: Backend, order: readonly Tensor[]): void {
  const unsupported = order.find(({ dtype }) => !backend.dtypes.includes(dtype));
  if (!unsupported) return;
  throw new TypeError(
    `${operation}: the backend '${backend.name}' does not support ${unsupported.dtype} (${unsupported.primitive.name}); convert ` +
      `with astype to ${backend.dtypes.join(', ')}, or select a CPU backend, wasm() or portable(), with setBackend`,
  );
}
