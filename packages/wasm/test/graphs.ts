// Graphs of every kind of kernel, at the borders of vectors, pairs of vectors and groups of them.
import { arange, avgPool2d, logSoftmax, maxPool2d, random, softmax, vjp, type Tensor } from '@thetagrad/core';

const key = random.key(3);
const normal = (i: number, ...shape: number[]): Tensor => random.normal(key.foldIn(i), shape).mul(3);
/** Zeros of both signs, infinities, NaN, and numbers of all magnitudes between others. */
const varied = (i: number, ...shape: number[]): Tensor => {
  const x = normal(i, ...shape);
  const place = x.abs().mul(1e4).astype('int32').mod(40);
  return [0, -0, Infinity, -Infinity, NaN, 1e-40, -1e-40, 3e38, -1e30, 1e9, 1e-20].reduce<Tensor>(
    (values, special, at) => place.equal(at).where(special, values),
    x,
  );
};
const integers = (i: number, ...shape: number[]): Tensor =>
  normal(i, ...shape)
    .mul(1e3)
    .astype('int32');

/** The result and all gradients of f. */
function withGradients(f: (...xs: Tensor[]) => Tensor, ...xs: Tensor[]): Tensor[] {
  const { value, pullback } = vjp(f as (x: Tensor, ...rest: Tensor[]) => Tensor, xs[0]!, ...xs.slice(1));
  return [value, ...[pullback(normal(99, ...value.shape))].flat()] as Tensor[];
}

function layerNorm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const deviation = x.sub(x.mean(1, { keepdims: true }));
  const variance = deviation.square().mean(1, { keepdims: true });
  return deviation.div(variance.add(1e-5).sqrt()).mul(scale).add(shift);
}

const unary = [
  'exp',
  'log',
  'tanh',
  'sigmoid',
  'sin',
  'erf',
  'sqrt',
  'abs',
  'floor',
  'relu',
  'softplus',
  'expm1',
] as const;
const reductions = ['sum', 'prod', 'max', 'min', 'argmax', 'argmin'] as const;
const lengths = [1, 4, 7, 8, 9, 15, 16, 31, 32, 33, 63, 130, 513, 1030];

/** What each of them computes. */
export const graphs: Record<string, () => Tensor | readonly Tensor[]> = {
  'functions of float32': () => unary.map((name) => varied(1, 7, 61)[name]()),
  'functions of two operands': () => {
    const [x, y] = [varied(1, 9, 61), varied(2, 9, 61)];
    return [x.add(y), x.div(y), x.pow(y), x.maximum(y), x.minimum(y), x.mod(y), x.atan2(y), x.less(y).where(x, y)];
  },
  'pairs, gathers and selections': () => {
    const [x, planes, column] = [varied(1, 3, 33, 2), varied(2, 2, 3, 33).permute([1, 2, 0]), varied(3, 3, 33, 1)];
    const lines = varied(4, 5, 300);
    const indices = integers(5, 5, 70).mod(300);
    return [
      x.mul(planes).add(column.exp()),
      column.broadcastTo([3, 33, 2]).reshape([-1]),
      x.slice([null, null, 1]).pad([
        [0, 0],
        [1, 1],
      ]),
      lines.takeAlongAxis(indices),
      lines.topk(5).indices,
      lines.topk(40, 1, { largest: false }).indices,
    ];
  },
  'conditions and integers': () => {
    const [x, i] = [varied(1, 130), integers(2, 130)];
    const positive = x.greater(0);
    return [
      positive,
      positive.logicalAnd(i.less(9)),
      positive.where(i, i.mul(7)),
      i.astype('float32'),
      x.astype('int32'),
    ];
  },
  'operands of any access': () => {
    const [x, y] = [varied(1, 37, 41), varied(2, 41, 37)];
    return [
      x.add(y.transpose()),
      x.mul(
        x.slice([
          [0, 37],
          [5, 6],
        ]),
      ),
      x.flip(1).exp(),
      x.sub(
        y
          .slice([
            [0, 41],
            [0, 1],
          ])
          .reshape([41]),
      ),
    ];
  },
  ...Object.fromEntries(
    reductions.map((name) => [
      `${name} of rows and of columns`,
      () =>
        lengths.flatMap((length) => {
          const x = normal(length, 5, length);
          const terms = [x, x.mul(0.1).exp(), varied(length, 5, length)];
          return terms.flatMap((term) => [term[name](1), term[name](0), integers(length, 5, length)[name](1)]);
        }),
    ]),
  ),
  'long sums': () => [normal(1, 3, 5000), normal(2, 5000, 40)].flatMap((x) => [x.sum(0), x.sum(1), x.exp().mean()]),
  'sums of long rows': () => {
    const x = normal(1, 40, 1290);
    return [
      x.sum(0),
      x
        .sub(normal(2, 40, 1))
        .square()
        .mul(normal(3, 1290))
        .sum(0),
      varied(4, 70, 530).max(0),
      x.exp().sum(0),
    ];
  },
  'softmax of rows': () => [
    ...withGradients((x) => softmax(x, 1), normal(1, 33, 130)),
    ...withGradients((x) => logSoftmax(x, 1), normal(1, 33, 130)),
  ],
  'layer norm of rows': () => withGradients(layerNorm, normal(1, 65, 130), normal(2, 130), normal(3, 130)),
  pooling: () => [
    ...withGradients((x) => maxPool2d(x, { kernelSize: 2 }), normal(1, 2, 3, 21, 35)),
    ...withGradients((x) => avgPool2d(x, { kernelSize: 3, stride: 1 }), normal(1, 2, 3, 21, 35)),
  ],
  scans: () => [normal(1, 21, 70).cumsum(0), normal(1, 21, 70).cumsum(1), varied(1, 70).cummax()],
  'random numbers': () => [random.uniform(key, [1003]), random.normal(key, [1003]), random.bernoulli(key, [77], 0.3)],
  'products with epilogues': () =>
    withGradients((x, y) => x.matmul(y).exp().relu(), normal(1, 37, 65).mul(0.1), normal(2, 65, 50)),
  'a counted range': () => arange(101).mul(0.5).sin(),
};
