// Transformations of functions: gradients of every example, Jacobians, Hessian-vector products, recurrences, recomputation.
import { conv2d, grad, random, stack, type Tensor, valueAndGrad, zeros } from '@thetagrad/core';
import { checkpoint, hvp, jacobian, scan, vmap } from '@thetagrad/func';
import { crossEntropy } from '@thetagrad/nn';
import type { numpy } from '@jax-js/jax';
import { type Case, define } from '../case.ts';

const key = random.key(12);
const normal = (number: number, shape: readonly number[], std = 1): Tensor =>
  random.normal(key.foldIn(number), shape, { std });
type JaxArray = numpy.Array;

interface Weights<T> {
  readonly w1: T;
  readonly w2: T;
  readonly w3: T;
}

const classes = 10;
const convolution = { stride: 2, padding: 1 };
const strides = [2, 2];
const paddings = [
  [1, 1],
  [1, 1],
] as [number, number][];

/** Two convolutions and a linear layer, for one image [1, 16, 16]. */
const perExample: Case = define({
  name: 'gradients of 64 examples of a convolutional network, 16×16',
  inputs: () => ({
    x: normal(1, [64, 1, 16, 16]),
    labels: random.integers(key.foldIn(2), [64], { high: classes }),
    w1: normal(3, [8, 1, 3, 3], 0.3),
    w2: normal(4, [16, 8, 3, 3], 0.1),
    w3: normal(5, [16 * 16, classes], 0.1),
  }),
  ours({ x, labels, ...weights }) {
    const loss = ({ w1, w2, w3 }: Weights<Tensor>, x: Tensor, label: Tensor): Tensor => {
      const hidden = conv2d(x.expandDims(0), w1, convolution).relu();
      const features = conv2d(hidden, w2, convolution).relu().flatten(1);
      return crossEntropy(features.matmul(w3), label.expandDims(0));
    };
    return () => {
      const { w1, w2, w3 } = vmap(grad(loss), { inAxes: [null, 0, 0] })(weights, x, labels);
      return [w1, w2, w3];
    };
  },
  jax({ x, labels, w1, w2, w3 }, { lax, nn, numpy, grad, vmap }) {
    const loss = (w1: JaxArray, w2: JaxArray, w3: JaxArray, x: JaxArray, target: JaxArray): JaxArray => {
      const hidden = nn.relu(lax.conv(numpy.expandDims(x, 0), w1, strides, paddings));
      const features = nn.relu(lax.conv(hidden, w2, strides, paddings)).reshape([1, 16 * 16]);
      return numpy.sum(nn.logSoftmax(numpy.matmul(features, w3), -1).mul(numpy.expandDims(target, 0))).mul(-1);
    };
    const ofOne = grad(loss, { argnums: [0, 1, 2] });
    const grads = vmap(ofOne, [null, null, null, 0, 0])(w1, w2, w3, x, nn.oneHot(labels, classes));
    return grads as JaxArray[];
  },
  torch: `
from functorch import grad, vmap
def loss(weights, x, label):
    w1, w2, w3 = weights
    hidden = F.relu(F.conv2d(x[None], w1, stride=2, padding=1))
    features = F.relu(F.conv2d(hidden, w2, stride=2, padding=1)).flatten(1)
    return F.cross_entropy(features @ w3, label[None])
of_all = vmap(grad(loss), in_dims=(None, 0, 0))
targets = labels.long()
return lambda: list(of_all((w1, w2, w3), x, targets))`,
});

const jacobianOfNetwork: Case = define({
  name: 'Jacobian of a network 128 → 256 → 128',
  inputs: () => ({ x: normal(1, [128]), w1: normal(2, [128, 256], 0.1), w2: normal(3, [256, 128], 0.1) }),
  ours:
    ({ x, w1, w2 }) =>
    () => [jacobian((x: Tensor) => x.matmul(w1).tanh().matmul(w2))(x)],
  jax({ x, w1, w2 }, { numpy, jacrev }) {
    const f = (x: JaxArray): JaxArray => numpy.matmul(numpy.tanh(numpy.matmul(x, w1)), w2);
    return [jacrev(f)(x)];
  },
  torch: `
from functorch import jacrev
jacobian = jacrev(lambda x: torch.tanh(x @ w1) @ w2)
return lambda: [jacobian(x)]`,
});

const hessianVector: Case = define({
  name: 'Hessian-vector product of a network 128 → 256 → 10, batch 256',
  inputs: () => ({
    x: normal(1, [256, 128]),
    y: normal(2, [256, 10]),
    w1: normal(3, [128, 256], 0.1),
    w2: normal(4, [256, 10], 0.1),
    v1: normal(5, [128, 256]),
    v2: normal(6, [256, 10]),
  }),
  ours({ x, y, w1, w2, v1, v2 }) {
    const loss = (w: { readonly w1: Tensor; readonly w2: Tensor }): Tensor =>
      x.matmul(w.w1).tanh().matmul(w.w2).sub(y).square().mean();
    return () => Object.values(hvp(loss, { w1, w2 }, { w1: v1, w2: v2 }));
  },
  jax({ x, y, w1, w2, v1, v2 }, { numpy, grad, jvp }) {
    const loss = (w1: JaxArray, w2: JaxArray): JaxArray =>
      numpy.mean(numpy.square(numpy.matmul(numpy.tanh(numpy.matmul(x.ref, w1)), w2).sub(y.ref)));
    const gradient = grad(loss, { argnums: [0, 1] });
    const [grads, products] = jvp((w1: JaxArray, w2: JaxArray) => gradient(w1, w2) as JaxArray[], [w1, w2], [v1, v2]);
    for (const each of [...grads, x, y]) each.dispose();
    return products;
  },
  torch: `
from functorch import grad, jvp
gradient = grad(lambda w: (torch.tanh(x @ w[0]) @ w[1] - y).square().mean())
return lambda: list(jvp(gradient, ((w1, w2),), ((v1, v2),))[1])`,
});

const [length, batch, inputs, units] = [1000, 8, 32, 64];

const recurrence: Case = define({
  name: `LSTM of ${length} steps, batch ${batch}, ${inputs} → ${units}, with gradients`,
  inputs: () => ({
    x: normal(1, [length, batch, inputs]),
    w: normal(2, [4 * units, inputs], 0.1),
    u: normal(3, [4 * units, units], 0.1),
    b: normal(4, [4 * units], 0.1),
  }),
  ours({ x, ...weights }) {
    const loss = ({ w, u, b }: { readonly w: Tensor; readonly u: Tensor; readonly b: Tensor }): Tensor => {
      const [, outputs] = scan(
        ([h, c]: readonly [Tensor, Tensor], row: Tensor) => {
          const gates = row.add(h.matmul(u.transpose())).split(4, 1) as [Tensor, Tensor, Tensor, Tensor];
          const [input, forget, candidate, output] = gates;
          const cell = forget.sigmoid().mul(c).add(input.sigmoid().mul(candidate.tanh()));
          const next = output.sigmoid().mul(cell.tanh());
          return [[next, cell] as const, next];
        },
        [zeros([batch, units]), zeros([batch, units])] as const,
        x.matmul(w.transpose()).add(b),
      );
      return outputs.square().mean();
    };
    return () => {
      const { value, grads } = valueAndGrad(loss)(weights);
      return [value, grads.w, grads.u, grads.b];
    };
  },
  torch: `
lstm = torch.nn.LSTM(${inputs}, ${units})
with torch.no_grad():
    for own, value in zip(lstm.parameters(), (w, u, b, torch.zeros_like(b))):
        own.copy_(value)
parameters = list(lstm.parameters())[:3]
def run():
    loss = lstm(x)[0].square().mean()
    return [loss, *torch.autograd.grad(loss, parameters)]
return run`,
});

const [layers, width] = [8, 256];

const recomputation: Case = define({
  name: `${layers} layers of ${width}, batch ${width}, recomputed in the backward pass`,
  inputs: () => ({ x: normal(1, [width, width]), w: normal(2, [layers, width, width], width ** -0.5) }),
  ours({ x, w }) {
    const layer = checkpoint((x: Tensor, w: Tensor) => x.matmul(w).tanh());
    const loss = (weights: readonly Tensor[]): Tensor => weights.reduce(layer, x).square().mean();
    return () => {
      const { value, grads } = valueAndGrad(loss)(w.split(layers).map((each) => each.squeeze(0)));
      return [value, stack(grads)];
    };
  },
  torch: `
from torch.utils.checkpoint import checkpoint
layer = lambda x, w: torch.tanh(x @ w)
w.requires_grad_()
def run():
    h = x
    for each in w:
        h = checkpoint(layer, h, each, use_reentrant=False)
    loss = h.square().mean()
    return [loss, *torch.autograd.grad(loss, [w])]
return run`,
});

export const transformations: readonly Case[] = [
  perExample,
  jacobianOfNetwork,
  hessianVector,
  recurrence,
  recomputation,
];
