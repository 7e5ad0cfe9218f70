import {
  argumentError,
  at,
  checkFunction,
  checkInteger,
  checkOptions,
  flattenTensors,
  formatShape,
  show,
  type FlatTree,
} from '@thetagrad/core/backend';
import { checkCarry, checkDTypes } from './carry.ts';
import { traceBody } from './example.ts';
import { runSteps } from './loop.ts';

export interface ScanOptions {
  /** Whether to go from the last row to the first; results keep the order of the rows. Default: false. */
  readonly reverse?: boolean;
  /** The number of steps, where there are no rows. Default: that of the rows. */
  readonly length?: number;
}

/**
 * Runs a recurrence (JAX's `scan`): `f` maps a carry and a row of `xs` to the next carry and a result. Returns the last carry and
 * the stacked results. The step is planned once and run as often as there are rows, so that planning and memory do not grow with
 * the length; gradients, of any order and mode, keep the carries alone and compute the rest of a step again. Maps over examples
 * with `vmap`.
 * @param init the first carry, a tensor or a tree of them.
 * @param xs a tensor or a tree of them, whose first axis counts steps; `null` with the option `length` if there are none.
 * @throws {TypeError} if f is not a synchronous function to [carry, result], or carries and results are not of one floating-point
 *   dtype.
 * @throws {RangeError} if the next carry differs from the carry in structure or shape, or rows differ in number.
 * @throws {Error} if f assigns to a variable.
 * @example
 * scan((sum, x) => [sum.add(x), sum.mul(x)], tensor(0), tensor([1, 2, 3])); // [tensor(6), tensor([0, 2, 9])]
 */
export function scan<Carry, Row, Result>(
  f: (carry: Carry, x: Row) => readonly [carry: Carry, result: Result],
  init: Carry,
  xs: Row,
  options: ScanOptions = {},
): [carry: Carry, results: Result] {
  checkFunction('scan', f);
  checkOptions('scan', options, ['reverse', 'length']);
  const { reverse = false, length } = options;
  const carry = flattenTensors('scan: the carry', init);
  const rows = flattenTensors('scan: xs', xs ?? []);
  const count = countSteps(rows, length);

  let result: FlatTree | undefined;
  const outputs = runSteps(
    (carries, examples) => {
      const x = rows.leaves.length > 0 ? (rows.rebuild(examples) as Row) : xs;
      const returned: unknown = traceBody('scan', () => f(carry.rebuild(carries) as Carry, x));
      if (!Array.isArray(returned) || returned.length !== 2) {
        throw new TypeError(`scan: the function must return [carry, result], got ${show(returned)}`);
      }
      const next = flattenTensors('scan: the next carry', returned[0]);
      result = flattenTensors('scan: the result', returned[1] ?? []);
      checkCarry('scan', carry, next);
      checkDTypes('scan', [...next.leaves, ...result.leaves]);
      // A result of nothing is nothing.
      if (returned[1] === null || returned[1] === undefined) result = { ...result, rebuild: () => returned[1] };
      return [...next.leaves, ...result.leaves];
    },
    carry.leaves,
    rows.leaves,
    { count, reverse, condition: 'none', resultCarries: [] },
  );
  return [carry.rebuild(outputs.carries) as Carry, result!.rebuild(outputs.results) as Result];
}

/** The number of steps. */
function countSteps({ leaves, paths }: FlatTree, length: number | undefined): number {
  if (length !== undefined) checkInteger('scan', 'length', length, { min: 0 });
  let count = length;
  leaves.forEach(({ shape, ndim }, i) => {
    const name = `xs${paths[i]}`;
    if (ndim === 0) throw new RangeError(`scan: ${name} is a scalar; its first axis counts steps`);
    const rows = at(shape, 0);
    count ??= rows;
    if (rows !== count) {
      const other = length === undefined ? `xs${paths[0]} has ${count}` : `length is ${length}`;
      throw new RangeError(`scan: rows differ in number: ${name}, ${formatShape(shape)}, has ${rows}, ${other}`);
    }
  });
  if (count === undefined) throw argumentError('scan', 'length', 'given where xs has no tensors', length, true);
  return count;
}
