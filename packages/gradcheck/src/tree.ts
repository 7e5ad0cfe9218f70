import { isFloatingPoint, Tensor } from '@thetagrad/core';
import { isPlainObject, show } from '@thetagrad/core/backend';

/** A tensor of a tree and its path, for messages: `input 1.weights[0]`. */
export interface Leaf {
  readonly tensor: Tensor;
  readonly path: string;
}

/** The leaves of a tree, and how to rebuild the tree with other tensors in their places. */
export interface FlatTree {
  readonly leaves: readonly Leaf[];
  readonly rebuild: (tensors: readonly Tensor[]) => unknown;
}

/** Decides about a value that is neither an array nor a plain object: a leaf (tensors only), or left as it is. May throw. */
export type IsLeaf = (value: unknown, path: string) => boolean;

/** Flattens arrays and plain objects. */
export function flattenTree(root: unknown, path: string, isLeaf: IsLeaf): FlatTree {
  const leaves: Leaf[] = [];
  const visit = (value: unknown, at: string): FlatTree['rebuild'] => {
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, i) => visit(item, `${at}[${i}]`));
      return (tensors) => items.map((item) => item(tensors));
    }
    if (isPlainObject(value)) {
      const entries = Object.entries(value).map(([key, item]) => [key, visit(item, `${at}.${key}`)] as const);
      return (tensors) => Object.fromEntries(entries.map(([key, item]) => [key, item(tensors)]));
    }
    if (!isLeaf(value, at)) return () => value;
    const index = leaves.push({ tensor: value as Tensor, path: at }) - 1;
    return (tensors) => tensors[index];
  };
  return { leaves, rebuild: visit(root, path) };
}

/** Flattens the arguments of a function: `input 0`, `input 1.weight`. */
export function flattenInputs(inputs: readonly unknown[], isLeaf: IsLeaf): FlatTree {
  const trees = inputs.map((input, i) => flattenTree(input, `input ${i}`, isLeaf));
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
