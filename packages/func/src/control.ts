// Control flow that values decide.
import { arange, tensor, Tensor, where, zeros } from '@thetagrad/core';
import { argumentError, checkFunction, checkInteger, checkOptions, nextTensorId } from '@thetagrad/core/backend';
import { checkCarry } from './carry.ts';
import { carryDType, decode, encode } from './encoding.ts';
import { traceBody } from './example.ts';
import { runSteps } from './loop.ts';
import { scan } from './scan.ts';
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
  checkFunction('whileLoop', condition);
  checkFunction('whileLoop', body);
  checkOptions('whileLoop', options, ['maxSteps']);
  const { maxSteps } = options;
  if (maxSteps !== undefined) checkInteger('whileLoop', 'maxSteps', maxSteps, { min: 0, max: unlimited });
  const carry = flattenValues('whileLoop: the carry', init);
  const dtype = carryDType(carry.leaves);
  const carried = carry.leaves.map((leaf) => leaf.dtype);
  const flagOf = (leaves: readonly Tensor[]): Tensor =>
    checkCondition('whileLoop', condition(carry.rebuild(leaves) as Carry)).astype(dtype);
  const outputs = runSteps(
    ([flag, ...state]) =>
      traceBody('whileLoop', () => {
        const next = flattenValues(
          'whileLoop: the next carry',
          body(carry.rebuild(decode(state, carried, dtype)) as Carry),
        );
        checkCarry('whileLoop', carry, next);
        // What is left out of a bounded loop does not change anything.
        const encoded = encode('whileLoop', next.leaves, dtype);
        const chosen = encoded.map((leaf, i) => where(flag!.notEqual(0), leaf, state[i]!));
        return [flagOf(decode(chosen, carried, dtype)).mul(flag!), ...chosen];
      }),
    [flagOf(carry.leaves), ...encode('whileLoop', carry.leaves, dtype)],
    [],
    {
      count: maxSteps ?? unlimited,
      reverse: false,
      condition: maxSteps === undefined ? 'unbounded' : 'bounded',
      resultCarries: [],
    },
  );
  return carry.rebuild(decode(outputs.carries.slice(1), carried, dtype)) as Carry;
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
  checkBound('lower', lower);
  checkBound('upper', upper);
  if (typeof lower === 'number' && typeof upper === 'number') {
    const steps = arange(lower, Math.max(lower, upper), { dtype: 'int32' });
    return scan((carry: Carry, i: Tensor) => [body(i, carry), null], init, steps)[0];
  }
  const [first, end] = [lower, upper].map((bound) => tensorOf(bound).reshape([])) as [Tensor, Tensor];
  return whileLoop(
    ([i]: readonly [Tensor, Carry]) => i.less(end),
    ([i, carry]) => [i.add(1), body(i, carry)] as const,
    [first, init],
  )[1];
}

function tensorOf(bound: number | Tensor): Tensor {
  return bound instanceof Tensor ? bound : tensor(bound, { dtype: 'int32' });
}

function checkBound(name: string, bound: unknown): void {
  if (typeof bound === 'number') checkInteger('foriLoop', name, bound, { min: -(2 ** 31), max: 2 ** 31 - 1 });
  else if (!(bound instanceof Tensor) || bound.dtype !== 'int32' || bound.size !== 1)
    throw argumentError('foriLoop', name, 'an integer or an int32 tensor of one element', bound, false);
}

/**
 * Computes one of two functions, as a value decides (JAX's `cond`): the other is not computed. Both give tensors or trees of them
 * in the same structure and shapes. Gradients are those of the chosen one. Under `vmap`, a predicate that differs between
 * examples makes it a selection (as in JAX): both are computed for all examples as soon as one of them needs it, and each takes
 * the values and gradients of its own, whatever NaN the other gives.
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
  checkFunction('cond', whenTrue);
  checkFunction('cond', whenFalse);
  const isTrue = checkCondition('cond', predicate);
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
    if (result) checkCarry('cond', result, own, ['the second result', 'the first']);
    const dtype = carryDType(own.leaves);
    const computed = encode('cond', own.leaves, dtype);
    if (!result) chosen = computed.map(({ shape }) => zeros(shape, { dtype }));
    result ??= own;
    const outputs = runSteps(
      ([isOn, ...state]) => [isOn!.mul(0), ...computed.map((leaf, i) => where(isOn!.notEqual(0), leaf, state[i]!))],
      [isChosen.astype(dtype), ...chosen],
      [],
      { count: 1, reverse: false, condition: 'bounded', resultCarries: [] },
      // Otherwise it would be computed in any case.
      { hoists: false, start },
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

/** @throws {RangeError} if a condition has not one element. */
function checkCondition(operation: string, condition: unknown): Tensor {
  if (!(condition instanceof Tensor) || condition.dtype !== 'bool') {
    throw argumentError(operation, 'the condition', 'a bool tensor of one element', condition, false);
  }
  if (condition.size !== 1)
    throw argumentError(operation, 'the condition', 'a bool tensor of one element', condition, true);
  return condition.reshape([]);
}
