// Evaluation: collects the tensors to compute, plans them, binds the leaves to buffers and runs the plan.
import { isTracing } from './autodiff/trace.ts';
import { bindInputs, bufferToWrite, storedBuffer } from './binding.ts';
import { show } from './data/checks.ts';
import type { TypedArray } from './data/dtype.ts';
import { IndexError, sizeOf } from './data/shape.ts';
import type { Targets } from './graph/targets.ts';
import { countEvaluation } from './graph/assignment.ts';
import { indexSourcesOf, type IndexSource } from './graph/indexSource.ts';
import { leafSlicesOf, noSlices } from './graph/leafSlices.ts';
import { unevaluatedOrder } from './graph/order.ts';
import type { TensorType } from './graph/primitive.ts';
import { checkNotRecording } from './graph/recording.ts';
import { checkNotDisposed, setBuffer, setInputs, stepStartOf, Tensor } from './graph/tensor.ts';
import { abandon, reportOutcome } from './graph/transaction.ts';
import { collect } from './graph/tree.ts';
import {
  discardAssigned,
  dropAssigned,
  restoreInitial,
  setVariableBuffer,
  storeAssigned,
  variableOf,
  type FailedStore,
  type Variable,
} from './graph/variable.ts';
import { planFor } from './planCache.ts';
import { portable } from './portable/backend.ts';
import { share, type Buffer } from './data/buffer.ts';
import type { Backend } from './schedule/backend.ts';
import type { Plan } from './schedule/kernel.ts';
import { remoteHolders, transfer } from './transfer.ts';
import { confirmWrites, recordWrite, unconfirmedWrites, undoFailedWrites } from './unconfirmed.ts';

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
 * once. Resolves when the work has been submitted to the backend; reading a value (`data`, `item`) waits for it. After an
 * error everything is as before the step: variables have their values from before the assignments that were to be stored.
 * @param trees tensors, variables, modules, optimizers, and arrays and objects of them. Numbers and strings inside of objects
 *   are skipped.
 * @throws {TypeError} if an argument cannot hold tensors, or the backend does not support a dtype.
 * @throws {RangeError} if an index of take, takeAlongAxis or scatterAdd is out of range.
 * @throws {Error} if a tensor was built from a variable that has been written since, or from a tensor that has been disposed of.
 */
export async function evaluate(...trees: unknown[]): Promise<void> {
  checkNotRecording('evaluate');
  return evaluateAsync('evaluate', trees);
}

/** Receives what is computed, and by which plan, before it is, and before values move to the backend. */
export type Observer = (work: Work, plan: Plan) => void;

/** As {@link evaluate}, for an operation that messages name. */
export async function evaluateAsync(operation: string, trees: readonly unknown[], observe?: Observer): Promise<void> {
  const backend = current;
  const work = collectWork(operation, backend, trees);
  const remote = remoteHolders(backend, work.targets.order);
  // An error may come when the tensors have already dropped their inputs.
  const sources = backend.isAsynchronous ? indexSourcesOf(work.targets.order) : undefined;
  try {
    if (remote.length > 0) {
      checkDTypes(operation, backend, work.targets.order);
      await Promise.all(remote.map((holder) => transfer(holder, backend)));
    } else {
      run(operation, backend, work, observe);
      await confirm(backend);
    }
  } catch (error) {
    reportFailure(backend, work);
    throw await describeFailure(error, backend, sources ?? indexSourcesOf(work.targets.order));
  }
  // Collects the work again, since other evaluations may have run in the meantime.
  if (remote.length > 0) return evaluateAsync(operation, trees, observe);
}

/** Lets a backend free memory, and confirms what it has written. */
export async function confirm(backend: Backend): Promise<void> {
  const writes = unconfirmedWrites(backend);
  await backend.yieldToCollector?.();
  confirmWrites(backend, writes);
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
  const backend = current;
  const work = collectWork(operation, backend, trees);
  try {
    run(operation, backend, work);
  } catch (error) {
    reportFailure(backend, work);
    throw describeFailureSync(error, backend, indexSourcesOf(work.targets.order));
  }
}

/** The error, in the words of the call that was given the indices if one of them is out of range. */
export async function describeFailure(
  error: unknown,
  backend: Backend,
  sources: readonly IndexSource[],
): Promise<unknown> {
  const search = searchIndices(error, backend, sources);
  try {
    let step = search.next();
    while (!step.done) step = search.next(await step.value.read());
    return step.value;
  } catch {
    return error;
  }
}

/** As {@link describeFailure}, synchronously. */
function describeFailureSync(error: unknown, backend: Backend, sources: readonly IndexSource[]): unknown {
  const search = searchIndices(error, backend, sources);
  try {
    let step = search.next();
    while (!step.done) step = search.next(step.value.readSync());
    return step.value;
  } catch {
    return error;
  }
}

/** Computes and checks the indices of a failed evaluation; is given the elements of each buffer that it yields. */
function* searchIndices(
  error: unknown,
  backend: Backend,
  sources: readonly IndexSource[],
): Generator<Buffer, unknown, TypedArray> {
  if (!(error instanceof IndexError)) return error;
  for (const { indices, messageFor } of sources) {
    compute('evaluate', backend, collectWork('evaluate', backend, [indices]));
    const message = messageFor(yield indices.buffer!);
    if (message !== undefined) return new RangeError(message, { cause: error });
  }
  return error;
}

/**
 * The values of variables as tensors that later writes do not change. They share the variables' memory until the next write.
 * Computes assigned values that are not stored yet.
 * @param operation the name for messages.
 */
export function snapshot(operation: string, variables: Readonly<Record<string, Variable>>): Record<string, Tensor> {
  const entries = Object.entries(variables).map(([name, variable]) => {
    const { value } = variable;
    return [name, variable, variableOf(value) === variable ? undefined : value] as const;
  });
  evaluateFor(
    operation,
    entries.flatMap(([, , pending]) => pending ?? []),
  );
  return Object.fromEntries(
    entries.map(([name, variable, pending]) => {
      const copy = new Tensor({ kind: 'source', name: 'data' }, [], variable);
      setBuffer(copy, pending ? pending.buffer! : shareStored(operation, variable));
      share(copy.buffer!);
      return [name, copy];
    }),
  );
}

function shareStored(operation: string, variable: Variable): Buffer {
  storeInitial(operation, variable);
  const buffer = storedBuffer(operation, variable);
  setVariableBuffer(variable, buffer, true);
  return buffer;
}

/** What an evaluation has to compute. */
export interface Work {
  /** The tensors without a value. */
  readonly results: readonly Tensor[];
  /** The variables with an assigned value that is not stored yet. */
  readonly variables: readonly Variable[];
  readonly targets: Targets;
  /** The arguments that were collected. */
  readonly trees: readonly unknown[];
}

/** Collects what evaluating the arguments on a backend has to compute. */
export function collectWork(operation: string, backend: Backend, trees: readonly unknown[]): Work {
  const collected = collect(operation, trees);
  const results = [...collected.tensors].filter((tensor) => !tensor.buffer);
  const variables: Variable[] = [];
  const values: Tensor[] = [];
  const failed = retriable && isSameStore(retriable, collected.variables, results) ? retriable : undefined;
  for (const variable of collected.variables) {
    const value = failed?.values.get(variable) ?? variable.pending;
    if (!value) continue;
    variables.push(variable);
    values.push(value);
  }
  const order = unevaluatedOrder([...results, ...values]);
  const slices = backend.subarray ? leafSlicesOf(order) : noSlices;
  const readers = new Map(variables.map((variable) => [variable, [] as Tensor[]]));
  for (const tensor of order) {
    const variable = variableOf(slices.get(tensor)?.leaf ?? tensor);
    if (variable) readers.get(variable)?.push(tensor);
  }
  const updates = variables.map((variable, i) => ({ value: values[i]!, replaces: readers.get(variable)! }));
  return { results, variables, targets: { order, slices, results, updates }, trees };
}

let isExecuting = false;

/** The last failed evaluation after the last stored value, which may be tried again. */
let retriable: FailedStore | undefined;

/** Whether an evaluation of these variables and results has nothing to do but what the failed one had. */
function isSameStore(failure: FailedStore, variables: ReadonlySet<Variable>, results: readonly Tensor[]): boolean {
  const { values } = failure;
  return (
    results.every((tensor) => failure.results.has(tensor)) &&
    [...values.keys()].every((variable) => variables.has(variable) && variable.failure === failure) &&
    [...variables].every((variable) => values.has(variable) || !variable.pending)
  );
}

/** @throws {Error} if a plan is running, whose buffers must stay as they are, or a function is being compiled. */
export function checkIdle(operation: string): void {
  checkNotRecording(operation);
  if (!isExecuting) return;
  throw new Error(
    `${operation}: a plan is running; the functions of an operation must not evaluate tensors, nor dispose of them`,
  );
}

function run(operation: string, backend: Backend, work: Work, observe?: Observer): void {
  checkIdle(operation);
  countEvaluation();
  compute(operation, backend, work, observe);
  reportOutcome(work.targets.order, true);
}

function compute(operation: string, backend: Backend, collected: Work, observe?: Observer): void {
  const hasComputed = computeInitialValues(operation, collected.targets.order);
  // What initial values are computed from may be among the targets, and have a value now.
  const work = hasComputed ? collectWork(operation, backend, collected.trees) : collected;
  const { results, variables, targets } = work;
  if (results.length === 0 && variables.length === 0) return;
  for (const tensor of targets.order) checkNotDisposed(operation, tensor);
  checkDTypes(operation, backend, targets.order);
  const plan = planFor(operation, backend, targets);
  observe?.(work, plan);
  const inputs = bindInputs(operation, backend, targets, work.trees);
  const computed = runPlan(backend, plan, inputs, results, variables);
  results.forEach((tensor, i) => setValue(tensor, computed[i]!));
}

/** Runs a plan and stores the values of variables. Returns the buffers of results. */
export function runPlan(
  backend: Backend,
  plan: Plan,
  inputs: readonly Buffer[],
  results: readonly TensorType[],
  variables: readonly Variable[],
): Buffer[] {
  const computed = results.map(({ dtype, shape }) => backend.allocate(dtype, sizeOf(shape)));
  const stored = variables.map((variable) => bufferToWrite(variable, backend));
  isExecuting = true;
  try {
    execute(backend, plan, inputs, [...computed, ...stored]);
  } finally {
    isExecuting = false;
  }
  variables.forEach((variable, i) => {
    const isInPlace = variable.buffer === stored[i];
    const undo = storeAssigned(variable, stored[i]!);
    if (!isInPlace) recordWrite(backend, variable, stored[i]!, undo);
  });
  if (variables.length > 0) retriable = undefined;
  return computed;
}

/** Takes back what was to be stored, or if nothing was, the step whose loss could not be computed. */
function reportFailure(backend: Backend, { results, variables, targets }: Work): void {
  undoFailedWrites(backend);
  if (variables.length === 0) {
    const losses = results.filter((tensor) => stepStartOf(tensor) > 0);
    if (losses.length > 0) abandon(losses);
    return;
  }
  const values = new Map(variables.map((variable, i) => [variable, targets.updates[i]!.value]));
  retriable = { values, results: new Set(results) };
  for (const variable of variables) {
    discardAssigned(variable, retriable);
    checkFallback(variable);
  }
  reportOutcome(targets.order, false);
}

/** Makes sure that the value to which a variable returns can be computed, or else gives it up, too. */
function checkFallback(variable: Variable): void {
  const { pending } = variable;
  if (!pending || pending.buffer) return;
  try {
    run('evaluate', current, collectWork('evaluate', current, [pending]));
  } catch {
    dropAssigned(variable);
  }
}

/** Sets the value of a tensor and frees the graph behind it, except inside a transformation, which may differentiate it. */
function setValue(tensor: Tensor, buffer: Buffer): void {
  setBuffer(tensor, buffer);
  if (!isTracing()) setInputs(tensor, []);
}

/** Computes the initial values that the tensors read. Returns whether there were any to compute. */
function computeInitialValues(operation: string, order: readonly Tensor[]): boolean {
  let hasComputed = false;
  for (const tensor of order) {
    const variable = variableOf(tensor);
    if (variable?.initial) hasComputed = storeInitial(operation, variable) || hasComputed;
  }
  return hasComputed;
}

/** Stores a variable's initial value. Returns whether it had to be computed. */
function storeInitial(operation: string, variable: Variable): boolean {
  const { initial } = variable;
  if (!initial) return false;
  const { primitive, inputs, attributes, buffer: known } = initial;
  // Computes a copy, whose memory no tensor shares, so that the first write is in place already.
  const computed = known ? initial : new Tensor(primitive, inputs, initial, attributes);
  try {
    checkNotDisposed(operation, initial);
    run(operation, current, collectWork(operation, current, [computed]));
  } catch (error) {
    throw new Error(`${operation}: variable '${variable.name}' has no initial value: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const { buffer } = computed;
  if (buffer) {
    setVariableBuffer(variable, buffer, computed === initial);
    if (!known) recordWrite(current, variable, buffer, () => restoreInitial(variable, initial, inputs));
  }
  return !known;
}

function checkDTypes(operation: string, backend: Backend, order: readonly Tensor[]): void {
  const unsupported = order.find(({ dtype }) => !backend.dtypes.includes(dtype));
  if (!unsupported) return;
  throw new TypeError(
    `${operation}: the backend '${backend.name}' does not support ${unsupported.dtype} (${unsupported.primitive.name}); convert ` +
      `with astype to ${backend.dtypes.join(', ')}, or select a CPU backend, wasm() or portable(), with setBackend`,
  );
}
