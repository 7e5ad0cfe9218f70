// Checks of what loops carry and of what branches give.
import { isFloatingPoint, type Tensor } from '@thetagrad/core';
import { formatShape, sameShape, type FlatTree } from '@thetagrad/core/backend';

/**
 * @param names what messages call the tree and the expected one. Default: `the next carry` and `the carry`.
 * @throws {RangeError} if a tree has another structure, other shapes or other dtypes than the expected one.
 */
export function checkCarry(
  operation: string,
  carry: FlatTree,
  next: FlatTree,
  names: readonly [string, string] = ['the next carry', 'the carry'],
): void {
  const describe = ({ dtype, shape }: Tensor): string => `${dtype} ${formatShape(shape)}`;
  const at = carry.paths.findIndex((path, i) => {
    const [before, after] = [carry.leaves[i]!, next.leaves[i]];
    return !after || path !== next.paths[i] || !sameShape(before.shape, after.shape) || before.dtype !== after.dtype;
  });
  if (at < 0 && next.leaves.length === carry.leaves.length) return;
  if (at < 0 || next.paths[at] !== carry.paths[at]) {
    const pathsOf = ({ paths }: FlatTree): string => paths.map((path) => path || 'a tensor').join(', ');
    throw new RangeError(
      `${operation}: ${names[0]} must have the structure of ${names[1]}, ${pathsOf(carry)}, got ${pathsOf(next)}`,
    );
  }
  throw new RangeError(
    `${operation}: ${names[0]}${carry.paths[at]} must be ${describe(carry.leaves[at]!)} as ${names[1]} is, got ${describe(next.leaves[at]!)}`,
  );
}

/** @throws {TypeError} if tensors are not of one floating-point dtype. */
export function checkDTypes(operation: string, tensors: readonly Tensor[]): void {
  const [first] = tensors;
  const other = tensors.find(({ dtype }) => dtype !== first?.dtype || !isFloatingPoint(dtype));
  if (!other) return;
  const dtypes = [...new Set(tensors.map(({ dtype }) => dtype))].join(' and ');
  throw new TypeError(
    `${operation}: carries and results must be of one floating-point dtype, got ${dtypes}; convert with astype`,
  );
}
