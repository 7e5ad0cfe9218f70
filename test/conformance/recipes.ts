// Random graphs: each number picks an operation, and the tensors it takes from those made so far.
import {
  arange,
  concat,
  conv2d,
  evaluateSync,
  isFloat,
  tensor,
  Variable,
  vjp,
  zeros,
  type DType,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import fc from 'fast-check';
import { sizeOf } from '@thetagrad/core/backend';
import { integerValues, uniformValues } from '../support/values.ts';

export interface Recipe {
  readonly steps: readonly (readonly [operation: number, first: number, second: number])[];
  readonly wanted: readonly number[];
  readonly seed: number;
}

export function recipes(longest = 20): fc.Arbitrary<Recipe> {
  return fc.record({
    steps: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: longest }),
    wanted: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    seed: fc.integer(),
  });
}

type Operation = (x: Tensor, y: Tensor) => Tensor;

/** As many of the elements as there are in this shape, again from the first where they do not suffice. */
function filling(x: Tensor, shape: readonly number[]): Tensor {
  if (x.size === 0) return zeros(shape, { dtype: x.dtype });
  return x
    .flatten()
    .take(arange(sizeOf(shape)).mod(x.size))
    .reshape(shape);
}

/** y in a shape that broadcasts with x. */
function fitting(y: Tensor, x: Tensor): Tensor {
  if (y.size === x.size) return y.reshape(x.shape);
  return x.ndim > 0 ? filling(y, [x.shape.at(-1)!]) : y.sum();
}

const flat = (x: Tensor): Tensor => x.flatten().slice([[0, 60]]);
const matrix = (x: Tensor): Tensor =>
  x.size % 3 === 0 ? x.reshape([x.size / 3, 3]).slice([[0, 20]]) : flat(x).expandDims(1);
const product = (x: Tensor, y: Tensor): Tensor => {
  const left = matrix(x);
  return left.matmul(filling(y, [left.shape[1]!, 5]));
};
const convolution = (x: Tensor, y: Tensor): Tensor =>
  conv2d(filling(x, [2, 2, 5, 4]), filling(y, [4, 1, 3, 2]), { padding: 1, stride: [1, 2], groups: 2 });

const movements: readonly Operation[] = [
  (x) => x.flatten().flip(),
  (x) => matrix(x).transpose(),
  (x) => flat(x).slice([[1, null, 2]]),
  (x) => flat(x).pad([[1, 2]], 1),
  (x) => filling(x, [3, 7]).unfold(1, 3, 2).sum(-1),
  (x, y) => concat([flat(x), flat(y)]).slice([[0, 50]]),
  (x) => filling(x, [4, 1, 6]).broadcastTo([4, 2, 6]).permute([2, 0, 1]),
  (x, y) => filling(x, [6, 2]).scatterAdd(arange(4).add(1).expandDims(1), filling(y, [4, 2])),
];

/** The operations, with a scalar as a vector of one element. */
function alsoOfScalars(operations: readonly Operation[]): Operation[] {
  return operations.map((f) => (x, y) => f(x.ndim === 0 ? x.reshape([1]) : x, y));
}

/** Bounded, so that all sums and products of them are exact in every dtype. */
const bounded = (x: Tensor): Tensor => x.clip(-8, 8);

const exactOnes = alsoOfScalars([
  ...movements,
  (x) => x.neg(),
  (x) => x.abs(),
  (x) => x.relu(),
  (x) => x.sign(),
  (x) => x.mod(5),
  (x) => x.astype('float32').mul(0.5).floor(),
  (x) => x.astype('float64').div(4).round(),
  (x) => x.astype('int32'),
  (x) => x.astype('bool'),
  (x) => x.astype('float32'),
  (x) => x.astype('float64'),
  (x, y) => x.add(fitting(y, x)),
  (x, y) => bounded(x.mul(fitting(y, x))),
  (x, y) => bounded(x.sub(fitting(y, x)).square()),
  (x, y) => x.maximum(fitting(y, x)),
  (x, y) => x.less(fitting(y, x)),
  (x, y) => x.greater(0).where(fitting(y, x), x),
  (x, y) => x.equal(fitting(y, x)).logicalOr(x.notEqual(1)),
  (x) => bounded(x.sum(0, { keepdims: true })),
  (x) => bounded(x.sum()),
  (x, y) => bounded(x.sub(fitting(y, x)).abs().sum(-1)),
  (x) => filling(x, [5, 3, 4]).max([0, 2]),
  (x) => filling(x, [9, 4]).min(0, { keepdims: true }),
  (x) => filling(x, [7, 3]).argmax(1),
  (x) => flat(x).sort(),
  (x) => filling(x, [2, 6]).topk(3).values,
  (x) => filling(x, [1, 2, 6, 5]).maxPool2d({ kernelSize: 2, padding: 1 }),
  (x, y) => bounded(product(x, y)),
  (x, y) =>
    product(x, y)
      .add(filling(y, [5]))
      .relu()
      .minimum(8),
  (x, y) => bounded(convolution(x, y)),
  (x, y) =>
    convolution(x, y)
      .add(filling(x, [4, 1, 1]))
      .relu()
      .minimum(8),
]);

/** Those with gradients that are integers. */
const differentiable: readonly Operation[] = [
  ...movements,
  product,
  convolution,
  (x, y) => x.mul(fitting(y, x)),
  (x) => x.relu().sum(),
  (x, y) => x.square().sub(fitting(y, x)),
];

/** The gradient of an operation, with the second tensor as what is pulled back. */
function gradientOf(f: Operation, convert: (x: Tensor) => Tensor): Operation {
  return (first, second) => {
    const [x, y] = [convert(first), convert(second)];
    const { value, pullback } = vjp((a: Tensor, b: Tensor) => f(a, b), x, y);
    return pullback(filling(y, value.shape).astype(value.dtype))[second.size % 2]!;
  };
}

const toFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : x.astype('float32'));
const exactGradients = alsoOfScalars(differentiable).map((f) => gradientOf(f, toFloat));
const exactOperations = [
  ...exactOnes,
  ...exactGradients.map(
    (f): Operation =>
      (x, y) =>
        bounded(f(x, y)),
  ),
];

/** Of several dtypes: results are exact, whatever the order of sums. Variables change while it runs. */
export class ExactProgram {
  readonly #recipe: Recipe;
  readonly #variables: readonly Variable[];

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.#variables = (['float32', 'float64', 'int32', 'float32'] as const).map(
      (dtype, i) => new Variable(integerValues(dtype, recipe.seed + i)([[2, 3], [4], [6], [3, 2]][i]!)),
    );
  }

  /** Everything that one step computes, to be evaluated. */
  build(): { readonly results: Tensor[]; readonly variables: readonly Variable[] } {
    const { steps, wanted, seed } = this.#recipe;
    const made = [
      integerValues('float32', seed)([3]),
      integerValues('bool', seed)([2, 3]),
      integerValues('int32', seed)([]),
    ];
    const given = made.length + this.#variables.length;
    // Variables come after the constants, always with what they hold by now.
    const pick = (n: number): Tensor => {
      const at = n % (made.length + this.#variables.length);
      if (at < 3) return made[at]!;
      return at < given ? this.#variables[at - 3]!.value : made[at - this.#variables.length]!;
    };
    for (const [number, first, second] of steps) {
      // Now and then a variable is assigned to, and something is made of what it held before.
      const operation = number % (exactOperations.length + 6);
      if (operation >= exactOperations.length) {
        const variable = this.#variables[first % this.#variables.length]!;
        const before = variable.value;
        const value = operation % 3 === 0 ? before.flip().add(before) : before.sub(filling(pick(second), before.shape));
        variable.assign(
          bounded(operation % 3 === 1 ? filling(pick(second), before.shape) : value).astype(variable.dtype),
        );
        made.push(before);
      } else {
        made.push(exactOperations[operation]!(pick(first), pick(second)));
      }
    }
    // Zeros have no sign: sums may differ in it.
    return { results: [...wanted.map(pick), made.at(-1)!].map((x) => x.add(0)), variables: this.#variables };
  }

  /** Runs so many steps. */
  run(count: number): TypedArray[] {
    return Array.from({ length: count }, () => {
      const { results, variables } = this.build();
      evaluateSync(results, variables);
      return [...results, ...variables.map(({ value }) => value.add(0))].map((x) => x.dataSync());
    }).flat();
  }
}

const smoothOnes = alsoOfScalars([
  ...movements.map(
    (f): Operation =>
      (x, y) =>
        f(x, y).tanh(),
  ),
  (x) => x.sin(),
  (x) => x.cos(),
  (x) => x.tanh(),
  (x) => x.sigmoid(),
  (x) => x.erf(),
  (x) => x.square().neg().exp(),
  (x) => x.square().add(1).sqrt().sub(1),
  (x) => x.square().log1p(),
  (x) => x.softplus(),
  (x, y) => x.mul(fitting(y, x)).sin(),
  (x, y) => x.sub(fitting(y, x)).tanh(),
  (x, y) => x.div(fitting(y, x).square().add(1)),
  (x) => x.mean(0, { keepdims: true }),
  (x) => x.mean(),
  (x) => x.softmax(),
  (x) => x.logsumexp(-1, { keepdims: true }).tanh(),
  (x) =>
    filling(x, [9, 4])
      .sub(filling(x, [9, 4]).mean(0))
      .square()
      .mean(0),
  (x, y) => product(x, y).mul(0.5),
  (x, y) =>
    product(x, y)
      .add(filling(y, [5]))
      .tanh(),
  (x, y) => convolution(x, y).mul(0.5),
  (x, y) =>
    convolution(x, y)
      .add(filling(x, [4, 1, 1]))
      .sigmoid(),
]);

const smoothGradients = smoothOnes.map((f) => gradientOf(f, (x) => x));
const smoothOperations = [
  ...smoothOnes,
  ...smoothGradients.map(
    (f): Operation =>
      (x, y) =>
        f(x, y).sin(),
  ),
];

/** Of one dtype, and differentiable everywhere: errors stay in proportion. */
export function buildSmooth({ steps, wanted, seed }: Recipe, dtype: DType): Tensor[] {
  const leaf = (i: number, shape: readonly number[]): Tensor => uniformValues('float32', seed + i)(shape).astype(dtype);
  const made = [leaf(0, [3]), leaf(1, [4, 6]), leaf(2, []), tensor([0.5, -0.25, 1.5], { dtype })];
  const pick = (n: number): Tensor => made[n % made.length]!;
  for (const [number, first, second] of steps) {
    made.push(smoothOperations[number % smoothOperations.length]!(pick(first), pick(second)));
  }
  return [...wanted.map(pick), made.at(-1)!];
}
