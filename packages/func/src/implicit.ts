// Implicit functions: their parameters, and the equations that define them.
import { isFloatingPoint, Tensor } from '@thetagrad/core';
import { describe, flattenTree, isStatic, sameShape, treeError, type FlatTree } from '@thetagrad/core/backend';
import { formatType } from './checks.ts';
import { traceBody } from './example.ts';

/**
 * Flattens a tree of parameters to its floating-point tensors. Tensors of other dtypes stay as they are, like settings.
 * @throws {TypeError} if the tree contains anything else.
 */
export function flattenParameters(operation: string, tree: unknown): FlatTree {
  return flattenTree(`${operation}: the parameters`, tree, (value, path, depth): value is Tensor => {
    if (value instanceof Tensor) return isFloatingPoint(value.dtype);
    if (depth > 0 && isStatic(value)) return false;
    throw treeError(`${operation}: the parameters`, 'tensors', value, path);
  });
}

/**
 * Calls a function of a solution, which gives a tensor like it.
 * @param expected what messages call the solution.
 * @throws {TypeError} if the result is not a tensor.
 * @throws {RangeError} if it differs in shape or dtype.
 * @throws {Error} if the function assigns to a variable.
 */
export function callEquations(operation: string, f: () => unknown, solution: Tensor, expected: string): Tensor {
  const value = traceBody(operation, f);
  if (!(value instanceof Tensor)) {
    throw new TypeError(`${operation}: the function must return a tensor, got ${describe(value)}`);
  }
  if (sameShape(value.shape, solution.shape) && value.dtype === solution.dtype) return value;
  throw new RangeError(
    `${operation}: the function must return ${formatType(solution)} as ${expected} is, got ${formatType(value)}`,
  );
}
