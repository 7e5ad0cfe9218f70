import { random } from '@thetagrad/core';
import { type Case, define } from '../case.ts';

const key = random.key(5);
const [rows, columns] = [2048, 2048];

const rowSum = `function (x) {
  let sum = 0;
  for (let i = 0; i < this.constants.columns; i++) sum += x[this.thread.x][i];
  return sum;
}`;

function createSum(what: string, axis: number | undefined): Case {
  return define<'x'>({
    name: `sum of ${what}, ${rows}×${columns}`,
    // Not centered at 0, where the sum would be mostly rounding errors.
    inputs: () => ({ x: random.uniform(key, [rows, columns]) }),
    ours:
      ({ x }) =>
      () => [x.sum(axis)],
    tfjs:
      ({ x }, tf) =>
      () => [tf.sum(x, axis)],
    jax: ({ x }, { numpy }) => [numpy.sum(x, axis ?? null)],
    ...(axis === 1 && { gpu: { source: rowSum, arguments: ['x'], output: [rows], constants: { columns } } }),
    // js-pytorch sums only along one axis.
    ...(axis !== undefined && {
      jsPytorch:
        ({ x }) =>
        () => [x.sum(axis)],
    }),
    torch: `return lambda: [x.sum(${axis ?? ''})]`,
  });
}

export const reductions: readonly Case[] = [createSum('all', undefined), createSum('rows', 1), createSum('columns', 0)];
