import type { Backend, Buffer } from './backend.ts';
import { attributesKey, topologicalOrder } from './graph.ts';
import type { Plan } from './kernel.ts';
import type { Primitive } from './primitives/primitive.ts';
import { scalarSource, type VariableRead } from './primitives/source.ts';
import { reference } from './reference.ts';
import { allocate } from './dtype.ts';
import { isLeaf, schedule, type Wanted } from './schedule.ts';
import { Tensor } from './tensor.ts';
import { isTracing } from './trace.ts';
import { isPlainObject, isVariableHolder } from './tree.ts';
import { Variable } from './variable.ts';

let current: Backend = reference();

/** Chooses the backend that evaluates from here on; values on another one are moved when they are needed. */
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
  evaluateSync(...trees);
}

/** As {@link evaluate}, without waiting: on backends that compute elsewhere, the work has only been submitted. */
export function evaluateSync(...trees: unknown[]): void {
  const { tensors, variables } = collect(trees);
  const results = [...tensors].filter((tensor) => !tensor.buffer);
  const targets = [...variables].filter((variable) => variable.pending);
  if (results.length === 0 && targets.length === 0) return;
  run(results, targets);
}

function run(results: readonly Tensor[], targets: readonly Variable[]): void {
  const backend = current;
  const updates = targets.map((variable) => variable.pending!);
  const order = topologicalOrder([...results, ...updates], (tensor) => (isLeaf(tensor) ? [] : tensor.inputs));
  checkDTypes(backend, order);
  const inputs = order.filter(isLeaf).map((tensor) => bind(tensor, backend));
  const plan = planFor(backend, { order, results, updates });
  const computed = results.map(({ dtype, size }) => backend.allocate(dtype, size));
  const stored = targets.map((variable) => (variable.buffer = moved(variable.buffer, backend)));
  backend.execute(plan, inputs, [...computed, ...stored]);
  results.forEach((tensor, i) => settle(tensor, computed[i]!));
  for (const variable of targets) variable.stored();
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
  return backend.upload(buffer.readSync(), buffer.dtype);
}

function checkDTypes(backend: Backend, order: readonly Tensor[]): void {
  const strange = order.find(({ dtype }) => !backend.dtypes.includes(dtype));
  if (strange)
    throw new TypeError(
      `evaluate: the backend '${backend.name}' cannot compute ${strange.dtype} (${strange.primitive.name})`,
    );
}

/** Plans by the structure of what they compute, the most recently used last. */
const plans = new WeakMap<Backend, Map<string, Plan>>();
const plansKept = 64;

function planFor(backend: Backend, wanted: Wanted): Plan {
  let cache = plans.get(backend);
  if (!cache) plans.set(backend, (cache = new Map()));
  const key = structureKey(wanted);
  let plan = cache.get(key);
  cache.delete(key);
  plan ??= schedule(wanted);
  cache.set(key, plan);
  if (cache.size > plansKept) cache.delete(cache.keys().next().value!);
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
  return `${key}${results.map((tensor) => number.get(tensor)!).join()}>${updates.map((tensor) => number.get(tensor)!).join()}`;
}

/** The tensors and variables in the arguments of `evaluate`. */
function collect(trees: readonly unknown[]): { tensors: Set<Tensor>; variables: Set<Variable> } {
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
        `evaluate: a ${value.constructor.name} holds no tensors; pass tensors, variables, or objects with variables()`,
      );
    }
  };
  for (const tree of trees) {
    // Numbers and the like are passed over inside objects (settings of an optimiser), but alone they are a mistake.
    if (typeof tree !== 'object' || tree === null) {
      throw new TypeError(`evaluate: expected tensors, variables, or what holds them, got ${String(tree)}`);
    }
    visit(tree);
  }
  return { tensors, variables };
}
