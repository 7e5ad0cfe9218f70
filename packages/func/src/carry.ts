// Checks of what loops carry and of what branches give.
import type { Tensor } from '@thetagrad/core';
import { alignLeaves, sameShape, show } from '@thetagrad/core/backend';
import { formatType } from './checks.ts';
import type { FlatValues } from './values.ts';

/**
 * The tensors of a tree in the order of those of the expected one.
 * @param names what messages call the tree and the expected one. Default: `the next carry` and `the carry`.
 * @throws {RangeError} if the tree has another structure, other shapes, dtypes or constants than the expected one.
 */
export function matchCarry(
  operation: string,
  carry: FlatValues,
  next: FlatValues,
  [name, expected]: readonly [string, string] = ['the next carry', 'the carry'],
): readonly Tensor[] {
  const leaves = alignLeaves(next, carry);
  if (!leaves) {
    const pathsOf = ({ paths }: FlatValues): string =>
      paths.map((path) => path || 'a tensor').join(', ') || 'no tensors';
    throw new RangeError(
      `${operation}: ${name} must have the structure of ${expected}, ${pathsOf(carry)}, got ${pathsOf(next)}`,
    );
  }
  leaves.forEach((leaf, i) => {
    const before = carry.leaves[i]!;
    if (sameShape(leaf.shape, before.shape) && leaf.dtype === before.dtype) return;
    throw new RangeError(
      `${operation}: ${name}${carry.paths[i]} must be ${formatType(before)} as ${expected} is, got ${formatType(leaf)}`,
    );
  });
  const changed = [...carry.constants.keys(), ...next.constants.keys()].find(
    (path) => !Object.is(next.constants.get(path), carry.constants.get(path)),
  );
  if (changed === undefined) return leaves;
  const [before, after] = [carry, next].map(({ constants }) => show(constants.get(changed)));
  throw new RangeError(
    `${operation}: ${name}${changed} must be ${before} as ${expected} is, got ${after}; make it a tensor if it changes`,
  );
}
