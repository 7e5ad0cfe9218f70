// Functions of a language that compute an operation instead of core's lowering, by the definition of the operation.
import { integerPowerOf, powerOf, remainderOf, sigmoidOf, softplusOf, type ScalarType } from '@thetagrad/core/backend';

/** The `value` or `integer` of an elementwise operation. */
export type ScalarDefinition = (...x: number[]) => number;

/** The function's name for each type. */
type NameByType = Readonly<Partial<Record<ScalarType, string>>>;

/** The functions of a language. */
export type Intrinsics = ReadonlyMap<ScalarDefinition, NameByType>;

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
  'log10',
  'log1p',
  'log2',
  'sin',
  'sinh',
  'tan',
  'tanh',
] as const;

/** Helper functions in all languages. */
const remainderAndPower: readonly (readonly [ScalarDefinition, NameByType])[] = [
  [remainderOf, { f32: 'floatRemainder', i32: 'intRemainder' }],
  [integerPowerOf, { i32: 'intPower' }],
];

export const shaderIntrinsics: Intrinsics = new Map(remainderAndPower);

export const javaScriptIntrinsics: Intrinsics = new Map<ScalarDefinition, NameByType>([
  ...mathFunctions.map((name) => [Math[name], { f32: `Math.${name}` }] as const),
  [powerOf, { f32: 'power' }],
  [sigmoidOf, { f32: 'sigmoid' }],
  [softplusOf, { f32: 'softplus' }],
  ...remainderAndPower,
]);
