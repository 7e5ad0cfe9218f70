// Control flow that values decide.
import { arange, tensor, Tensor, where, zeros } from '@thetagrad/core';
import { checkFunction, checkInteger, checkOptions, nextTensorId } from '@thetagrad/core/backend';
import { matchCarry } from './carry.ts';
import { checkScalar } from './checks.ts';
import { carryDType, decode, encode } from './encoding.ts';
import { traceBody } from './example.ts';
import { runSteps } from './loop.ts';
import { scanRows } from './scan.ts';
import { flattenValues, type FlatValues } from './values.ts';

export interface WhileLoopOptions {
  /** The maximum number of steps, which reverse mode needs. Default: no limit. */
  readonly maxSteps?: number;
}

/** More steps than any loop takes. */
const unlimited = 2 ** 31 - 1;

/**
 * Repeats a step as long as a condition holds (JAX's `while_loop`): `condition` maps a carry to a bool of one element, and `body` to
 * the next carry. The condition is computed with the step, in the same plan. Forward mode works always, reverse mode with
 * `maxSteps`; it keeps the carries of all steps up to the maximum.
 * @param init the first carry, a tensor or a tree of them, of any dtypes.
 * @throws {TypeError} if a function is not one of tensors.
 * @throws {RangeError} if the next carry differs from the carry in structure, shape or dtype, or the condition has not one element.
 * @throws {Error} if a function assigns to a variable.
 * @example
 * whileLoop((x) => x.less(100), (x) => x.mul(2), tensor(3)); // tensor(192)
 */
export function whileLoop<Carry>(
  condition: (carry: Carry) => Tensor,
  body: (carry: Carry) => Carry,
  init: Carry,
  options: WhileLoopOptions = {},
): Carry {
  checkFunction('whileLoop: the condition', condition);
  checkFunction('whileLoop: the body', body);
  checkOptions('whileLoop', options, ['maxSteps']);
  const { maxSteps } = options;
  if (maxSteps !== undefined) checkInteger('whileLoop', 'maxSteps', maxSteps, { min: 0, max: unlimited });
  return repeatWhile('whileLoop', condition, body, init, maxSteps);
}

/** As {@link whileLoop}, for an operation that messages name. */
export function repeatWhile<Carry>(
  operation: string,
  condition: (carry: Carry) => Tensor,
  body: (carry: Carry) => Carry,
  init: Carry,
  maxSteps?: number,
): Carry {
  const carry = flattenValues(`${operation}: the carry`, init);
  const dtype = carryDType(carry.leaves);
  const carried = carry.leaves.map((leaf) => leaf.dtype);
  const treeOf = (leaves: readonly Tensor[]): Carry => carry.rebuild(leaves) as Carry;
  const flagOf = (leaves: readonly Tensor[]): Tensor =>
    checkScalar(operation, 'the condition', 'bool', condition(treeOf(leaves))).astype(dtype);
  const outputs = runSteps(
    ([flag, ...state]) =>
      traceBody(operation, () => {
        const next = flattenValues(`${operation}: the next carry`, body(treeOf(decode(state, carried, dtype))));
        const encoded = encode(operation, matchCarry(operation, carry, next), dtype);
        // What is left out of a bounded loop does not change anything.
        const chosen = encoded.map((leaf, i) => where(flag!.notEqual(0), leaf, state[i]!));
        return [flagOf(decode(chosen, carried, dtype)).mul(flag!), ...chosen];
      }),
    [traceBody(operation, () => flagOf(carry.leaves)), ...encode(operation, carry.leaves, dtype)],
    [],
    {
      count: maxSteps ?? unlimited,
      reverse: false,
      condition: maxSteps === undefined ? 'unbounded' : 'bounded',
      resultCarries: [],
    },
    { operation },
  );
  return treeOf(decode(outputs.carries.slice(1), carried, dtype));
}

/**
 * Repeats a step for i = lower, …, upper − 1 (JAX's `fori_loop`): `body` maps i, an int32 scalar, and a carry to the next carry. A
 * loop between numbers is a `scan`; one whose bounds are computed is a `whileLoop` without `maxSteps`, which has no reverse mode.
 * @param lower an integer, or an int32 scalar.
 * @param upper likewise.
 * @param init the first carry, a tensor or a tree of them, of any dtypes.
 * @throws {TypeError} if the body is not a function of tensors, or a bound is neither a number nor an int32 scalar.
 * @throws {RangeError} if a number is not an int32, or the next carry differs from the carry in structure, shape or dtype.
 * @throws {Error} if the body assigns to a variable.
 * @example
 * foriLoop(1, 5, (i, x) => x.mul(i), tensor(1)); // tensor(24)
 */
export function foriLoop<Carry>(
  lower: number | Tensor,
  upper: number | Tensor,
  body: (i: Tensor, carry: Carry) => Carry,
  init: Carry,
): Carry {
  checkFunction('foriLoop', body);
  const [first, last] = [toBound('lower', lower), toBound('upper', upper)];
  if (typeof lower === 'number' && typeof upper === 'number') {
    const steps = arange(lower, Math.max(lower, upper), { dtype: 'int32' });
    return scanRows('foriLoop', (carry: Carry, i: Tensor) => [body(i, carry), null], init, steps)[0];
  }
  const carry = flattenValues('foriLoop: the carry', init);
  return repeatWhile(
    'foriLoop',
    ([i]: readonly [Tensor, Carry]) => i.less(last),
    ([i, state]) => {
      const next = body(i, state);
      matchCarry('foriLoop', carry, flattenValues('foriLoop: the next carry', next));
      return [i.add(1), next] as const;
    },
    [first, init],
  )[1];
}

/** @throws {TypeError | RangeError} if a bound is neither an int32 nor a tensor of one. */
function toBound(name: string, bound: unknown): Tensor {
  if (bound instanceof Tensor) return checkScalar('foriLoop', name, 'int32', bound);
  checkInteger('foriLoop', name, bound, { min: -(2 ** 31), max: 2 ** 31 - 1 });
  return tensor(bound, { dtype: 'int32' });
}

/**
 * Computes one of two functions, as a value decides (JAX's `cond`): the other is not computed. Both give tensors or trees of them
 * in the same structure and shapes. Gradients are those of the chosen one. Under `vmap`, a predicate that differs between
 * examples makes it a selection (as in JAX): both are computed for all examples as soon as one of them needs it, and each takes
 * the values and gradients of its function, whatever NaN the other gives.
 * @param predicate a bool of one element.
 * @throws {TypeError} if a function is not one of tensors.
 * @throws {RangeError} if results differ in structure, shapes or dtypes, or the predicate has not one element.
 * @throws {Error} if a function assigns to a variable.
 * @example
 * cond(tensor(2).greater(1), (x) => x.exp(), (x) => x.neg(), tensor(0)); // tensor(1)
 */
export function cond<Operands extends readonly unknown[], Result>(
  predicate: Tensor,
  whenTrue: (...operands: Operands) => Result,
  whenFalse: (...operands: Operands) => Result,
  ...operands: Operands
): Result {
  const isTrue = checkScalar('cond', 'the predicate', 'bool', predicate);
  checkFunction('cond: whenTrue', whenTrue);
  checkFunction('cond: whenFalse', whenFalse);
  let result: FlatValues | undefined;
  let chosen: readonly Tensor[] = [];
  for (const [f, isChosen] of [
    [whenTrue, isTrue],
    [whenFalse, isTrue.logicalNot()],
  ] as const) {
    const start = nextTensorId();
    const own = flattenValues(
      'cond: the result',
      traceBody('cond', () => f(...operands)),
    );
    const leaves = matchCarry('cond', result ?? own, own, ['the second result', 'the first']);
    const dtype = carryDType(leaves);
    const computed = encode('cond', leaves, dtype);
    if (!result) chosen = computed.map(({ shape }) => zeros(shape, { dtype }));
    result ??= own;
    const outputs = runSteps(
      ([isOn, ...state]) => [isOn!.mul(0), ...computed.map((leaf, i) => where(isOn!.notEqual(0), leaf, state[i]!))],
      [isChosen.astype(dtype), ...chosen],
      [],
      { count: 1, reverse: false, condition: 'bounded', resultCarries: [] },
      // What is hoisted is computed whatever the predicate is.
      { operation: 'cond', hoists: false, start },
    );
    chosen = outputs.carries.slice(1);
  }
  const { leaves, rebuild } = result!;
  return rebuild(
    decode(
      chosen,
      leaves.map(({ dtype }) => dtype),
      carryDType(leaves),
    ),
  ) as Result;
}
