// Checks of what loops carry and of what branches give.
import type { Tensor } from '@thetagrad/core';
import { formatShape, sameShape, show } from '@thetagrad/core/backend';
import type { FlatValues } from './values.ts';

/**
 * @param names what messages call the tree and the expected one. Default: `the next carry` and `the carry`.
 * @throws {RangeError} if a tree has another structure, other shapes, dtypes or constants than the expected one.
 */
export function checkCarry(
  operation: string,
  carry: FlatValues,
  next: FlatValues,
  names: readonly [string, string] = ['the next carry', 'the carry'],
): void {
  const describe = ({ dtype, shape }: Tensor): string => `${dtype} ${formatShape(shape)}`;
  const at = carry.paths.findIndex((path, i) => {
    const [before, after] = [carry.leaves[i]!, next.leaves[i]];
    return !after || path !== next.paths[i] || !sameShape(before.shape, after.shape) || before.dtype !== after.dtype;
  });
  if (at < 0 && next.leaves.length === carry.leaves.length) {
    const changed = [...carry.constants].find(([path, value]) => !Object.is(next.constants.get(path), value));
    if (!changed && next.constants.size === carry.constants.size) return;
    const [path, value] = changed ?? [...next.constants].find(([path]) => !carry.constants.has(path))!;
    throw new RangeError(
      `${operation}: ${names[0]}${path} must be ${show(carry.constants.get(path))} as ${names[1]} is, got ${show(next.constants.get(path))}; ` +
        `make ${show(value)} a tensor if it changes`,
    );
  }
  if (at < 0 || next.paths[at] !== carry.paths[at]) {
    const pathsOf = ({ paths }: FlatValues): string => paths.map((path) => path || 'a tensor').join(', ');
    throw new RangeError(
      `${operation}: ${names[0]} must have the structure of ${names[1]}, ${pathsOf(carry)}, got ${pathsOf(next)}`,
    );
  }
  throw new RangeError(
    `${operation}: ${names[0]}${carry.paths[at]} must be ${describe(carry.leaves[at]!)} as ${names[1]} is, got ${describe(next.leaves[at]!)}`,
  );
}
