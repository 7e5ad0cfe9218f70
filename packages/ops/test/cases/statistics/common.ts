// Inputs, and the table of cases of a reduction.
import { type NestedArray, type Tensor } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../../test/support/testOperations.ts';
import { flat, lines, mean, sum } from '../../plain.ts';

export const matrix: Input = { shape: [3, 4] };
export const holes: Input = {
  values: [
    [1, NaN, 3, 2.5],
    [NaN, NaN, -4, 0.5],
    [NaN, NaN, NaN, NaN],
  ],
};
/** Rows in which some are missing, but not all, so that there are derivatives. */
export const someHoles: Input = {
  values: [
    [1, NaN, 3, 2.5],
    [NaN, NaN, -4, 0.5],
  ],
};
export const integers: Input = {
  values: [
    [5, -2, 5],
    [0, 7, 1],
  ],
  dtype: 'int32',
};
export const bools: Input = { values: [true, false, true], dtype: 'bool' };

export const numbers = (line: readonly number[]): number[] => line.filter((value) => !Number.isNaN(value));
export const variance = (line: readonly number[], correction = 0): number =>
  sum(line.map((value) => (value - mean(line)) ** 2)) / (line.length - correction);

/** A reduction of lines: over the last axis, over all axes with keepdims, without elements, of int32, at NaN. */
export function reduction(
  name: string,
  apply: (x: Tensor, axis?: number | readonly number[], options?: { keepdims?: boolean }) => Tensor,
  formula: (line: number[]) => number | boolean,
  { input = matrix, empty, nan = holes }: { input?: Input; empty?: number; nan?: Input } = {},
): OperationCase[] {
  const ofInt32 = (x: NestedArray): NestedArray => lines(formula, x);
  return [
    { name, apply: (x) => apply(x, -1), inputs: [input], expected: (x) => lines(formula, x) },
    {
      name: `${name}, all axes kept`,
      apply: (x) => apply(x, undefined, { keepdims: true }),
      inputs: [input],
      expected: (x) => [[formula(flat(x))]],
      derivatives: { order: 1 },
    },
    {
      name: `${name}, axis 0 of three, a list of axes`,
      apply: (x) => [apply(x, [0, 2]), apply(x.permute([1, 0, 2]), [1, -1], { keepdims: true })],
      inputs: [{ shape: [2, 2, 2] }],
      expected: (x) => {
        const [a, b] = x as number[][][];
        const values = [0, 1].map((i) => formula([...a![i]!, ...b![i]!]));
        return { outputs: [values, values.map((value) => [[value]])] };
      },
      derivatives: false,
    },
    {
      name: `${name}, NaN`,
      apply: (x) => apply(x, 1),
      inputs: [nan],
      expected: (x) => lines(formula, x),
      derivatives: false,
    },
    { name: `${name}, int32`, apply: (x) => apply(x, 1), inputs: [integers], expected: ofInt32 },
    {
      name: `${name}, a scalar`,
      apply: (x) => apply(x),
      inputs: [{ values: 2.5 }],
      expected: (x) => formula([x as number]),
      derivatives: false,
    },
    ...(empty === undefined
      ? []
      : [
          {
            name: `${name}, empty`,
            apply: (x: Tensor) => [apply(x, 1), apply(x, 0)],
            inputs: [{ shape: [2, 0] }],
            expected: () => ({ outputs: [[empty, empty], []] }),
            derivatives: false as const,
          },
        ]),
  ];
}
