import { arange, Tensor, type Key } from '@thetagrad/core';
import {
  alignRank,
  atomically,
  batchType,
  checkFunction,
  checkInteger,
  checkOptions,
  nextTensorId,
  normalizeAxis,
  topologicalOrder,
  type BatchRules,
  type MapTensors,
  type ReduceAttributes,
  unknownValue,
} from '@thetagrad/core/backend';
import { countExamples, moveAxis, nameArgument, placeExamples, resolveAxes, type Axes } from './axes.ts';
import { createExample, traceBody } from './example.ts';
import { foldInWords } from './tensorKey.ts';
import { flattenValues, type FlatValues } from './values.ts';

const randomnesses = ['same', 'different', 'error'] as const;
type Randomness = (typeof randomnesses)[number];

export interface VmapOptions {
  /** The axis of examples in the arguments; an array has an entry for each argument. Default: 0. */
  readonly inAxes?: Axes;
  /** The axis of examples in the result. Default: 0. */
  readonly outAxes?: Axes;
  /** The number of examples, where no argument has an axis of them. Default: that of the arguments. */
  readonly axisSize?: number;
  /**
   * What examples draw from a key that is not an argument, or that all share, such as that of a layer (PyTorch's `randomness`): the
   * 'same' numbers, as in JAX; 'different' ones, from a key for each example; or an 'error'. Default: 'same'.
   */
  readonly randomness?: Randomness;
}

/** What a mapped function is given for the arguments of one example: the same, but arrays of keys for keys. */
export type Batch<Example> = Example extends Key
  ? Key | readonly Key[]
  : Example extends Tensor | ((...parameters: never[]) => unknown)
    ? Example
    : Example extends object
      ? { [Member in keyof Example]: Batch<Example[Member]> }
      : Example;

/** What inner mappings of a batch do, such as those of the steps of a loop. */
let inherited: Randomness = 'same';

/**
 * Maps a function of one example over an axis of its arguments (JAX's `vmap`): the result stacks what f gives for each example,
 * but all are computed at once. A product of matrices stays one product, and a convolution one convolution. Composes with
 * `grad`, `vjp`, `jvp` and itself in any order. f gets and returns tensors or trees of tensors; what it does not compute from its
 * arguments is shared by all examples. An array of keys, such as `key.split(n)`, is an argument with an axis, of which each example
 * gets a key.
 * @throws {TypeError} if f is not a synchronous function from tensors to tensors, or an option is invalid.
 * @throws {RangeError} if arguments disagree on the number of examples, or lack the axis.
 * @throws {Error} if f assigns to a variable what differs between examples.
 * @example
 * vmap((x) => x.sum())(tensor([[1, 2], [3, 4]])); // tensor([3, 7])
 * vmap(grad((x) => x.square().sum()))(tensor([[1, 2], [3, 4]])); // tensor([[2, 4], [6, 8]])
 * vmap((key) => random.bernoulli(key, [], 1))(random.key(1).split(2)); // tensor([true, true], bool)
 */
export function vmap<Arguments extends readonly unknown[], Result>(
  f: (...examples: Arguments) => Result,
  options: VmapOptions = {},
): (...batches: Batch<Arguments>) => Result {
  checkFunction('vmap', f);
  checkOptions('vmap', options, ['inAxes', 'outAxes', 'axisSize', 'randomness']);
  const { inAxes = 0, outAxes = 0, axisSize, randomness = inherited } = options;
  if (axisSize !== undefined) checkInteger('vmap', 'axisSize', axisSize, { min: 0 });
  if (!randomnesses.includes(randomness)) {
    throw unknownValue('vmap', 'randomness', randomness, randomnesses.join(', '));
  }
  return (...batches) =>
    atomically(() => {
      const start = nextTensorId();
      const flat = flattenValues('vmap', batches, 1);
      const axes = resolveAxes('inAxes', inAxes, flat).map((axis, i) => normalizeInAxis(axis, flat, i));
      const size = countExamples(flat, axes, axisSize);
      const bindings: Binding[] = [];
      const examples = flat.leaves.map((leaf, i) => {
        const axis = axes[i]!;
        if (axis === null) return leaf;
        const batch = moveAxis(leaf, axis, 0);
        const example = createExample(batch);
        bindings.push([example, batch]);
        return example;
      });
      const mapping = { size, start, randomness };
      const call = (): Result => f(...(flat.rebuild(examples) as unknown as Arguments));
      const result = traceBody('vmap', call, (value) => batchTensors([value], bindings, mapping)(value) !== undefined);
      const outputs = flattenValues('vmap: the result', result);
      const placed = resolveAxes('outAxes', outAxes, outputs);
      const computed = batchTensors(outputs.leaves, bindings, mapping);
      return outputs.rebuild(
        outputs.leaves.map((output, i) => {
          const axis = placed[i]!;
          const batch = computed(output);
          if (axis !== null) {
            const all = batch ?? output.broadcastTo([size, ...output.shape]);
            return placeExamples(all, axis, outputs.ranks[i]! + 1);
          }
          if (!batch) return output;
          throw new RangeError('vmap: outAxes is null for a result that differs between examples; give it an axis');
        }),
      ) as Result;
    });
}

function normalizeInAxis(axis: number | null, { leaves, paths, ranks }: FlatValues, i: number): number | null {
  if (axis === null) return null;
  const rank = ranks[i]!;
  const name = nameArgument(paths[i]!);
  if (rank > 0) return normalizeAxis(`vmap: ${name}`, axis, rank);
  const [what, fix] =
    leaves[i]!.ndim > rank ? ['key', ' pass an array of keys such as key.split(n), or'] : ['scalar', ''];
  throw new RangeError(`vmap: ${name} is a ${what} and has no axis of examples;${fix} share it by null in inAxes`);
}

type Binding = readonly [example: Tensor, batch: Tensor];

/** The number of examples, the id of the first tensor of the mapped function, and what it draws from shared keys. */
interface Mapping {
  readonly size: number;
  readonly start: number;
  readonly randomness: Randomness;
}

/**
 * Computes tensors of one example for all of them. The result tells the batch of each, with the axis of examples first;
 * `undefined` of what does not depend on the example.
 */
function batchTensors(
  tensors: readonly Tensor[],
  bindings: readonly Binding[],
  mapping: Mapping,
): (tensor: Tensor) => Tensor | undefined {
  const { size, start, randomness } = mapping;
  const batchOf = new Map<Tensor, Tensor>(bindings);
  const nested: MapTensors = (inner, more) => {
    const found = batchTensors(inner, [...batchOf, ...more], mapping);
    return inner.map((tensor) => found(tensor) ?? tensor.broadcastTo([size, ...tensor.shape]));
  };
  // Inputs have smaller ids: what is older than every example depends on none.
  const oldest = bindings.reduce((least, [example]) => Math.min(least, example.id), start);
  const inputsOf = (tensor: Tensor): readonly Tensor[] =>
    batchOf.has(tensor) || tensor.id < oldest ? [] : tensor.inputs;
  const outer = inherited;
  inherited = randomness;
  try {
    for (const tensor of topologicalOrder(tensors, inputsOf)) {
      if (batchOf.has(tensor)) continue;
      if (tensor.inputs.some((input) => batchOf.has(input))) {
        batchOf.set(tensor, batchNode(tensor, batchOf, size, nested));
      } else if (randomness !== 'same' && tensor.primitive.name === 'randomBits' && tensor.id >= start) {
        batchOf.set(tensor, drawForEach(tensor, mapping, nested));
      }
    }
  } finally {
    inherited = outer;
  }
  return (tensor) => batchOf.get(tensor);
}

/** The random bits of all examples that share a key, from a key for each. */
function drawForEach(bits: Tensor, { size, randomness }: Mapping, nested: MapTensors): Tensor {
  if (randomness === 'error') {
    throw new Error(
      `vmap: examples draw random numbers from a key that they share; pass an array of keys, or set randomness to 'same' or 'different'`,
    );
  }
  const [key] = bits.inputs as readonly [Tensor];
  const keys = foldInWords(key, arange(size, { dtype: 'int32' }));
  return batchNode(bits, new Map([[key, keys]]), size, nested);
}

function batchNode(example: Tensor, batchOf: ReadonlyMap<Tensor, Tensor>, size: number, nested: MapTensors): Tensor {
  const { primitive, attributes, shape } = example;
  const inputs = example.inputs.map((input) => batchOf.get(input) ?? input);
  const isBatched = example.inputs.map((input) => batchOf.has(input));
  if (primitive.kind === 'elementwise') {
    const aligned = inputs.map((input, i) => (isBatched[i] ? alignRank(input, shape.length) : input));
    return new Tensor(primitive, aligned, batchType(example, size), attributes);
  }
  if (primitive.kind === 'reduce') {
    const { axes } = attributes as ReduceAttributes;
    return new Tensor(primitive, inputs, batchType(example, size), { axes: axes.map((axis) => axis + 1) });
  }
  // The primitive of a node implies the types of its inputs and attributes.
  const { batch } = primitive as BatchRules;
  return batch(inputs, isBatched, example as Parameters<typeof batch>[2], size, nested);
}
