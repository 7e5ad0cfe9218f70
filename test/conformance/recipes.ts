// Random graphs: numbers choose each operation and its inputs among the tensors made so far.
import {
  arange,
  concat,
  conv2d,
  type DType,
  evaluateSync,
  isFloatingPoint,
  maxPool2d,
  tensor,
  type Tensor,
  type TypedArray,
  Variable,
  vjp,
  zeros,
} from '@thetagrad/core';
import fc from 'fast-check';
import { sizeOf } from '@thetagrad/core/backend';
import { integerValues, uniformValues } from '../support/values.ts';

export interface Recipe {
  readonly steps: readonly (readonly [operation: number, first: number, second: number])[];
  readonly wanted: readonly number[];
  readonly seed: number;
}

export function recipes(maxSteps = 20): fc.Arbitrary<Recipe> {
  return fc.record({
    steps: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: maxSteps }),
    wanted: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    seed: fc.integer(),
  });
}

type Operation = (x: Tensor, y: Tensor) => Tensor;

/** Fills a shape with the elements of x, repeated as needed. */
function fill(x: Tensor, shape: readonly number[]): Tensor {
  if (x.size === 0) return zeros(shape, { dtype: x.dtype });
  return x
    .flatten()
    .take(arange(sizeOf(shape)).mod(x.size))
    .reshape(shape);
}

/** Changes y to a shape that broadcasts with x. */
function fit(y: Tensor, x: Tensor): Tensor {
  if (y.size === x.size) return y.reshape(x.shape);
  return x.ndim > 0 ? fill(y, [x.shape.at(-1)!]) : y.sum();
}

/** A vector of at most 60 elements. */
const toVector = (x: Tensor): Tensor => x.flatten().slice([[0, 60]]);
/** A matrix of at most 20 × 3 elements. */
const toMatrix = (x: Tensor): Tensor =>
  x.size % 3 === 0 ? x.reshape([x.size / 3, 3]).slice([[0, 20]]) : toVector(x).expandDims(1);
const multiply = (x: Tensor, y: Tensor): Tensor => {
  const left = toMatrix(x);
  return left.matmul(fill(y, [left.shape[1]!, 5]));
};
const convolve = (x: Tensor, y: Tensor): Tensor =>
  conv2d(fill(x, [2, 2, 5, 4]), fill(y, [4, 1, 3, 2]), { padding: 1, stride: [1, 2], groups: 2 });

const movements: readonly Operation[] = [
  (x) => x.flatten().flip(),
  (x) => toMatrix(x).transpose(),
  (x) => toVector(x).slice([[1, null, 2]]),
  (x) => toVector(x).pad([[1, 2]], 1),
  (x) => fill(x, [3, 7]).unfold(1, 3, 2).sum(-1),
  (x, y) => concat([toVector(x), toVector(y)]).slice([[0, 50]]),
  (x) => fill(x, [4, 1, 6]).broadcastTo([4, 2, 6]).permute([2, 0, 1]),
  (x, y) => fill(x, [6, 2]).scatterAdd(arange(4).add(1).expandDims(1), fill(y, [4, 2]), 0),
];

/** Makes operations accept scalars, as vectors of one element. */
function acceptScalars(operations: readonly Operation[]): Operation[] {
  return operations.map((f) => (x, y) => f(x.ndim === 0 ? x.reshape([1]) : x, y));
}

/** Bounds the elements, so that all sums and products are exact in every dtype. */
const bound = (x: Tensor): Tensor => x.clip(-8, 8);

const exactForward = acceptScalars([
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
  (x, y) => x.add(fit(y, x)),
  (x, y) => bound(x.mul(fit(y, x))),
  (x, y) => bound(x.sub(fit(y, x)).square()),
  (x, y) => x.maximum(fit(y, x)),
  (x, y) => x.less(fit(y, x)),
  (x, y) => x.greater(0).where(fit(y, x), x),
  (x, y) => x.equal(fit(y, x)).logicalOr(x.notEqual(1)),
  (x) => bound(x.sum(0, { keepdims: true })),
  (x) => bound(x.sum()),
  (x, y) => bound(x.sub(fit(y, x)).abs().sum(-1)),
  (x) => fill(x, [5, 3, 4]).max([0, 2]),
  (x) => fill(x, [9, 4]).min(0, { keepdims: true }),
  (x) => fill(x, [7, 3]).argmax(1),
  (x) => toVector(x).sort(),
  (x) => fill(x, [2, 6]).topk(3).values,
  (x) => maxPool2d(fill(x, [1, 2, 6, 5]), { kernelSize: 2, padding: 1 }),
  (x, y) => bound(multiply(x, y)),
  (x, y) =>
    multiply(x, y)
      .add(fill(y, [5]))
      .relu()
      .minimum(8),
  (x, y) => bound(convolve(x, y)),
  (x, y) =>
    convolve(x, y)
      .add(fill(x, [4, 1, 1]))
      .relu()
      .minimum(8),
]);

/** Operations whose gradients are integers. */
const differentiable: readonly Operation[] = [
  ...movements,
  multiply,
  convolve,
  (x, y) => x.mul(fit(y, x)),
  (x) => x.relu().sum(),
  (x, y) => x.square().sub(fit(y, x)),
];

/** The gradient of an operation; the second tensor is also the cotangent. */
function gradientOf(f: Operation, convert: (x: Tensor) => Tensor): Operation {
  return (first, second) => {
    const [x, y] = [convert(first), convert(second)];
    const { value, pullback } = vjp((a: Tensor, b: Tensor) => f(a, b), x, y);
    return pullback(fill(y, value.shape).astype(value.dtype))[second.size % 2]!;
  };
}

const toFloat = (x: Tensor): Tensor => (isFloatingPoint(x.dtype) ? x : x.astype('float32'));
const exactGradients = acceptScalars(differentiable).map((f) => gradientOf(f, toFloat));
const exactOperations = [
  ...exactForward,
  ...exactGradients.map(
    (f): Operation =>
      (x, y) =>
        bound(f(x, y)),
  ),
];

/** A program in several dtypes with exact results, whatever the order of sums. It assigns to variables. */
export class ExactProgram {
  readonly #recipe: Recipe;
  readonly #variables: readonly Variable[];

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.#variables = (['float32', 'float64', 'int32', 'float32'] as const).map(
      (dtype, i) => new Variable(integerValues(dtype, recipe.seed + i)([[2, 3], [4], [6], [3, 2]][i]!)),
    );
  }

  /** Builds the graph of one step. */
  build(): { readonly results: Tensor[]; readonly variables: readonly Variable[] } {
    const { steps, wanted, seed } = this.#recipe;
    const made = [
      integerValues('float32', seed)([3]),
      integerValues('bool', seed)([2, 3]),
      integerValues('int32', seed)([]),
    ];
    const given = made.length + this.#variables.length;
    // Variables follow the constants, with their current values.
    const pick = (n: number): Tensor => {
      const at = n % (made.length + this.#variables.length);
      if (at < 3) return made[at]!;
      return at < given ? this.#variables[at - 3]!.value : made[at - this.#variables.length]!;
    };
    for (const [number, first, second] of steps) {
      // Some steps assign to a variable and use its previous value.
      const operation = number % (exactOperations.length + 6);
      if (operation >= exactOperations.length) {
        const variable = this.#variables[first % this.#variables.length]!;
        const before = variable.value;
        const value = operation % 3 === 0 ? before.flip().add(before) : before.sub(fill(pick(second), before.shape));
        variable.assign(bound(operation % 3 === 1 ? fill(pick(second), before.shape) : value).astype(variable.dtype));
        made.push(before);
      } else {
        made.push(exactOperations[operation]!(pick(first), pick(second)));
      }
    }
    // Adding 0 removes the sign of zeros, which depends on the order of sums.
    return { results: [...wanted.map(pick), made.at(-1)!].map((x) => x.add(0)), variables: this.#variables };
  }

  /** Runs `count` steps and returns all results and variables. */
  run(count: number): TypedArray[] {
    return Array.from({ length: count }, () => {
      const { results, variables } = this.build();
      evaluateSync(results, variables);
      return [...results, ...variables.map(({ value }) => value.add(0))].map((x) => x.dataSync());
    }).flat();
  }
}

const smoothForward = acceptScalars([
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
  (x, y) => x.mul(fit(y, x)).sin(),
  (x, y) => x.sub(fit(y, x)).tanh(),
  (x, y) => x.div(fit(y, x).square().add(1)),
  (x) => x.mean(0, { keepdims: true }),
  (x) => x.mean(),
  (x) => x.softmax(),
  (x) => x.logsumexp(-1, { keepdims: true }).tanh(),
  (x) =>
    fill(x, [9, 4])
      .sub(fill(x, [9, 4]).mean(0))
      .square()
      .mean(0),
  (x, y) => multiply(x, y).mul(0.5),
  (x, y) =>
    multiply(x, y)
      .add(fill(y, [5]))
      .tanh(),
  (x, y) => convolve(x, y).mul(0.5),
  (x, y) =>
    convolve(x, y)
      .add(fill(x, [4, 1, 1]))
      .sigmoid(),
]);

const smoothGradients = smoothForward.map((f) => gradientOf(f, (x) => x));
const smoothOperations = [
  ...smoothForward,
  ...smoothGradients.map(
    (f): Operation =>
      (x, y) =>
        f(x, y).sin(),
  ),
];

/** Builds a graph of smooth functions in one dtype, whose errors stay bounded. */
export function buildSmooth({ steps, wanted, seed }: Recipe, dtype: DType): Tensor[] {
  const leaf = (i: number, shape: readonly number[]): Tensor => uniformValues('float32', seed + i)(shape).astype(dtype);
  const made = [leaf(0, [3]), leaf(1, [4, 6]), leaf(2, []), tensor([0.5, -0.25, 1.5], { dtype })];
  const pick = (n: number): Tensor => made[n % made.length]!;
  for (const [number, first, second] of steps) {
    made.push(smoothOperations[number % smoothOperations.length]!(pick(first), pick(second)));
  }
  return [...wanted.map(pick), made.at(-1)!];
}
