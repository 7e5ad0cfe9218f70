import { random } from '@thetagrad/core';
import { type Case, define } from '../case.ts';

const key = random.key(5);

function sum(what: string, axis: number | undefined): Case {
  return define<'x'>({
    name: `sum of ${what}, 2048×2048`,
    // Not around 0, where what is left of a sum is rounding.
    inputs: () => ({ x: random.uniform(key, [2048, 2048]) }),
    ours:
      ({ x }) =>
      () => [x.sum(axis)],
    tfjs:
      ({ x }, tf) =>
      () => [tf.sum(x, axis)],
    jax: ({ x }, { numpy }) => [numpy.sum(x, axis ?? null)],
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
