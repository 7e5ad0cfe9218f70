// Control flow that values decide.
import { Tensor, where, zeros } from '@thetagrad/core';
import {
  argumentError,
  checkFunction,
  checkInteger,
  checkOptions,
  flattenTensors,
  type FlatTree,
} from '@thetagrad/core/backend';
import { checkCarry, checkDTypes } from './carry.ts';
import { traceBody } from './example.ts';
import { runSteps } from './loop.ts';

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
 * @param init the first carry, a tensor or a tree of them, of one floating-point dtype.
 * @throws {TypeError} if a function is not one of tensors, or carries are not of one floating-point dtype.
 * @throws {RangeError} if the next carry differs from the carry in structure or shape, or the condition has not one element.
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
  const carry = flattenTensors('whileLoop: the carry', init);
  checkDTypes('whileLoop', carry.leaves);
  const flagOf = (leaves: readonly Tensor[]): Tensor =>
    checkCondition('whileLoop', condition(carry.rebuild(leaves) as Carry)).astype(carry.leaves[0]?.dtype ?? 'float32');
  const outputs = runSteps(
    ([flag, ...state]) =>
      traceBody('whileLoop', () => {
        const next = flattenTensors('whileLoop: the next carry', body(carry.rebuild(state) as Carry));
        checkCarry('whileLoop', carry, next);
        // What is left out of a bounded loop does not change anything.
        const chosen = next.leaves.map((leaf, i) => where(flag!.notEqual(0), leaf, state[i]!));
        return [flagOf(chosen).mul(flag!), ...chosen];
      }),
    [flagOf(carry.leaves), ...carry.leaves],
    [],
    {
      count: maxSteps ?? unlimited,
      reverse: false,
      condition: maxSteps === undefined ? 'unbounded' : 'bounded',
      resultCarries: [],
    },
  );
  return carry.rebuild(outputs.carries.slice(1)) as Carry;
}

/**
 * Computes one of two functions, as a value decides (JAX's `cond`): the other is not computed. Both give tensors or trees of them
 * in the same structure and shapes. Gradients are those of the chosen one. Under `vmap` both are computed where examples differ.
 * @param predicate a bool of one element.
 * @throws {TypeError} if a function is not one of tensors, or results are not of one floating-point dtype.
 * @throws {RangeError} if results differ in structure or shapes, or the predicate has not one element.
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
  let result: FlatTree | undefined;
  let chosen: readonly Tensor[] = [];
  for (const [f, isChosen] of [
    [whenTrue, isTrue],
    [whenFalse, isTrue.logicalNot()],
  ] as const) {
    // The shapes of the results, from a graph that is not evaluated.
    const shapes = flattenTensors(
      'cond: the result',
      traceBody('cond', () => f(...operands)),
    );
    checkDTypes('cond', shapes.leaves);
    if (result) checkCarry('cond', result, shapes, ['the second result', 'the first']);
    else chosen = shapes.leaves.map(({ shape, dtype }) => zeros(shape, { dtype }));
    result ??= shapes;
    const flag = isChosen.astype(shapes.leaves[0]?.dtype ?? 'float32');
    const outputs = runSteps(
      ([isOn, ...state]) => {
        const computed = flattenTensors(
          'cond: the result',
          traceBody('cond', () => f(...operands)),
        );
        return [isOn!.mul(0), ...computed.leaves.map((leaf, i) => where(isOn!.notEqual(0), leaf, state[i]!))];
      },
      [flag, ...chosen],
      [],
      { count: 1, reverse: false, condition: 'bounded', resultCarries: [] },
      // Otherwise it would be computed in any case.
      { hoists: false },
    );
    chosen = outputs.carries.slice(1);
  }
  return result!.rebuild(chosen) as Result;
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
