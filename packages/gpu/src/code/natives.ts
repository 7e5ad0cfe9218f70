// Operations that a language computes in a way of its own, by the functions that define them.
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  exp,
  expm1,
  log,
  log1p,
  mod,
  pow,
  sigmoid,
  sin,
  sinh,
  softplus,
  tan,
  tanh,
  type Operation,
} from '@thetagrad/core';
import type { ValueType } from './writer.ts';

/** The `value` or `integer` of an operation's record. */
export type Native = (...x: number[]) => number;

/** For a type, the name of a helper function. */
type Names = Readonly<Partial<Record<ValueType, string>>>;

const integerPower = pow.primitive.integer as Native;

/** Functions of `Math` in double precision are better than what their records are lowered to. */
const functions: readonly (readonly [Operation, string])[] = [
  [acos, 'Math.acos'],
  [acosh, 'Math.acosh'],
  [asin, 'Math.asin'],
  [asinh, 'Math.asinh'],
  [atan, 'Math.atan'],
  [atan2, 'Math.atan2'],
  [atanh, 'Math.atanh'],
  [cos, 'Math.cos'],
  [cosh, 'Math.cosh'],
  [exp, 'Math.exp'],
  [expm1, 'Math.expm1'],
  [log, 'Math.log'],
  [log1p, 'Math.log1p'],
  [pow, 'power'],
  [sigmoid, 'sigmoid'],
  [sin, 'Math.sin'],
  [sinh, 'Math.sinh'],
  [softplus, 'softplus'],
  [tan, 'Math.tan'],
  [tanh, 'Math.tanh'],
];

export const natives: { readonly typed: ReadonlyMap<Native, Names>; readonly javascript: ReadonlyMap<Native, Names> } =
  {
    typed: new Map<Native, Names>([
      [mod.primitive.value, { f32: 'remainderOfFloats', i32: 'remainderOfIntegers' }],
      [integerPower, { i32: 'powerOfIntegers' }],
    ]),
    javascript: new Map<Native, Names>([
      ...functions.map(([{ primitive }, name]): [Native, Names] => [primitive.value, { f32: name }]),
      [mod.primitive.value, { f32: 'remainderOfFloats', i32: 'remainderOfIntegers' }],
      [integerPower, { i32: 'powerOfIntegers' }],
    ]),
  };

export function noLowering(): TypeError {
  return new TypeError(
    'gpu: an operation has a JavaScript function alone, which no GPU can call; give its record `lower`, or compute it ' +
      'on the wasm or the reference backend',
  );
}
