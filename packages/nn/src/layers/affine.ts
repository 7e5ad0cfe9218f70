import { type DType, type Shape, Variable } from '@thetagrad/core';
import { checkBoolean } from '@thetagrad/core/backend';
import { generatorOf, type Randomness } from '../generator.ts';
import { fans, type Initializer, kaimingUniform, uniform } from '../init.ts';
import { initialize } from './initialize.ts';

/** Options of layers with a weight and a bias. */
export interface AffineOptions extends Randomness {
  /** Whether a bias is added. Default: true. */
  readonly bias?: boolean;
  /** Default: uniform in ±1/√fanIn, as in PyTorch. */
  readonly weightInit?: Initializer;
  /** Default: uniform in ±1/√fanIn of the weight, as in PyTorch. */
  readonly biasInit?: Initializer;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** The names of {@link AffineOptions}. */
export const affineOptions = ['bias', 'weightInit', 'biasInit', 'dtype', 'key', 'generator'] as const;

/** Creates the weight and the bias, which has an element for each output. By default the first axis of the weight counts them. */
export function createAffineVariables(
  layer: string,
  shape: Shape,
  options: AffineOptions,
  outputs: number = shape[0]!,
): { readonly weight: Variable; readonly bias: Variable | undefined } {
  const bound = 1 / Math.sqrt(Math.max(1, fans(shape).fanIn));
  const {
    bias = true,
    weightInit = defaultWeightInit,
    biasInit = uniform({ low: -bound, high: bound }),
    dtype = 'float32',
  } = options;
  checkBoolean(layer, 'bias', bias);
  const generator = generatorOf(layer, options);
  const create = (name: string, initializer: Initializer, shape: Shape): Variable =>
    new Variable(initialize(layer, `${name}Init`, initializer, { generator, shape, dtype }), {
      name: `${layer}.${name}`,
    });
  return {
    weight: create('weight', weightInit, shape),
    bias: bias ? create('bias', biasInit, [outputs]) : undefined,
  };
}

const defaultWeightInit = kaimingUniform({ negativeSlope: Math.sqrt(5) });
