import { Tensor } from '@thetagrad/core';
import {
  alignRank,
  atomically,
  batchType,
  checkFunction,
  checkInteger,
  checkOptions,
  flattenTensors,
  normalizeAxis,
  topologicalOrder,
  type BatchRules,
  type MapTensors,
  type ReduceAttributes,
} from '@thetagrad/core/backend';
import { countExamples, moveAxis, placeExamples, resolveAxes, type Axes } from './axes.ts';
import { createExample, traceBody } from './example.ts';

export interface VmapOptions {
  /** The axis of examples in the arguments; an array has an entry for each argument. Default: 0. */
  readonly inAxes?: Axes;
  /** The axis of examples in the result. Default: 0. */
  readonly outAxes?: Axes;
  /** The number of examples, where no argument has an axis of them. Default: that of the arguments. */
  readonly axisSize?: number;
}

/**
 * Maps a function of one example over an axis of its arguments (JAX's `vmap`): the result stacks what f gives for each example,
 * but all are computed at once. A product of matrices stays one product, and a convolution one convolution. Composes with
 * `grad`, `vjp`, `jvp` and itself in any order. f gets and returns tensors or trees of tensors; what it does not compute from its
 * arguments is shared by all examples, random numbers included.
 * @throws {TypeError} if f is not a synchronous function from tensors to tensors, or an option is invalid.
 * @throws {RangeError} if arguments disagree on the number of examples, or lack the axis.
 * @throws {Error} if f assigns to a variable what differs between examples.
 * @example
 * vmap((x) => x.sum())(tensor([[1, 2], [3, 4]])); // tensor([3, 7])
 * vmap(grad((x) => x.square().sum()))(tensor([[1, 2], [3, 4]])); // tensor([[2, 4], [6, 8]])
 */
export function vmap<Arguments extends readonly unknown[], Result>(
  f: (...examples: Arguments) => Result,
  options: VmapOptions = {},
): (...batches: Arguments) => Result {
  checkFunction('vmap', f);
  checkOptions('vmap', options, ['inAxes', 'outAxes', 'axisSize']);
  const { inAxes = 0, outAxes = 0, axisSize } = options;
  if (axisSize !== undefined) checkInteger('vmap', 'axisSize', axisSize, { min: 0 });
  return (...batches) =>
    atomically(() => {
      const flat = flattenTensors('vmap', batches);
      const axes = resolveAxes('inAxes', inAxes, flat).map((axis, i) =>
        axis === null ? null : normalizeAxis('vmap', axis, flat.leaves[i]!.ndim),
      );
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
      const call = (): Result => f(...(flat.rebuild(examples) as unknown as Arguments));
      const result = traceBody('vmap', call, (value) => batchTensors([value], bindings, size)(value) !== undefined);
      const outputs = flattenTensors('vmap: the result', result);
      const placed = resolveAxes('outAxes', outAxes, outputs);
      const computed = batchTensors(outputs.leaves, bindings, size);
      return outputs.rebuild(
        outputs.leaves.map((output, i) => {
          const axis = placed[i]!;
          const batch = computed(output);
          if (axis !== null) return placeExamples(batch ?? output.broadcastTo([size, ...output.shape]), axis);
          if (!batch) return output;
          throw new RangeError('vmap: outAxes is null for a result that differs between examples; give it an axis');
        }),
      ) as Result;
    });
}

type Binding = readonly [example: Tensor, batch: Tensor];

/**
 * Computes tensors of one example for all of them. The result tells the batch of each, with the axis of examples first;
 * `undefined` of what does not depend on the example.
 */
function batchTensors(
  tensors: readonly Tensor[],
  bindings: readonly Binding[],
  size: number,
): (tensor: Tensor) => Tensor | undefined {
  const batchOf = new Map<Tensor, Tensor>(bindings);
  const nested: MapTensors = (inner, more) => {
    const found = batchTensors(inner, [...batchOf, ...more], size);
    return inner.map((tensor) => found(tensor) ?? tensor.broadcastTo([size, ...tensor.shape]));
  };
  // Inputs have smaller ids: what is older than every example depends on none.
  const oldest = bindings.reduce((least, [example]) => Math.min(least, example.id), Infinity);
  const inputsOf = (tensor: Tensor): readonly Tensor[] =>
    batchOf.has(tensor) || tensor.id < oldest ? [] : tensor.inputs;
  for (const tensor of topologicalOrder(tensors, inputsOf)) {
    if (batchOf.has(tensor) || !tensor.inputs.some((input) => batchOf.has(input))) continue;
    batchOf.set(tensor, batchNode(tensor, batchOf, size, nested));
  }
  return (tensor) => batchOf.get(tensor);
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
