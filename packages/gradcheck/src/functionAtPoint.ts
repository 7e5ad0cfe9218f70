import { evaluateSync, jvp, tensor, type Tensor } from '@thetagrad/core';
import { formatShape, sameShape, unravelIndex } from '@thetagrad/core/backend';
import type { Settings } from './options.ts';
import { riddersDerivatives, type Derivatives } from './ridders.ts';
import { unitRoundoff } from './roundoff.ts';
import { describeValue, isFloatTensor, type Leaf } from './tree.ts';
import { readElements } from './vectors.ts';

/** A function of a list of tensors; its results have paths for messages. */
export type ListFunction = (inputs: readonly Tensor[]) => readonly Leaf[];

/** A direction in input space: an array for each input, `undefined` where the input stays. */
export type Direction = readonly (Float64Array | undefined)[];

/** The numerical error of an output element that differences cannot tell from noise, in units of roundoff. */
const unseenRoundings = 2;

/** A function and the point at which it is differentiated. */
export class FunctionAtPoint {
  readonly inputs: readonly Leaf[];
  readonly point: readonly Tensor[];
  /** The results at the point. */
  readonly outputs: readonly Leaf[];
  readonly unitRoundoff: number;
  readonly #f: ListFunction;
  readonly #settings: Settings;
  readonly #coordinates: readonly Float64Array[];

  /** @throws {TypeError} if an output is not floating point. */
  constructor(f: ListFunction, inputs: readonly Leaf[], settings: Settings) {
    this.#f = f;
    this.#settings = settings;
    this.inputs = inputs;
    this.point = inputs.map((input) => input.tensor);
    this.#coordinates = this.point.map(readElements);
    this.outputs = f(this.point);
    for (const { tensor: output, path } of this.outputs) {
      if (isFloatTensor(output)) continue;
      throw new TypeError(
        `${settings.name}: ${path} is ${describeValue(output)}, which has no gradient; return floating-point tensors only`,
      );
    }
    this.unitRoundoff = unitRoundoff(
      this.outputs.map((output) => output.tensor),
      this.point,
    );
  }

  /**
   * Calls the function again.
   * @throws {Error} if the results have other shapes than at the point.
   */
  call(inputs: readonly Tensor[]): Tensor[] {
    const outputs = this.#f(inputs);
    if (
      outputs.length !== this.outputs.length ||
      !outputs.every((output, i) => sameShape(output.tensor.shape, this.outputs[i]!.tensor.shape))
    ) {
      throw new Error(
        `${this.#settings.name}: the results have shapes ${showShapes(this.outputs)} in one call and ${showShapes(outputs)} in another; ` +
          `they must not depend on values, nor change from call to call`,
      );
    }
    return outputs.map((output) => output.tensor);
  }

  /**
   * Reads the outputs at the point.
   * @throws {RangeError} if one is not finite.
   */
  readOutputs(): Float64Array[] {
    return this.outputs.map(({ tensor: output, path }) => {
      const values = readElements(output);
      const position = values.findIndex((value) => !Number.isFinite(value));
      if (position < 0) return values;
      throw new RangeError(
        `${this.#settings.name}: ${showElement(path, output, position)} is ${values[position]}; gradients are checked where the function is finite`,
      );
    });
  }

  /** @throws {Error} if outputs of another call differ from the first ones. */
  checkDeterministic(first: readonly Float64Array[], others: readonly Tensor[]): void {
    first.forEach((values, i) => {
      const other = readElements(others[i]!);
      const position = values.findIndex((value, k) => !Object.is(value, other[k]));
      if (position < 0) return;
      const { path, tensor: output } = this.outputs[i]!;
      throw new Error(
        `${this.#settings.name}: two calls with the same inputs give different values, ${values[position]} and ${other[position]} ` +
          `for ${showElement(path, output, position)}; fix what is random in it (pass a key) and what it remembers`,
      );
    });
  }

  /** The analytic derivative of all outputs along a direction, by forward mode. */
  jvpAlong(direction: Direction): Float64Array[] {
    const tangents = this.point.map((x, i) => tensor(direction[i] ?? new Float64Array(x.size), { shape: x.shape }));
    const { tangent } = jvp<[readonly Tensor[]], Tensor[]>((inputs) => this.call(inputs), [this.point], [tangents]);
    evaluateSync(tangent);
    return tangent.map(readElements);
  }

  /**
   * The numerical derivatives of `read(outputs)` along a direction, by central differences.
   * @param magnitudes the sizes of the read values, which their rounding errors are relative to.
   * @throws {RangeError} if the function is not finite around the point.
   */
  differentiate(
    direction: Direction,
    magnitudes: Float64Array,
    read: (outputs: readonly Float64Array[]) => Float64Array,
  ): Derivatives {
    const { step, atol, rtol, name } = this.#settings;
    const evaluateAt = (t: number): Float64Array => {
      const inputs = this.point.map((x, i) => {
        const slope = direction[i];
        if (!slope) return x;
        const values = this.#coordinates[i]!.map((value, k) => value + t * slope[k]!);
        return tensor(values, { shape: x.shape });
      });
      const outputs = this.call(inputs);
      evaluateSync(outputs);
      return read(outputs.map(readElements));
    };
    const roundoff = magnitudes.map((magnitude) => unseenRoundings * this.unitRoundoff * magnitude);
    const tolerance = (derivative: number): number => atol + rtol * Math.abs(derivative);
    const found = riddersDerivatives(evaluateAt, { step, roundoff, tolerance });
    if (found) return found;
    const paths = this.inputs.filter((_, i) => direction[i]).map((input) => input.path);
    throw new RangeError(
      `${name}: the function is finite at the input but not around it (moving ${paths.join(', ')}), however small the step; ` +
        `gradients are checked inside the function's domain`,
    );
  }
}

function showElement(path: string, x: Tensor, position: number): string {
  return x.ndim === 0 ? path : `element [${unravelIndex(position, x.shape).join(', ')}] of ${path}`;
}

function showShapes(outputs: readonly Leaf[]): string {
  return outputs.map(({ tensor: output }) => formatShape(output.shape)).join(', ');
}
