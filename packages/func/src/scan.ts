import {
  argumentError,
  at,
  checkFunction,
  checkInteger,
  checkOptions,
  describe,
  formatShape,
} from '@thetagrad/core/backend';
import { matchCarry } from './carry.ts';
import { carryDType, decode, encode } from './encoding.ts';
import { traceBody } from './example.ts';
import { runSteps } from './loop.ts';
import { flattenValues, type FlatValues } from './values.ts';
import type { Batch } from './vmap.ts';

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
 * @param init the first carry, a tensor or a tree of them, of any dtypes; random keys are carried too.
 * @param xs a tensor or a tree of them, whose first axis counts steps; `null` with the option `length` if there are none. An array
 *   of keys gives each step one.
 * @throws {TypeError} if f is not a synchronous function to [carry, result].
 * @throws {RangeError} if the next carry differs from the carry in structure, shape or dtype, or rows differ in number.
 * @throws {Error} if f assigns to a variable.
 * @example
 * scan((sum, x) => [sum.add(x), sum.mul(x)], tensor(0), tensor([1, 2, 3])); // [tensor(6), tensor([0, 2, 9])]
 */
export function scan<Carry, Row, Result>(
  f: (carry: Carry, x: Row) => readonly [carry: Carry, result: Result],
  init: Carry,
  xs: Row,
  options?: ScanOptions,
): [carry: Carry, results: Result];
export function scan<Carry, Row, Result>(
  f: (carry: Carry, x: Row) => readonly [carry: Carry, result: Result],
  init: Carry,
  xs: Batch<Row>,
  options?: ScanOptions,
): [carry: Carry, results: Result];
export function scan<Carry, Row, Result>(
  f: (carry: Carry, x: Row) => readonly [carry: Carry, result: Result],
  init: Carry,
  xs: Row | Batch<Row>,
  options: ScanOptions = {},
): [carry: Carry, results: Result] {
  checkFunction('scan', f);
  checkOptions('scan', options, ['reverse', 'length']);
  return scanRows('scan', f, init, xs, options);
}

/** As {@link scan}, for an operation that messages name. */
export function scanRows<Carry, Row, Result>(
  operation: string,
  f: (carry: Carry, x: Row) => readonly [carry: Carry, result: Result],
  init: Carry,
  xs: Row | Batch<Row>,
  { reverse = false, length }: ScanOptions = {},
): [carry: Carry, results: Result] {
  const carry = flattenValues(`${operation}: the carry`, init);
  const rows = flattenValues(`${operation}: xs`, xs ?? []);
  const count = countSteps(rows, length);
  const dtype = carryDType([...carry.leaves, ...rows.leaves]);
  const carried = carry.leaves.map((leaf) => leaf.dtype);

  let result: FlatValues | undefined;
  const outputs = runSteps(
    (carries, examples) => {
      const x = rows.leaves.length > 0 ? (rows.rebuild(examples) as Row) : (xs as Row);
      const state = carry.rebuild(decode(carries, carried, dtype)) as Carry;
      const returned: unknown = traceBody(operation, () => f(state, x));
      if (!Array.isArray(returned) || returned.length !== 2) {
        throw new TypeError(`${operation}: the function must return [carry, result], got ${describe(returned)}`);
      }
      const next = flattenValues(`${operation}: the next carry`, returned[0]);
      result = flattenValues(`${operation}: the result`, returned[1] ?? []);
      const leaves = matchCarry(operation, carry, next);
      // Instead of the empty array.
      if (returned[1] === null || returned[1] === undefined) result = { ...result, rebuild: () => returned[1] };
      return encode(operation, [...leaves, ...result.leaves], dtype);
    },
    encode(operation, carry.leaves, dtype),
    rows.leaves,
    { count, reverse, condition: 'none', resultCarries: [] },
    { operation },
  );
  const results = decode(
    outputs.results,
    result!.leaves.map((leaf) => leaf.dtype),
    dtype,
  );
  return [carry.rebuild(decode(outputs.carries, carried, dtype)) as Carry, result!.rebuild(results) as Result];
}

/** The number of steps. */
function countSteps({ leaves, paths, ranks }: FlatValues, length: number | undefined): number {
  if (length !== undefined) checkInteger('scan', 'length', length, { min: 0 });
  let count = length;
  leaves.forEach(({ shape, ndim }, i) => {
    const name = `xs${paths[i]}`;
    if (ranks[i] === 0) {
      const [what, fix] =
        ndim === 0 ? ['scalar', 'its first axis counts steps'] : ['key', 'pass one for each step, key.split(n)'];
      throw new RangeError(`scan: ${name} is a ${what}; ${fix}`);
    }
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
