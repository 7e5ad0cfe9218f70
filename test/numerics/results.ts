// Results and gradients that are in range though an intermediate of the plain formula is not, or meets ∞ − ∞ or ∞ · 0.
import { full, logSoftmax, logsumexp, random, softmax, stack, tensor, type Tensor } from '@thetagrad/core';
import {
  BatchNorm2d,
  binaryCrossEntropyWithLogits,
  clipGradNorm,
  crossEntropy,
  GELU,
  LeakyReLU,
  type Module,
  PReLU,
  SiLU,
} from '@thetagrad/nn';
import { polarRows } from '../../packages/a-softmax/src/polar.ts';
import type { Row } from './row.ts';

const unit = [3 / 5, 4 / 5];
const apply =
  (create: () => Module) =>
  (x: Tensor): Tensor =>
    create().forward(x);
/** The cross entropy of each logit with a target. */
const bce =
  (target: number) =>
  (logits: Tensor): Tensor =>
    binaryCrossEntropyWithLogits(logits, full(logits.shape, target, { dtype: logits.dtype }), { reduction: 'none' });
const clipped = (x: Tensor): Tensor => {
  const [first, second] = x.split(2);
  const { grads } = clipGradNorm({ first: first!, second: second! }, 1);
  return stack(Object.values(grads)).flatten();
};
const mask = tensor([true, true, false, false, false, false], { shape: [2, 3], dtype: 'bool' });
const masked =
  (f: (x: Tensor, axis: number, options: { where: Tensor }) => Tensor) =>
  (x: Tensor): Tensor =>
    f(x.reshape([2, 3]), -1, { where: mask });
const images = (x: Tensor): Tensor => x.reshape([x.size, 1, 1, 1]);

const norms: readonly Row[] = [
  { name: 'norm', f: (x) => x.norm(), x: [3e20, 4e20], value: [5e20], gradient: unit },
  { name: 'norm', f: (x) => x.norm(), x: [3, 4], value: [5], gradient: unit },
  { name: 'norm', f: (x) => x.norm(), x: [1e-25], value: [1e-25], gradient: [1] },
  { name: 'norm', f: (x) => x.norm(), x: [3e-30, -4e-30], value: [5e-30], gradient: [0.6, -0.8] },
  { name: 'norm', f: (x) => x.norm(), x: [3e200, 4e200], value: [5e200], gradient: unit, dtypes: ['float64'] },
  { name: 'norm', f: (x) => x.norm(), x: [3e-200, 4e-200], value: [5e-200], gradient: unit, dtypes: ['float64'] },
  { name: 'norm', f: (x) => x.norm(), x: [0, 0], value: [0], gradient: [0, 0] },
  { name: 'norm', f: (x) => x.norm(), x: [Infinity, 1], value: [Infinity], gradient: [0, 0] },
  {
    name: 'norm of rows of several sizes',
    f: (x) => x.reshape([3, 2]).norm(1),
    x: [3e20, 4e20, 3e-25, 4e-25, 0, 0],
    value: [5e20, 5e-25, 0],
    gradient: [...unit, ...unit, 0, 0],
  },
  { name: 'polar length', f: (x) => polarRows(x.expandDims(0)).length, x: [3e20, 4e20], value: [5e20], gradient: unit },
  { name: 'polar length', f: (x) => polarRows(x.expandDims(0)).length, x: [0, 0], value: [0], gradient: [0, 0] },
  { name: 'clipped gradients', f: clipped, x: [3e20, 4e20], value: unit },
  { name: 'clipped gradients', f: clipped, x: [0.03, 0.04], value: [0.03, 0.04], gradient: [1, 1] },
];

const moments: readonly Row[] = [
  { name: 'std', f: (x) => x.std(), x: [1e20, -1e20], value: [1e20], gradient: [0.5, -0.5] },
  { name: 'std', f: (x) => x.std(), x: [1e-30, -1e-30], value: [1e-30], gradient: [0.5, -0.5] },
  { name: 'std', f: (x) => x.std(), x: [2, 2, 2], value: [0], gradient: [0, 0, 0] },
  {
    name: 'std',
    f: (x) => x.std(0, { correction: 1 }),
    x: [1, 3],
    value: [Math.SQRT2],
    gradient: [-Math.SQRT1_2, Math.SQRT1_2],
  },
  {
    name: 'std',
    f: (x) => x.std(),
    x: [3e38, -3e38, -3e38, -3e38],
    value: [1.5 * Math.sqrt(3) * 1e38],
    gradient: [3, -1, -1, -1].map((part) => part / (4 * Math.sqrt(3))),
    dtypes: ['float32'],
  },
  {
    name: 'variance',
    f: (x) => x.variance(),
    x: [1e19, -1e19, 1e19, -1e19],
    value: [1e38],
    gradient: [5e18, -5e18, 5e18, -5e18],
  },
  { name: 'mean', f: (x) => x.mean(), x: [3e38, 3e38], value: [3e38], gradient: [0.5, 0.5] },
  { name: 'mean', f: (x) => x.mean(), x: [3e38, -Infinity], value: [-Infinity], gradient: [0.5, 0.5] },
  {
    name: 'mean',
    f: (x) => x.mean(),
    x: [1e308, 1.5e308],
    value: [1.25e308],
    gradient: [0.5, 0.5],
    dtypes: ['float64'],
  },
  { name: 'mean', f: (x) => x.mean(), x: [1e-37, 3e-37], value: [2e-37], gradient: [0.5, 0.5] },
  {
    name: 'batch norm',
    f: (x) => new BatchNorm2d(1, { dtype: x.dtype as 'float32' }).forward(images(x)),
    x: [1e20, -1e20],
    value: [1, -1],
    gradient: [0, 0],
  },
];

const wide = { low: -3e38, high: 3e38 };
const others: readonly Row[] = [
  {
    name: 'batch norm without eps',
    f: (x) => new BatchNorm2d(1, { dtype: x.dtype, eps: 0 }).forward(images(x)),
    x: [1e-25, -1e-25],
    value: [1, -1],
  },
  {
    name: 'uniform numbers of the whole range',
    f: (x) => random.uniform(random.key(1), [2], wide).isfinite().astype(x.dtype),
    x: [0],
    value: [1, 1],
  },
];

const exponentials: readonly Row[] = [
  { name: 'logsumexp', f: (x) => x.logsumexp(), x: [-Infinity], value: [-Infinity], gradient: [0] },
  { name: 'logsumexp', f: (x) => x.logsumexp(), x: [-Infinity, 1], value: [1], gradient: [0, 1] },
  { name: 'logsumexp', f: (x) => x.logsumexp(), x: [1000, 1000], value: [1000 + Math.LN2], gradient: [0.5, 0.5] },
  {
    name: 'softmax',
    f: (x) => x.softmax().slice([[1, 2]]),
    x: [-Infinity, 0, 0],
    value: [0.5],
    gradient: [0, 0.25, -0.25],
  },
  {
    name: 'logSoftmax',
    f: (x) => x.logSoftmax().slice([[1, 2]]),
    x: [-Infinity, 0, 0],
    value: [-Math.LN2],
    gradient: [0, 0.5, -0.5],
  },
  {
    name: 'crossEntropy',
    f: (x) => crossEntropy(x.reshape([2, 2]), tensor([1, 0], { dtype: 'int32' }), { ignoreIndex: 0, reduction: 'sum' }),
    x: [-Infinity, 1, -Infinity, -Infinity],
    value: [0],
    gradient: [0, 0, 0, 0],
  },
  {
    name: 'masked softmax',
    f: (x) => masked(softmax)(x).slice([null, 0]),
    x: [0, 0, NaN, 1, Infinity, 3],
    value: [0.5, 0],
    gradient: [0.25, -0.25, 0, 0, 0, 0],
  },
  {
    name: 'masked logSoftmax',
    f: (x) => masked(logSoftmax)(x).slice([0, 0]),
    x: [0, 0, NaN, 1, Infinity, 3],
    value: [-Math.LN2],
    gradient: [0.5, -0.5, 0, 0, 0, 0],
  },
  {
    name: 'masked logsumexp',
    f: (x) => masked(logsumexp)(x),
    x: [0, 0, NaN, 1, Infinity, 3],
    value: [Math.LN2, -Infinity],
    gradient: [0.5, 0.5, 0, 0, 0, 0],
  },
];

const [low, high] = [-Infinity, Infinity];
const activations: readonly Row[] = [
  {
    name: 'GELU',
    f: apply(() => new GELU()),
    x: [low, high, 1e20, -1e20],
    value: [0, high, 1e20, 0],
    gradient: [0, 1, 1, 0],
  },
  {
    name: 'GELU by tanh',
    f: apply(() => new GELU({ approximate: 'tanh' })),
    x: [low, high, 1e20, -1e20],
    value: [0, high, 1e20, 0],
    gradient: [0, 1, 1, 0],
  },
  {
    name: 'LeakyReLU(0)',
    f: apply(() => new LeakyReLU(0)),
    x: [low, high, -1],
    value: [0, high, 0],
    gradient: [0, 1, 0],
  },
  {
    name: 'PReLU',
    f: (x) => new PReLU(1, { init: 0, dtype: x.dtype }).forward(x),
    x: [low, high, -1],
    value: [0, high, 0],
    gradient: [0, 1, 0],
  },
  {
    name: 'SiLU',
    f: apply(() => new SiLU()),
    x: [low, high, 1e20, -1e20],
    value: [0, high, 1e20, 0],
    gradient: [0, 1, 1, 0],
  },
  {
    name: 'binary cross entropy with 0',
    f: bce(0),
    x: [low, high, 0, 80],
    value: [0, high, Math.LN2, 80],
    gradient: [0, 1, 0.5, 1],
  },
  {
    name: 'binary cross entropy with 1',
    f: bce(1),
    x: [low, high, 0, 80],
    value: [high, 0, Math.LN2, Math.exp(-80)],
    gradient: [-1, 0, -0.5, -Math.exp(-80)],
  },
];

export const results: readonly Row[] = [...norms, ...moments, ...others, ...exponentials, ...activations];
