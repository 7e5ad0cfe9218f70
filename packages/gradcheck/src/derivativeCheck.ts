import { evaluateSync, jvp, ones, random, tensor, vjp, type Key, type Tensor } from '@thetagrad/core';
import { unravelIndex } from '@thetagrad/core/backend';
import { bisect } from './bisect.ts';
import { Comparer } from './comparison.ts';
import { FunctionAtPoint, type Direction, type ListFunction } from './functionAtPoint.ts';
import type { GradientCheck } from './gradientError.ts';
import type { Settings } from './options.ts';
import type { Derivatives } from './ridders.ts';
import type { Leaf } from './tree.ts';
import { absoluteInnerProduct, basisVector, concatenate, innerProduct, maxMagnitude, readElements } from './vectors.ts';

/** The function whose gradient a function is: cotangents ↦ vjp of `f`. */
export interface Antiderivative {
  readonly f: ListFunction;
  readonly cotangents: readonly Tensor[];
}

/** The derivatives of all outputs by both modes, along random cotangents u and tangents v. */
interface Analytic {
  readonly values: readonly Float64Array[];
  /** vjp(u). */
  readonly gradient: readonly Float64Array[];
  /** jvp(v). */
  readonly tangent: readonly Float64Array[];
  readonly u: readonly Float64Array[];
  readonly v: readonly Float64Array[];
}

/** All checks of the first derivative of one function at one point: the user's function, or a gradient of it. */
export class DerivativeCheck {
  readonly #function: FunctionAtPoint;
  readonly #settings: Settings;
  readonly #key: Key;
  readonly #comparer: Comparer;

  /** @param order the order of the derivative, counted from the user's function. */
  constructor(f: ListFunction, inputs: readonly Leaf[], order: number, settings: Settings) {
    this.#function = new FunctionAtPoint(f, inputs, settings);
    this.#settings = settings;
    this.#key = settings.key.foldIn(order);
    this.#comparer = new Comparer(settings, order, this.#function.unitRoundoff);
  }

  /**
   * Runs all checks and returns the cotangents that they used, which define the gradient function of the next order.
   * @throws {GradientError} at the first mismatch.
   */
  run(antiderivative?: Antiderivative): readonly Tensor[] {
    const { point, outputs } = this.#function;
    const f = (inputs: readonly Tensor[]): Tensor[] => this.#function.call(inputs);
    const [cotangentKey, tangentKey] = this.#key.split() as [Key, Key];
    // A function with a single value is not weighted, so that messages show its own gradient.
    const isSingle = outputs.reduce((size, output) => size + output.tensor.size, 0) === 1;
    const cotangents = outputs.map(({ tensor: output }, i) =>
      isSingle ? ones(output.shape, { dtype: 'float64' }) : randomWeights(output, cotangentKey.foldIn(i)),
    );
    const tangents = point.map((x, i) => randomWeights(x, tangentKey.foldIn(i)));

    const reverse = vjp<[readonly Tensor[]], Tensor[]>(f, point);
    const gradient = reverse.pullback(cotangents)[0];
    const forward = jvp<[readonly Tensor[]], Tensor[]>(f, [point], [tangents]);
    const transposed = antiderivative && reverse.pullback(tangents)[0];
    const mixed = antiderivative && gradientOfJvp(antiderivative, point, tangents);
    evaluateSync(
      outputs.map((output) => output.tensor),
      [reverse.value, gradient, forward.value, forward.tangent, transposed ?? [], mixed ?? []],
    );

    const values = this.#function.readOutputs();
    this.#function.checkDeterministic(values, reverse.value);
    this.#function.checkDeterministic(values, forward.value);
    const analytic: Analytic = {
      values,
      gradient: gradient.map(readElements),
      tangent: forward.tangent.map(readElements),
      u: cotangents.map(readElements),
      v: tangents.map(readElements),
    };
    this.#checkReverse(analytic);
    this.#checkForward(analytic);
    this.#checkTranspose(analytic);
    if (transposed) this.#checkEqual('symmetry', transposed.map(readElements), analytic.tangent);
    if (mixed) this.#checkEqual('mixed', mixed.map(readElements), analytic.tangent);
    return cotangents;
  }

  /** Compares vjp(u) with central differences of ⟨u, f⟩, element by element of every input. */
  #checkReverse({ values, gradient, u, v }: Analytic): void {
    const { inputs } = this.#function;
    const valueScale = absoluteInnerProduct(values, u);
    const differentiate = (direction: Direction): Derivatives =>
      this.#function.differentiate(direction, Float64Array.of(valueScale), (outputs) =>
        Float64Array.of(innerProduct(outputs, u)),
      );
    const weighted = values.reduce((size, value) => size + value.length, 0) > 1;
    let isComplete = true;
    gradient.forEach((analytic, leaf) => {
      const { path, tensor: input } = inputs[leaf]!;
      const sampled = this.#sampleElements(leaf);
      isComplete &&= sampled.length === analytic.length;
      const found = sampled.map((element) =>
        differentiate(inputs.map(({ tensor: x }, i) => (i === leaf ? basisVector(x.size, element) : undefined))),
      );
      this.#comparer.compare({
        check: 'vjp',
        analytic: Float64Array.from(sampled, (element) => analytic[element]!),
        numeric: Float64Array.from(found, ({ values: [value] }) => value!),
        errors: Float64Array.from(found, ({ errors: [error] }) => error!),
        scale: maxMagnitude(analytic),
        valueScale,
        locate: (k) => ({ input: path, element: unravelIndex(sampled[k]!, input.shape), weighted }),
      });
    });
    if (isComplete) return;
    // Elements outside the samples are checked together, along v.
    bisect(inputs, v, (direction, location) => {
      const numeric = differentiate(direction);
      this.#comparer.compare({
        check: 'vjp',
        analytic: Float64Array.of(innerProduct(gradient, direction)),
        numeric: numeric.values,
        errors: numeric.errors,
        scale: absoluteInnerProduct(gradient, direction),
        valueScale,
        locate: () => ({ ...location, weighted }),
      });
    });
  }

  /** Compares jvp(v) with central differences of f along v, element by element of every output. */
  #checkForward({ values, tangent, v }: Analytic): void {
    const { inputs, outputs } = this.#function;
    const magnitudes = concatenate(values).map(Math.abs);
    bisect(inputs, v, (direction, location) => {
      const tangents = direction === v ? tangent : this.#function.jvpAlong(direction);
      const numeric = this.#function.differentiate(direction, magnitudes, concatenate);
      let start = 0;
      tangents.forEach((analytic, i) => {
        const { path, tensor: output } = outputs[i]!;
        const end = start + analytic.length;
        this.#comparer.compare({
          check: 'jvp',
          analytic,
          numeric: numeric.values.subarray(start, end),
          errors: numeric.errors.subarray(start, end),
          scale: maxMagnitude(analytic),
          valueScale: maxMagnitude(values[i]!),
          locate: (k) => ({ ...location, output: path, outputElement: unravelIndex(k, output.shape) }),
        });
        start = end;
      });
    });
  }

  /** Compares ⟨vjp(u), v⟩ with ⟨u, jvp(v)⟩. */
  #checkTranspose({ gradient, tangent, u, v }: Analytic): void {
    const scale = Math.max(absoluteInnerProduct(gradient, v), absoluteInnerProduct(tangent, u));
    this.#comparer.compareTransposes(innerProduct(gradient, v), innerProduct(tangent, u), scale);
  }

  /** Compares two analytic ways to the same second derivative, element by element. */
  #checkEqual(check: GradientCheck, analytic: readonly Float64Array[], expected: readonly Float64Array[]): void {
    analytic.forEach((part, leaf) => {
      const { path, tensor: input } = this.#function.inputs[leaf]!;
      this.#comparer.compare({
        check,
        analytic: part,
        numeric: expected[leaf]!,
        errors: new Float64Array(part.length),
        scale: maxMagnitude(expected[leaf]!),
        valueScale: 0,
        locate: (k) => ({ input: path, element: unravelIndex(k, input.shape) }),
      });
    });
  }

  /** Samples the elements of an input that are checked one by one, in increasing order. */
  #sampleElements(leaf: number): number[] {
    const { size } = this.#function.point[leaf]!;
    const { elements } = this.#settings;
    if (size <= elements) return Array.from({ length: size }, (_, i) => i);
    const order = random.permutation(this.#key.foldIn(leaf), size).dataSync();
    return [...order.subarray(0, elements)].toSorted((a, b) => a - b);
  }
}

/** The gradient of ⟨cotangents, jvp of f along the tangents⟩: reverse mode over forward mode. */
function gradientOfJvp(
  { f, cotangents }: Antiderivative,
  point: readonly Tensor[],
  tangents: readonly Tensor[],
): readonly Tensor[] {
  const outputs = (inputs: readonly Tensor[]): Tensor[] => f(inputs).map((output) => output.tensor);
  const tangentOf = (inputs: readonly Tensor[]): Tensor[] =>
    jvp<[readonly Tensor[]], Tensor[]>(outputs, [inputs], [tangents]).tangent;
  return vjp<[readonly Tensor[]], Tensor[]>(tangentOf, point).pullback([...cotangents])[0];
}

/** Random weights of either sign and magnitudes from 1/2 to 1, so that every element counts; exact in float32. */
function randomWeights(like: Tensor, key: Key): Tensor {
  const bits = random.bits(key, like.shape).dataSync();
  return tensor(
    Float64Array.from(bits, (word) => ((word & 32 ? 1 : -1) * (32 + (word & 31))) / 64),
    { shape: like.shape },
  );
}
