import { erfOf, powerOf, remainderOf, sigmoidOf, softplusOf } from '../definitions.ts';
import type { Scalar } from '../scalar.ts';
import { cosh, erf, exp, expm1, sigmoid, sinh, softplus, tanh } from './exponential.ts';
import { acos, asin, atan, atan2 } from './inverseTrigonometric.ts';
import { acosh, asinh, atanh, log, log10, log1p, log2 } from './logarithm.ts';
import { mod, pow } from './power.ts';
import { cos, sin, tan } from './trigonometric.ts';

/** Expressions of float32 functions in basic arithmetic, by their definitions in double precision, for code generation. */
export const float32Functions: ReadonlyMap<(...x: number[]) => number, (...inputs: Scalar[]) => Scalar> = new Map<
  (...x: number[]) => number,
  (...inputs: Scalar[]) => Scalar
>([
  [Math.exp, exp],
  [Math.expm1, expm1],
  [sigmoidOf, sigmoid],
  [softplusOf, softplus],
  [Math.sinh, sinh],
  [Math.cosh, cosh],
  [Math.tanh, tanh],
  [erfOf, erf],
  [Math.log, log],
  [Math.log2, log2],
  [Math.log10, log10],
  [Math.log1p, log1p],
  [Math.asinh, asinh],
  [Math.acosh, acosh],
  [Math.atanh, atanh],
  [Math.sin, sin],
  [Math.cos, cos],
  [Math.tan, tan],
  [Math.asin, asin],
  [Math.acos, acos],
  [Math.atan, atan],
  [Math.atan2, atan2],
  [powerOf, pow],
  [remainderOf, mod],
]);
