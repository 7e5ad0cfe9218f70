// Trees of tensors and random keys: the arguments and results of mapped and repeated functions.
import { Tensor } from '@thetagrad/core';
import { flattenTree, isStatic, treeError, type FlatTree } from '@thetagrad/core/backend';
import { KeyArray } from './tensorKey.ts';

/** A flat tree in which keys are tensors of their words, int32 [..., 2], and are keys again where it is rebuilt with tensors. */
export interface FlatValues extends FlatTree {
  /** The number of axes of each leaf, without that of the words of a key. */
  readonly ranks: readonly number[];
  /** What is neither a tensor nor a key, by path. */
  readonly constants: ReadonlyMap<string, unknown>;
}

/**
 * Flattens a tree of tensors and keys. An array of keys, nested or not, is a leaf with axes. Numbers, strings, booleans, null and
 * undefined in the tree stay as they are.
 * @param depth the depth from which on an array of keys is a leaf: 1 for a list of arguments. Default: 0.
 * @throws {TypeError} if the tree contains anything else, or is one of these.
 */
export function flattenValues(operation: string, tree: unknown, depth = 0): FlatValues {
  const constants = new Map<string, unknown>();
  const flat = flattenTree(
    operation,
    tree,
    (value, path, own): value is Tensor | KeyArray => {
      if (value instanceof Tensor || value instanceof KeyArray) return true;
      if (own === 0 || !isStatic(value)) throw treeError(operation, 'tensors', value, path);
      constants.set(path, value);
      return false;
    },
    (part, own) => (own < depth ? part : (KeyArray.from(part) ?? part)),
  );
  return {
    leaves: flat.leaves.map((leaf) => (leaf instanceof Tensor ? leaf : leaf.words)),
    paths: flat.paths,
    ranks: flat.leaves.map((leaf) => (leaf instanceof Tensor ? leaf.ndim : leaf.words.ndim - 1)),
    constants,
    rebuild: (values) =>
      flat.rebuild(
        values.map((value, i) => {
          const leaf = flat.leaves[i];
          return leaf instanceof KeyArray ? leaf.withWords(value) : value;
        }),
      ),
  };
}
