import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { airyAi } from '../../src/index.ts';
import { elementwise } from './elementwise.ts';

/** The series of DLMF 9.4.1 for y″ = x y, from the values of Ai and Ai′ at 0. */
function airyBy(x: number): number {
  let [first, second, sum] = [0.3550280538878172, -0.2588194037928068 * x, 0];
  for (let k = 1; k < 60; k++) {
    sum += first + second;
    first *= x ** 3 / ((3 * k - 1) * (3 * k));
    second *= x ** 3 / (3 * k * (3 * k + 1));
  }
  return sum;
}

export const airyCases: readonly OperationCase[] = [
  {
    name: 'airyAi',
    apply: (x) => airyAi(x!),
    inputs: [{ values: [-6, -4.5, -3, -1, 0, 0.5, 1.5, 2.5] }],
    expected: elementwise(airyBy),
    derivatives: { order: 3 },
  },
  {
    name: 'airyAi, special values',
    apply: (x) => airyAi(x!),
    inputs: [{ values: [Infinity, -Infinity, NaN, 200] }],
    expected: () => [0, 0, NaN, 0],
    derivatives: false,
  },
];
