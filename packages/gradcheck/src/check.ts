import {
  getBackend,
  namedVariables,
  random,
  reference,
  setBackend,
  Tensor,
  vjp,
  type Backend,
  type TensorTree,
  type Variable,
  type VariableTree,
} from '@thetagrad/core';
import { Level, type Flat, type Parent, type Settings } from './level.ts';
import { collect, describe, isFloatTensor, type Leaf, type Tree } from './tree.ts';

export interface GradientOptions {
  /** How often to differentiate: 1 (the default) checks the gradient, 2 also the gradient of the gradient, and so on. */
  readonly order?: number;
  /** The relative error that passes; 1e-6. */
  readonly rtol?: number;
  /** The absolute error that passes; 1e-9. Lower it when gradients are that small. */
  readonly atol?: number;
  /** The first, largest step of the differences; 1/64. Kinks should be further away than this. */
  readonly step?: number;
  /**
   * How many elements of each input are checked one by one, 64 by default; of larger inputs a random choice. The others
   * are checked together, along a random direction.
   */
  readonly elements?: number;
  /** Decides the random directions and choices; 0. */
  readonly seed?: number;
  /** The function's name in messages; by default its own. */
  readonly name?: string;
  /** Variables (modules, optimisers, …) that f reads: gradients with respect to the trainable ones are checked too. */
  readonly variables?: VariableTree;
  /** Where to compute; the reference backend by default. It must compute float64 and be able to wait. */
  readonly backend?: Backend;
}

/**
 * Checks the derivatives of a function at a point, by independent computation in float64:
 * - reverse mode (`vjp`, and so `grad`) against central differences, element by element of every input;
 * - forward mode (`jvp`) against the difference along a random direction, element by element of every output;
 * - both against each other: ⟨vjp(u), v⟩ = ⟨u, jvp(v)⟩ for random u and v;
 * - with `order: 2`, all this for the gradient function too (reverse over reverse, forward over reverse), the symmetry
 *   of second derivatives, and reverse over forward.
 *
 * The differences are extrapolated by Ridders' method, whose error estimate is part of the tolerance:
 * `atol + rtol · |gradient| + 4 · estimate`, and an allowance for rounding. If they do not settle, that is an error.
 *
 * The function must be smooth within `step` of the inputs or a little more; at kinks and ties a gradient is a
 * convention that differences cannot confirm.
 *
 * @param f takes the inputs as arguments and gives floating-point tensors of any shape, alone or in arrays and objects.
 *   It must be deterministic.
 * @param inputs the arguments of f: tensors, alone or in arrays and plain objects; float32 is converted to float64.
 * @throws {GradientError} if a derivative is wrong, or cannot be judged.
 * @throws {TypeError} if an input or a result is not floating point.
 * @throws {RangeError} if f is not finite at the inputs, or nowhere around them.
 * @throws {Error} if f gives different values for the same inputs.
 */
export function checkGradients<const Inputs extends readonly TensorTree[]>(
  f: (...inputs: Inputs) => TensorTree,
  inputs: Inputs,
  options: GradientOptions = {},
): void {
  const name = nameOf(f, options);
  if (!Array.isArray(inputs))
    throw new TypeError(`checkGradients: the inputs of ${name} come in an array, got ${describe(inputs)}`);
  const tree = collectInputs(inputs, (value, path) => {
    if (isFloatTensor(value)) return true;
    throw new TypeError(
      `${name}: ${path} is ${describe(value)}; inputs are floating-point tensors, so let the function close over anything else`,
    );
  });
  checkTree(f as unknown as (...inputs: unknown[]) => unknown, tree, options);
}

/** The arguments as one tree: `input 0`, `input 1.weight`. */
export function collectInputs(inputs: readonly unknown[], pick: (value: unknown, path: string) => boolean): Tree {
  const trees = inputs.map((input, i) => collect(input, `input ${i}`, pick));
  return {
    leaves: trees.flatMap(({ leaves }) => leaves),
    rebuild: (tensors) => {
      let start = 0;
      return trees.map(({ leaves, rebuild }) => rebuild(tensors.slice(start, (start += leaves.length))));
    },
  };
}

/** Checks f with respect to the leaves of its arguments and the variables in the options. */
export function checkTree(f: (...inputs: unknown[]) => unknown, tree: Tree, options: GradientOptions): void {
  const settings = settingsOf(f, options);
  const { name } = settings;
  const order = positiveInteger(name, 'order', options.order ?? 1);
  const before = getBackend();
  setBackend(options.backend ?? reference());
  try {
    const variables = new Variables(options.variables ?? []);
    const inputs = [...variables.leaves, ...tree.leaves].map(({ tensor, path }): Leaf => ({
      tensor: tensor.astype('float64'),
      path,
    }));
    if (inputs.length === 0)
      throw new TypeError(
        `${name}: there is nothing to differentiate with respect to; give it a floating-point tensor`,
      );
    let level: Flat = (tensors) => {
      const count = variables.leaves.length;
      const result = variables.bind(tensors.slice(0, count), () =>
        f(...(tree.rebuild(tensors.slice(count)) as unknown[])),
      );
      return resultLeaves(name, result);
    };
    let parent: Parent | undefined;
    for (let current = 1; current <= order; current++) {
      const cotangents = new Level(level, inputs, current, settings).check(parent);
      parent = { f: level, cotangents };
      level = gradientOf(parent, inputs);
    }
  } finally {
    setBackend(before);
  }
}

/** The function from the inputs to the gradients of ⟨cotangents, f⟩. */
function gradientOf({ f, cotangents }: Parent, inputs: readonly Leaf[]): Flat {
  return (tensors) => {
    const outputs = (traced: readonly Tensor[]): Tensor[] => f(traced).map((output) => output.tensor);
    const [gradients] = vjp<[readonly Tensor[]], Tensor[]>(outputs, tensors).pullback([...cotangents]);
    return gradients.map((tensor, i) => ({ tensor, path: `the gradient of ${inputs[i]!.path}` }));
  };
}

function resultLeaves(name: string, result: unknown): readonly Leaf[] {
  const { leaves } = collect(result, 'output', (value, path) => {
    if (value instanceof Tensor) return true;
    throw new TypeError(
      `${name}: ${path} is ${describe(value)}; the function must return tensors, alone or in arrays and objects`,
    );
  });
  if (leaves.length === 0) throw new TypeError(`${name}: the function returns no tensors`);
  return leaves;
}

/** The variables that f reads, which stand for more inputs while f is called. */
class Variables {
  readonly leaves: readonly Leaf[];
  readonly #all: readonly Variable[];
  readonly #trainable: readonly Variable[];

  constructor(tree: VariableTree) {
    const named = Object.entries(namedVariables(tree));
    const trainable = named.filter(([, variable]) => variable.trainable && isFloatTensor(variable.value));
    this.#all = named.map(([, variable]) => variable);
    this.#trainable = trainable.map(([, variable]) => variable);
    this.leaves = trainable.map(([name, variable]) => ({ tensor: variable.value, path: `variable ${name}` }));
  }

  /** Calls f with other values in the trainable variables, and undoes what it assigns to any of them. */
  bind<Result>(tensors: readonly Tensor[], f: () => Result): Result {
    const values = this.#all.map((variable) => variable.value);
    const undo = this.#trainable.map((variable, i) => variable.substitute(tensors[i]!));
    try {
      return f();
    } finally {
      for (const restore of undo) restore();
      this.#all.forEach((variable, i) => {
        if (variable.value !== values[i]) variable.assign(values[i]!);
      });
    }
  }
}

function settingsOf(f: (...inputs: unknown[]) => unknown, options: GradientOptions): Settings {
  const name = nameOf(f, options);
  const { rtol = 1e-6, atol = 1e-9, step = 1 / 64, elements = 64, seed = 0 } = options;
  for (const [option, value] of Object.entries({ rtol, atol })) {
    if (!(value >= 0 && value < Infinity))
      throw new RangeError(`${name}: ${option} must be a number ≥ 0, got ${value}`);
  }
  if (!(step > 0 && step < Infinity)) throw new RangeError(`${name}: step must be a number > 0, got ${step}`);
  return { name, rtol, atol, step, elements: positiveInteger(name, 'elements', elements), key: random.key(seed) };
}

function nameOf(f: unknown, options: GradientOptions): string {
  if (typeof f !== 'function') throw new TypeError(`checkGradients: expected a function, got ${describe(f)}`);
  return options.name ?? (f.name || 'the function');
}

function positiveInteger(name: string, option: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`${name}: ${option} must be an integer > 0, got ${value}`);
}
