import { isFloatingPoint, Tensor } from '@thetagrad/core';
import { flattenTree, show } from '@thetagrad/core/backend';

/** A tensor of a tree and its path, for messages: `input 1.weights[0]`. */
export interface Leaf {
  readonly tensor: Tensor;
  readonly path: string;
}

/** The leaves of a tree, and how to rebuild the tree with other tensors in their places. */
export interface FlatLeaves {
  readonly leaves: readonly Leaf[];
  readonly rebuild: (tensors: readonly Tensor[]) => unknown;
}

/** Decides about a value that is neither an array nor a plain object: a leaf, or left as it is. May throw. */
export type IsLeaf = (value: unknown, path: string) => value is Tensor;

/** Flattens a tree; the paths of its leaves begin with `name`. */
export function flattenLeaves(tree: unknown, name: string, isLeaf: IsLeaf): FlatLeaves {
  const { leaves, paths, rebuild } = flattenTree('checkGradients', tree, (value, path): value is Tensor =>
    isLeaf(value, name + path),
  );
  return { leaves: leaves.map((tensor, i) => ({ tensor, path: name + paths[i]! })), rebuild };
}

/** Flattens the arguments of a function: `input 0`, `input 1.weight`. */
export function flattenInputs(inputs: readonly unknown[], isLeaf: IsLeaf): FlatLeaves {
  const trees = inputs.map((input, i) => flattenLeaves(input, `input ${i}`, isLeaf));
  return {
    leaves: trees.flatMap(({ leaves }) => leaves),
    rebuild: (tensors) => {
      let start = 0;
      return trees.map(({ leaves, rebuild }) => rebuild(tensors.slice(start, (start += leaves.length))));
    },
  };
}

export function isFloatTensor(value: unknown): value is Tensor {
  return value instanceof Tensor && isFloatingPoint(value.dtype);
}

/** Describes a value in messages. */
export function describeValue(value: unknown): string {
  if (value instanceof Tensor) return `a tensor of ${value.dtype}`;
  if (value instanceof Promise) return 'a Promise; it must be synchronous';
  return show(value);
}
