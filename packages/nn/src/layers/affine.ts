import { type DType, type Shape, Variable } from '@thetagrad/core';
import { generatorOf, type Generator, type Randomness } from '../generator.ts';
import { fans, type Initializer, kaimingUniform, uniform } from '../init.ts';

/** Options of layers with a weight and a bias. */
export interface AffineOptions extends Randomness {
  /** Whether a bias is added; true unless said otherwise. */
  readonly bias?: boolean;
  /** Default: uniform in ±1/√fanIn, as PyTorch's. */
  readonly weightInit?: Initializer;
  /** Default: uniform in ±1/√fanIn of the weight, as PyTorch's. */
  readonly biasInit?: Initializer;
  /** float32 unless said otherwise. */
  readonly dtype?: DType;
}

/** The weight, whose first axis counts outputs, and the bias, if there is one. */
export function affineVariables(
  layer: string,
  shape: Shape,
  options: AffineOptions,
): { readonly weight: Variable; readonly bias: Variable | undefined } {
  const bound = 1 / Math.sqrt(Math.max(1, fans(shape).fanIn));
  const { bias = true, weightInit = defaultWeight, biasInit = uniform(-bound, bound), dtype = 'float32' } = options;
  const generator: Generator = generatorOf(layer, options);
  return {
    weight: new Variable(weightInit(generator.next(), shape, dtype), { name: `${layer}.weight` }),
    bias: bias ? new Variable(biasInit(generator.next(), [shape[0]!], dtype), { name: `${layer}.bias` }) : undefined,
  };
}

const defaultWeight = kaimingUniform({ negativeSlope: Math.sqrt(5) });

/** @throws {RangeError} unless the number is an integer ≥ 1. */
export function checkCount(layer: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${layer}: ${name} must be an integer ≥ 1, got ${value}`);
  }
}
