import { random, type Tensor, vjp } from '@thetagrad/core';
import type { numpy } from '@jax-js/jax';
import type { Tensor as TensorFlowTensor } from '@tensorflow/tfjs-core';
import { type Case, define, assignToVariables } from '../case.ts';

const key = random.key(3);
const shape = [2048, 2048];

const chain = (x: Tensor): Tensor => x.square().add(x).tanh().mul(x);

const square = `function (x) {
  const element = x[this.thread.y][this.thread.x];
  return element * element + element;
}`;

/** Two exponentials, without other functions. */
export const exponentials: Case = define({
  name: 'exp(x)·exp(−x·x), 4M elements',
  inputs: () => ({ x: random.normal(key.foldIn(1), shape) }),
  ours:
    ({ x }) =>
    () => [x.exp().mul(x.mul(x).neg().exp())],
  tfjs:
    ({ x }, tf) =>
    () => [tf.mul(tf.exp(x), tf.exp(tf.neg(tf.mul(x, x))))],
  jax: ({ x }, { numpy }) => [numpy.exp(x.ref).mul(numpy.exp(x.ref.mul(x).neg()))],
  torch: 'return lambda: [torch.exp(x) * torch.exp(-x * x)]',
});

const cases: readonly Case[] = [
  define({
    name: 'x·x + x, 4M elements',
    inputs: () => ({ x: random.normal(key.foldIn(1), shape) }),
    ours:
      ({ x }) =>
      () => [x.mul(x).add(x)],
    tfjs:
      ({ x }, tf) =>
      () => [tf.add(tf.mul(x, x), x)],
    jax: ({ x }) => [x.ref.mul(x.ref).add(x)],
    jsPytorch:
      ({ x }, torch) =>
      () => [torch.mul(x, x).add(x)],
    gpu: { source: square, arguments: ['x'], output: shape.toReversed() },
    torch: 'return lambda: [x * x + x]',
  }),
  define({
    name: 'tanh(x·x + x)·x, 4M elements',
    inputs: () => ({ x: random.normal(key.foldIn(1), shape) }),
    ours:
      ({ x }) =>
      () => [chain(x)],
    tfjs:
      ({ x }, tf) =>
      () => [tf.mul(tf.tanh(tf.add(tf.mul(x, x), x)), x)],
    jax: ({ x }, { numpy }) => [numpy.tanh(x.ref.mul(x.ref).add(x.ref)).mul(x)],
    torch: 'return lambda: [torch.tanh(x * x + x) * x]',
  }),
  define({
    name: 'tanh(x·x + x)·x, 4M elements, with gradient',
    inputs: () => ({ x: random.normal(key.foldIn(1), shape), g: random.normal(key.foldIn(2), shape) }),
    ours:
      ({ x, g }) =>
      () => {
        const { value, pullback } = vjp(chain, x);
        return [value, ...pullback(g)];
      },
    tfjs({ x, g }, tf) {
      const f = (x: TensorFlowTensor): TensorFlowTensor => tf.mul(tf.tanh(tf.add(tf.mul(x, x), x)), x);
      return () => {
        const { value, grad } = tf.valueAndGrad(f)(x, g);
        return [value, grad];
      };
    },
    jax({ x, g }, { numpy, vjp }) {
      const f = (x: numpy.Array): numpy.Array => numpy.tanh(x.ref.mul(x.ref).add(x.ref)).mul(x);
      const [y, pullback] = vjp(f, [x]);
      return [y, ...pullback(g)];
    },
    torch: `
x.requires_grad_()
def run():
    y = torch.tanh(x * x + x) * x
    return [y, *torch.autograd.grad(y, x, g)]
return run`,
  }),
];

export const elementwise: readonly Case[] = cases.flatMap((benchmark) => [benchmark, assignToVariables(benchmark)]);
