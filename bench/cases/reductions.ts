import { random } from '@thetagrad/core';
import { type Case, define } from '../case.ts';

const key = random.key(5);
const [rows, columns] = [2048, 2048];

const rowSum = `function (x) {
  let sum = 0;
  for (let i = 0; i < this.constants.columns; i++) sum += x[this.thread.x][i];
  return sum;
}`;

function sum(what: string, axis: number | undefined): Case {
  return define<'x'>({
    name: `sum of ${what}, ${rows}×${columns}`,
    // Not around 0, where what is left of a sum is rounding.
    inputs: () => ({ x: random.uniform(key, [rows, columns]) }),
    ours:
      ({ x }) =>
      () => [x.sum(axis)],
    tfjs:
      ({ x }, tf) =>
      () => [tf.sum(x, axis)],
    jax: ({ x }, { numpy }) => [numpy.sum(x, axis ?? null)],
    ...(axis === 1 && { gpu: { source: rowSum, arguments: ['x'], output: [rows], constants: { columns } } }),
    // Its sum is always along one axis.
    ...(axis !== undefined && {
      jsPytorch:
        ({ x }) =>
        () => [x.sum(axis)],
    }),
    torch: `return lambda: [x.sum(${axis ?? ''})]`,
  });
}

export const reductions: readonly Case[] = [sum('all', undefined), sum('rows', 1), sum('columns', 0)];
