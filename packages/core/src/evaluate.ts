import type { Backend, Buffer } from './schedule/backend.ts';
import { explanationOf, type Explanation } from './inspect/explain.ts';
import { attributesKey, topologicalOrder } from './graph/order.ts';
import type { Plan } from './schedule/kernel.ts';
import type { Primitive } from './graph/primitive.ts';
import { scalarSource, variableSource, type VariableRead } from './graph/source.ts';
import { execute } from './inspect/profile.ts';
import { HostBuffer, reference } from './reference/backend.ts';
import { allocate } from './data/dtype.ts';
import { isLeaf, schedule, type ScheduleOptions, type Update, type Wanted } from './schedule/schedule.ts';
import { Tensor } from './graph/tensor.ts';
import { isTracing } from './autodiff/trace.ts';
import { isPlainObject, isVariableHolder } from './graph/tree.ts';
import { Variable } from './graph/variable.ts';

let current: Backend = reference();

/**
 * Chooses the backend that evaluates from here on; values on another one are moved when they are needed. Where values of
 * that one can only be waited for, as on a GPU, what needs them must be evaluated with `await`.
 */
export function setBackend(backend: Backend): void {
  if (typeof backend?.execute !== 'function')
    throw new TypeError('setBackend: expected a backend, such as reference()');
  current = backend;
}

export function getBackend(): Backend {
  return current;
}

/**
 * Computes the values of tensors and stores what was assigned to variables: of everything in the arguments (tensors,
 * variables, modules, optimisers, and arrays and objects of them), in one plan that shares all common work.
 * @throws {Error} if a tensor was built from a variable that has been written since.
 * @throws {TypeError} at an argument that holds no tensors. (Inside objects, numbers and strings are passed over.)
 */
export async function evaluate(...trees: unknown[]): Promise<void> {
  const backend = current;
  const work = workOf('evaluate', trees);
  const distant = distantFrom(backend, work);
  if (distant.length > 0) {
    checkDTypes(backend, work.wanted.order);
    await Promise.all(distant.map((holder) => bring(holder, backend)));
    // Meanwhile others may have been at work.
    return evaluate(...trees);
  }
  run(backend, work);
  await backend.rest?.();
}

/** As {@link evaluate}, without waiting: on backends that compute elsewhere, the work has only been submitted. */
export function evaluateSync(...trees: unknown[]): void {
  run(current, workOf('evaluate', trees));
}

/**
 * How `evaluate` would compute its arguments: which operations are fused into which kernels, the work that is, and the
 * memory it takes. Nothing is computed. Print it.
 */
export function explain(...trees: unknown[]): Explanation {
  const plan = schedule(workOf('explain', trees).wanted, limitsOf(current));
  return explanationOf(plan, current.sourcesOf?.(plan));
}

interface Work {
  /** The tensors that have no values yet. */
  readonly results: readonly Tensor[];
  /** The variables whose values are not stored yet. */
  readonly targets: readonly Variable[];
  readonly wanted: Wanted;
}

function workOf(operation: string, trees: readonly unknown[]): Work {
  const { tensors, variables } = collect(operation, trees);
  const results = [...tensors].filter((tensor) => !tensor.buffer);
  const targets = [...variables].filter((variable) => variable.pending);
  return { results, targets, wanted: wantedFor(results, targets) };
}

function run(backend: Backend, { results, targets, wanted }: Work): void {
  if (results.length === 0 && targets.length === 0) return;
  checkDTypes(backend, wanted.order);
  const inputs = wanted.order.filter(isLeaf).map((tensor) => bind(tensor, backend));
  const plan = planFor(backend, wanted);
  const computed = results.map(({ dtype, size }) => backend.allocate(dtype, size));
  const stored = targets.map((variable) => (variable.buffer = moved(variable.buffer, backend)));
  execute(backend, plan, inputs, [...computed, ...stored]);
  results.forEach((tensor, i) => settle(tensor, computed[i]!));
  for (const variable of targets) variable.stored();
}

function wantedFor(results: readonly Tensor[], targets: readonly Variable[]): Wanted {
  const values = targets.map((variable) => variable.pending!);
  const order = neededFor([...results, ...values]);
  return { order, results, updates: updatesOf(targets, order) };
}

/** What has to be known for these tensors, leaves first. */
function neededFor(tensors: readonly Tensor[]): Tensor[] {
  return topologicalOrder(tensors, (tensor) => (isLeaf(tensor) ? [] : tensor.inputs));
}

/** The updates of variables, each with the leaves that read its old value. */
function updatesOf(targets: readonly Variable[], order: readonly Tensor[]): Update[] {
  const readers = new Map<Variable, Tensor[]>(targets.map((variable) => [variable, []]));
  for (const tensor of order) {
    if (tensor.buffer === undefined && tensor.primitive === variableSource)
      readers.get((tensor.payload as VariableRead).variable)?.push(tensor);
  }
  return [...readers].map(([variable, replaces]) => ({ value: variable.pending!, replaces }));
}

/** The tensor is a value from here on. Inside a transformation it keeps its inputs: they may still be differentiated. */
function settle(tensor: Tensor, buffer: Buffer): void {
  tensor.buffer = buffer;
  if (!isTracing()) tensor.inputs = [];
}

/** The buffer of a leaf, on the backend that is to read it. */
function bind(tensor: Tensor, backend: Backend): Buffer {
  if (tensor.buffer) return (tensor.buffer = moved(tensor.buffer, backend));
  if (tensor.primitive === scalarSource) {
    const values = allocate(tensor.dtype, 1);
    values[0] = tensor.payload as number;
    return backend.upload(values, tensor.dtype);
  }
  const { variable, version } = tensor.payload as VariableRead;
  if (version !== variable.version) {
    throw new Error(
      `evaluate: a tensor was built from an older value of variable '${variable.name}', which has been written since; ` +
        `evaluate the tensor together with the variable, or build it again`,
    );
  }
  return (variable.buffer = moved(variable.buffer, backend));
}

function moved(buffer: Buffer, backend: Backend): Buffer {
  if (buffer.backend === backend) return buffer;
  // Values of tensors never change, and a variable's are its own: no copy is needed to give them away.
  if (buffer instanceof HostBuffer) return backend.upload(buffer.values, buffer.dtype);
  try {
    return backend.upload(buffer.readSync(), buffer.dtype);
  } catch (cause) {
    throw new Error(
      `evaluate: a value on the backend '${buffer.backend.name}' cannot be moved to '${backend.name}' at once; use ` +
        `'await' with evaluate(), data() or item(), which wait for it (${(cause as Error).message})`,
      { cause },
    );
  }
}

/** What is needed and has its elements on another backend, not in the host's memory. */
function distantFrom(backend: Backend, { targets, wanted }: Work): (Tensor | Variable)[] {
  const found = new Set<Tensor | Variable>();
  const visit = (variable: Variable): void => {
    if (variable.initial) neededFor([variable.initial]).forEach(look);
    else if (isDistant(variable.buffer, backend)) found.add(variable);
  };
  const look = (tensor: Tensor): void => {
    if (tensor.buffer) {
      if (isDistant(tensor.buffer, backend)) found.add(tensor);
    } else if (tensor.primitive === variableSource) visit((tensor.payload as VariableRead).variable);
  };
  wanted.order.forEach(look);
  targets.forEach(visit);
  return [...found];
}

function isDistant(buffer: Buffer, backend: Backend): boolean {
  return buffer.backend !== backend && !(buffer instanceof HostBuffer);
}

/** Moves the elements of a tensor or a variable, unless it was given others while they were read. */
async function bring(holder: Tensor | Variable, backend: Backend): Promise<void> {
  const buffer = holder.buffer!;
  const version = holder instanceof Variable ? holder.version : undefined;
  const values = await buffer.read();
  if (holder.buffer !== buffer || (holder instanceof Variable && holder.version !== version)) return;
  holder.buffer = backend.upload(values, buffer.dtype);
}

function checkDTypes(backend: Backend, order: readonly Tensor[]): void {
  const strange = order.find(({ dtype }) => !backend.dtypes.includes(dtype));
  if (strange)
    throw new TypeError(
      `evaluate: the backend '${backend.name}' cannot compute ${strange.dtype} (${strange.primitive.name}); cast to one of ` +
        `${backend.dtypes.join(', ')}, or choose a backend of the CPU, wasm() or reference(), with setBackend`,
    );
}

/** Plans by the structure of what they compute, the most recently used last. */
const plans = new WeakMap<Backend, Map<string, Plan>>();
const plansKept = 64;

function limitsOf({ maxOperands }: Backend): ScheduleOptions {
  return maxOperands === undefined ? {} : { maxOperands };
}

function planFor(backend: Backend, wanted: Wanted): Plan {
  let cache = plans.get(backend);
  if (!cache) plans.set(backend, (cache = new Map()));
  const key = structureKey(wanted);
  let plan = cache.get(key);
  cache.delete(key);
  plan ??= schedule(wanted, limitsOf(backend));
  cache.set(key, plan);
  if (cache.size > plansKept) {
    const [oldest, forgotten] = cache.entries().next().value!;
    cache.delete(oldest);
    backend.release?.(forgotten);
  }
  return plan;
}

/** Primitives by number instead of name: two operations that users define may have one name. */
const primitiveNumbers = new WeakMap<Primitive, number>();
let primitivesNumbered = 0;

function numberOf(primitive: Primitive): number {
  let number = primitiveNumbers.get(primitive);
  if (number === undefined) primitiveNumbers.set(primitive, (number = primitivesNumbered++));
  return number;
}

/** Two graphs with one key are computed by one plan: only the values of their leaves may differ. */
function structureKey({ order, results, updates }: Wanted): string {
  const number = new Map<Tensor, number>();
  let key = '';
  for (const tensor of order) {
    number.set(tensor, number.size);
    key += isLeaf(tensor) ? 'leaf' : numberOf(tensor.primitive);
    key += ` ${tensor.dtype} ${tensor.shape.join()}`;
    if (!isLeaf(tensor)) {
      for (const input of tensor.inputs) key += ` ${number.get(input)!}`;
      key += ` ${attributesKey(tensor.attributes)}`;
    }
    key += '\n';
  }
  const numbers = (tensors: readonly Tensor[]): string => tensors.map((tensor) => number.get(tensor)!).join();
  return `${key}${numbers(results)}>${updates.map(({ value, replaces }) => numbers([value, ...replaces])).join(';')}`;
}

/** The tensors and variables in the arguments of an operation. */
function collect(operation: string, trees: readonly unknown[]): { tensors: Set<Tensor>; variables: Set<Variable> } {
  const tensors = new Set<Tensor>();
  const variables = new Set<Variable>();
  const visit = (value: unknown): void => {
    if (value instanceof Tensor) tensors.add(value);
    else if (value instanceof Variable) variables.add(value);
    else if (isVariableHolder(value)) for (const variable of Object.values(value.variables())) variables.add(variable);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (isPlainObject(value)) Object.values(value).forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      throw new TypeError(
        `${operation}: a ${value.constructor.name} holds no tensors; pass tensors, variables, or objects with variables()`,
      );
    }
  };
  for (const tree of trees) {
    // Numbers and the like are passed over inside objects (settings of an optimiser), but alone they are a mistake.
    if (typeof tree !== 'object' || tree === null) {
      throw new TypeError(`${operation}: expected tensors, variables, or what holds them, got ${String(tree)}`);
    }
    visit(tree);
  }
  return { tensors, variables };
}
