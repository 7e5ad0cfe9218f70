import { evaluateSync, jvp, ones, random, tensor, vjp, type Key, type Tensor } from '@thetagrad/core';
import { concatenate, finite, indexOf, largest, magnitude, one, pairing } from './arrays.ts';
import { slopes, type Slopes } from './differences.ts';
import { GradientError, type GradientCheck } from './error.ts';
import { unitRoundOff } from './precision.ts';
import { describe, isFloatTensor, type Leaf } from './tree.ts';

/** A function of a list of tensors, with the paths of its results for messages. */
export type Flat = (inputs: readonly Tensor[]) => readonly Leaf[];

export interface Settings {
  readonly name: string;
  readonly rtol: number;
  readonly atol: number;
  readonly step: number;
  readonly elements: number;
  readonly key: Key;
}

/** What this level's function is the gradient of: cotangent ↦ vjp of `f`. */
export interface Parent {
  readonly f: Flat;
  readonly cotangents: readonly Tensor[];
}

/** A direction to move in: one array for each input, none where the input stays. */
type Direction = readonly (Float64Array | undefined)[];

/** How many roundings an analytic value may have gone through. */
const roundings = 64;
/** Those that differences cannot see in their own noise. */
const unseenRoundings = 2;
/** The estimate of Ridders' method is no bound. */
const safety = 4;
/** Relative to the largest slope: differences less certain than this judge nothing. */
const settled = 1e-3;

/** All checks of the first derivative of one function at one point: the user's, or a gradient of it. */
export class Level {
  readonly #f: Flat;
  readonly #inputs: readonly Leaf[];
  readonly #order: number;
  readonly #settings: Settings;
  readonly #key: Key;
  readonly #base: readonly Tensor[];
  readonly #values: readonly Float64Array[];
  #outputs: readonly Leaf[] = [];
  #unit = 0;

  constructor(f: Flat, inputs: readonly Leaf[], order: number, settings: Settings) {
    this.#f = f;
    this.#inputs = inputs;
    this.#order = order;
    this.#settings = settings;
    this.#key = settings.key.foldIn(order);
    this.#base = inputs.map((input) => input.tensor);
    this.#values = this.#base.map((x) => numbers(x));
  }

  /** Throws at the first mismatch; otherwise gives the cotangents that were used, which make the next level's function. */
  check(parent?: Parent): readonly Tensor[] {
    const f = (inputs: readonly Tensor[]): Tensor[] => this.#call(inputs);
    const plain = (this.#outputs = this.#f(this.#base));
    for (const { tensor: output, path } of plain) {
      if (!isFloatTensor(output)) {
        throw new TypeError(
          `${this.#settings.name}: ${path} is ${describe(output)}, which has no gradient; return floating-point tensors only`,
        );
      }
    }
    this.#unit = unitRoundOff(plain, this.#base);
    const [cotangentKey, tangentKey] = this.#key.split() as [Key, Key];
    // A function of one value is left as it is, so that messages tell its own gradient.
    const single = plain.reduce((size, output) => size + output.tensor.size, 0) === 1;
    const cotangents = plain.map(({ tensor: output }, i) =>
      single ? ones(output.shape, { dtype: 'float64' }) : signs(output, cotangentKey.foldIn(i)),
    );
    const tangents = this.#base.map((x, i) => signs(x, tangentKey.foldIn(i)));

    const reverse = vjp<[readonly Tensor[]], Tensor[]>(f, this.#base);
    const pulled = reverse.pullback(cotangents)[0];
    const forward = jvp<[readonly Tensor[]], Tensor[]>(f, [this.#base], [tangents]);
    const transposed = parent && reverse.pullback(tangents)[0];
    const mixed = parent && this.#gradientOfTangent(parent, tangents);
    evaluateSync(
      plain.map((output) => output.tensor),
      [reverse.value, pulled, forward.value, forward.tangent, transposed ?? [], mixed ?? []],
    );

    const values = plain.map((output) => numbers(output.tensor));
    this.#checkValues(values, reverse.value);
    this.#checkValues(values, forward.value);
    const gradient = pulled.map(numbers);
    const tangent = forward.tangent.map(numbers);
    const [u, v] = [cotangents.map(numbers), tangents.map(numbers)];
    this.#checkReverse(gradient, values, u, v);
    this.#checkForward(tangent, values, v);
    this.#checkTranspose(gradient, tangent, u, v);
    if (transposed) this.#checkEqual('symmetry', transposed.map(numbers), tangent);
    if (mixed) this.#checkEqual('mixed', mixed.map(numbers), tangent);
    return cotangents;
  }

  /** The gradient of ⟨cotangent, jvp(x, tangent)⟩ in x: reverse mode over forward mode. */
  #gradientOfTangent({ f, cotangents }: Parent, tangents: readonly Tensor[]): readonly Tensor[] {
    const leaves = (inputs: readonly Tensor[]): Tensor[] => f(inputs).map((output) => output.tensor);
    const directional = (inputs: readonly Tensor[]): Tensor[] =>
      jvp<[readonly Tensor[]], Tensor[]>(leaves, [inputs], [tangents]).tangent;
    return vjp<[readonly Tensor[]], Tensor[]>(directional, this.#base).pullback([...cotangents])[0];
  }

  /** The value must be finite, and the same whenever f is called. */
  #checkValues(values: readonly Float64Array[], again: readonly Tensor[]): void {
    const { name } = this.#settings;
    values.forEach((value, i) => {
      const { path, tensor: output } = this.#outputs[i]!;
      const strange = value.findIndex((number) => !Number.isFinite(number));
      if (strange >= 0) {
        throw new RangeError(
          `${name}: ${at(path, output, strange)} is ${value[strange]}; gradients are checked where the function is finite`,
        );
      }
      const second = numbers(again[i]!);
      const other = value.findIndex((number, k) => !Object.is(number, second[k]));
      if (other >= 0) {
        throw new Error(
          `${name}: two calls with the same inputs give different values, ${value[other]} and ${second[other]} ` +
            `for ${at(path, output, other)}; fix what is random in it (pass a key) and what it remembers`,
        );
      }
    });
  }

  #checkReverse(
    gradient: readonly Float64Array[],
    values: readonly Float64Array[],
    u: readonly Float64Array[],
    v: readonly Float64Array[],
  ): void {
    const size = values.reduce((sum, value, i) => sum + magnitude(value, u[i]!), 0);
    const numeric = (direction: Direction): Slopes =>
      this.#slopes(direction, Float64Array.of(size), (outputs) => Float64Array.of(pairing(outputs, u)));
    const weighted = values.reduce((size, value) => size + value.length, 0) > 1;
    let complete = true;
    gradient.forEach((analytic, leaf) => {
      const { path, tensor: input } = this.#inputs[leaf]!;
      const chosen = this.#sample(leaf);
      complete &&= chosen.length === analytic.length;
      const found = chosen.map((element) =>
        numeric(this.#values.map((x, i) => (i === leaf ? one(x.length, element) : undefined))),
      );
      this.#compare({
        check: 'vjp',
        analytic: Float64Array.from(chosen, (element) => analytic[element]!),
        numeric: Float64Array.from(found, ({ values: [value] }) => value!),
        errors: Float64Array.from(found, ({ errors: [error] }) => error!),
        scale: largest(analytic),
        size,
        blame: (k) => ({ input: path, element: indexOf(input.shape, chosen[k]!), weighted }),
      });
    });
    if (complete) return;
    // The elements that were not looked at one by one, all together: an error in one of them shows, and is searched for.
    this.#search((direction, blame) => {
      const { values: slope, errors } = numeric(direction);
      const analytic = Float64Array.of(pairing(gradient, direction));
      const scale = direction.reduce((sum, part, i) => sum + (part ? magnitude(gradient[i]!, part) : 0), 0);
      this.#compare({
        check: 'vjp',
        analytic,
        numeric: slope,
        errors,
        scale,
        size,
        blame: () => ({ ...blame(), weighted }),
      });
    }, v);
  }

  #checkForward(tangent: readonly Float64Array[], values: readonly Float64Array[], v: readonly Float64Array[]): void {
    const sizes = concatenate(values).map(Math.abs);
    let analytic: readonly Float64Array[] | undefined = tangent;
    this.#search((direction, blame) => {
      // The first time in the direction of `tangent`, then in parts of it.
      const tangents = analytic ?? this.#tangentAlong(direction);
      analytic = undefined;
      const numeric = this.#slopes(direction, sizes, concatenate);
      let start = 0;
      tangents.forEach((part, i) => {
        const { path, tensor: output } = this.#outputs[i]!;
        this.#compare({
          check: 'jvp',
          analytic: part,
          numeric: numeric.values.subarray(start, start + part.length),
          errors: numeric.errors.subarray(start, start + part.length),
          scale: largest(part),
          size: largest(values[i]!),
          blame: (k) => ({ ...blame(), output: path, outputElement: indexOf(output.shape, k) }),
        });
        start += part.length;
      });
    }, v);
  }

  #tangentAlong(direction: Direction): Float64Array[] {
    const tangents = this.#base.map((x, i) => tensor(direction[i] ?? new Float64Array(x.size), { shape: x.shape }));
    const { tangent } = jvp<[readonly Tensor[]], Tensor[]>((inputs) => this.#call(inputs), [this.#base], [tangents]);
    evaluateSync(tangent);
    return tangent.map(numbers);
  }

  #checkTranspose(
    gradient: readonly Float64Array[],
    tangent: readonly Float64Array[],
    u: readonly Float64Array[],
    v: readonly Float64Array[],
  ): void {
    const scale = [gradient.map((part, i) => magnitude(part, v[i]!)), tangent.map((part, i) => magnitude(part, u[i]!))];
    const { atol, rtol } = this.#settings;
    const total = Math.max(...scale.map((parts) => parts.reduce((sum, part) => sum + part, 0)));
    const [analytic, numeric] = [pairing(gradient, v), pairing(tangent, u)];
    const tolerance = atol + (rtol + this.#roundOff(1)) * total;
    if (!(Math.abs(analytic - numeric) <= tolerance))
      this.#fail('transpose', { analytic, numeric, uncertainty: 0, tolerance });
  }

  /** Two ways to the same second derivative, element by element. */
  #checkEqual(check: GradientCheck, analytic: readonly Float64Array[], expected: readonly Float64Array[]): void {
    analytic.forEach((part, leaf) => {
      const { path, tensor: input } = this.#inputs[leaf]!;
      this.#compare({
        check,
        analytic: part,
        numeric: expected[leaf]!,
        errors: new Float64Array(part.length),
        scale: largest(expected[leaf]!),
        size: 0,
        blame: (k) => ({ input: path, element: indexOf(input.shape, k) }),
      });
    });
  }

  /** Runs a check along v; if it fails, halves v until a single element fails, and blames that. */
  #search(check: (direction: Direction, blame: () => Blame) => void, v: readonly Float64Array[]): void {
    const all = v.flatMap((part, leaf) => Array.from(part, (_, element) => ({ leaf, element })));
    const failure = (members: readonly { leaf: number; element: number }[]): unknown => {
      const direction = v.map((part, leaf) => {
        if (members.length === all.length) return part;
        const restricted = new Float64Array(part.length);
        const own = members.filter((member) => member.leaf === leaf);
        for (const { element } of own) restricted[element] = part[element]!;
        return own.length > 0 ? restricted : undefined;
      });
      const [only] = members;
      const blame = (): Blame => {
        if (members.length !== 1 || !only) return {};
        const { path, tensor: input } = this.#inputs[only.leaf]!;
        return { input: path, element: indexOf(input.shape, only.element) };
      };
      try {
        check(direction, blame);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    let error = failure(all);
    let members = all;
    while (error instanceof GradientError && members.length > 1) {
      const middle = members.length >> 1;
      const halves = [members.slice(0, middle), members.slice(middle)];
      const narrower = halves.map((half) => [half, failure(half)] as const).find(([, found]) => found !== undefined);
      if (!narrower) break;
      [members, error] = narrower;
    }
    if (error !== undefined) throw error;
  }

  #compare(comparison: Comparison): void {
    const { check, analytic, numeric, errors, scale, size, blame } = comparison;
    const { atol, rtol } = this.#settings;
    const slack = atol + this.#roundOff(scale);
    let worst = -1;
    let excess = 1;
    let count = 0;
    const tolerances = numeric.map(
      (value, k) => slack + rtol * Math.max(Math.abs(value), finite(analytic[k]!)) + safety * errors[k]!,
    );
    analytic.forEach((value, k) => {
      const ratio = Math.abs(value - numeric[k]!) / tolerances[k]!;
      if (ratio <= 1) return;
      count++;
      if (worst >= 0 && !(ratio > excess)) return;
      worst = k;
      // NaN is the worst there is.
      excess = Number.isNaN(ratio) ? Infinity : ratio;
    });
    const reach = 1000 * (slack + this.#roundOff(size)) + settled * Math.max(largest(numeric), finite(scale));
    const vague = errors.findIndex((error) => !(safety * error <= reach));
    const k = vague >= 0 ? vague : worst;
    if (k < 0) return;
    this.#fail(vague >= 0 ? 'differences' : check, {
      ...blame(k),
      analytic: analytic[k]!,
      numeric: numeric[k]!,
      uncertainty: errors[k]!,
      tolerance: tolerances[k]!,
      wrong: vague >= 0 ? undefined : { count, of: analytic.length },
    });
  }

  #fail(
    check: GradientCheck,
    mismatch: Omit<ConstructorParameters<typeof GradientError>[0], 'function' | 'check' | 'order'>,
  ): never {
    throw new GradientError({ function: this.#settings.name, check, order: this.#order, ...mismatch });
  }

  /** The slopes of `read(f(x + t · direction))` at t = 0. */
  #slopes(direction: Direction, sizes: Float64Array, read: (outputs: readonly Float64Array[]) => Float64Array): Slopes {
    const { step, atol, rtol } = this.#settings;
    const sample = (t: number): Float64Array => {
      const moved = this.#base.map((x, i) => {
        const along = direction[i];
        return along
          ? tensor(
              this.#values[i]!.map((value, k) => value + t * along[k]!),
              { shape: x.shape },
            )
          : x;
      });
      const outputs = this.#call(moved);
      evaluateSync(outputs);
      return read(outputs.map(numbers));
    };
    const roundOff = sizes.map((size) => unseenRoundings * this.#unit * size);
    const found = slopes(sample, { step, roundOff, tolerance: (slope) => atol + rtol * Math.abs(slope) });
    if (found) return found;
    const paths = this.#inputs.filter((_, i) => direction[i]).map((input) => input.path);
    throw new RangeError(
      `${this.#settings.name}: the function is finite at the input but not around it (moving ${paths.join(', ')}), however small the step; ` +
        `gradients are checked inside the function's domain`,
    );
  }

  /** f again, whose results must have the shapes they had. */
  #call(inputs: readonly Tensor[]): Tensor[] {
    const outputs = this.#f(inputs);
    if (
      outputs.length !== this.#outputs.length ||
      !outputs.every((output, i) => sameShape(output.tensor, this.#outputs[i]!.tensor))
    ) {
      throw new Error(
        `${this.#settings.name}: the results have shapes ${shapes(this.#outputs)} in one call and ${shapes(outputs)} in another; ` +
          `they must not depend on values, nor change from call to call`,
      );
    }
    return outputs.map((output) => output.tensor);
  }

  /** Which elements of an input are checked one by one. */
  #sample(leaf: number): number[] {
    const { size } = this.#base[leaf]!;
    const { elements } = this.#settings;
    if (size <= elements) return Array.from({ length: size }, (_, i) => i);
    const order = random.permutation(this.#key.foldIn(leaf), size).dataSync();
    return [...order.subarray(0, elements)].toSorted((a, b) => a - b);
  }

  #roundOff(size: number): number {
    return roundings * this.#unit * finite(size);
  }
}

interface Blame {
  readonly weighted?: boolean;
  readonly input?: string;
  readonly element?: readonly number[];
  readonly output?: string;
  readonly outputElement?: readonly number[];
}

interface Comparison {
  readonly check: GradientCheck;
  readonly analytic: Float64Array;
  readonly numeric: Float64Array;
  readonly errors: Float64Array;
  /** The size of what is summed up in the compared values: what rounding is relative to. */
  readonly scale: number;
  /** The size of the function's own values, whose rounding differences are uncertain by. */
  readonly size: number;
  readonly blame: (k: number) => Blame;
}

/** Numbers of random sign and of sizes from 1/2 to 1, so that every element counts; exact in float32. */
function signs(like: Tensor, key: Key): Tensor {
  const bits = random.bits(key, like.shape).dataSync();
  return tensor(
    Float64Array.from(bits, (word) => ((word & 32 ? 1 : -1) * (32 + (word & 31))) / 64),
    { shape: like.shape },
  );
}

function numbers(x: Tensor): Float64Array {
  const values = x.dataSync();
  return values instanceof Float64Array ? values : Float64Array.from(values);
}

function at(path: string, x: Tensor, position: number): string {
  return x.ndim === 0 ? path : `element [${indexOf(x.shape, position).join(', ')}] of ${path}`;
}

function sameShape(a: Tensor, b: Tensor): boolean {
  return a.ndim === b.ndim && a.shape.every((length, axis) => length === b.shape[axis]);
}

function shapes(outputs: readonly Leaf[]): string {
  return outputs.map(({ tensor: output }) => `[${output.shape.join(', ')}]`).join(', ');
}
