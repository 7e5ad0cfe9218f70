// Functions of a language that compute an operation instead of core's lowering, by the definition of the operation.
import { mod, pow, sigmoid, softplus } from '@thetagrad/core';
import type { ValueType } from './writer.ts';

/** The `value` or `integer` of an elementwise operation. */
export type ScalarDefinition = (...x: number[]) => number;

/** The function's name for each type. */
type NameByType = Readonly<Partial<Record<ValueType, string>>>;

/** Functions of `Math` compute in double precision, so they are more accurate than core's lowerings. */
const mathFunctions = [
  'acos',
  'acosh',
  'asin',
  'asinh',
  'atan',
  'atan2',
  'atanh',
  'cos',
  'cosh',
  'exp',
  'expm1',
  'log',
  'log1p',
  'sin',
  'sinh',
  'tan',
  'tanh',
] as const;

/** Helper functions in all languages. */
const remainderAndPower: readonly (readonly [ScalarDefinition, NameByType])[] = [
  [mod.primitive.value, { f32: 'floatRemainder', i32: 'intRemainder' }],
  [pow.primitive.integer!, { i32: 'intPower' }],
];

export const shaderIntrinsics: ReadonlyMap<ScalarDefinition, NameByType> = new Map(remainderAndPower);

export const javaScriptIntrinsics: ReadonlyMap<ScalarDefinition, NameByType> = new Map<ScalarDefinition, NameByType>([
  ...mathFunctions.map((name) => [Math[name], { f32: `Math.${name}` }] as const),
  [pow.primitive.value, { f32: 'power' }],
  [sigmoid.primitive.value, { f32: 'sigmoid' }],
  [softplus.primitive.value, { f32: 'softplus' }],
  ...remainderAndPower,
]);

export function noLoweringError(): TypeError {
  return new TypeError(
    'gpu: an operation is defined by a JavaScript function only, which GPUs cannot call; give its record `lower`, or ' +
      'compute it on the wasm or the portable backend',
  );
}
