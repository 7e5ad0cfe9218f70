// Undoing what a failed step changed: when building its graph throws, and when evaluating it fails.
import { isLeaf, unevaluatedOrder } from './order.ts';
import type { Tensor } from './tensor.ts';

let undos: (() => void)[] | undefined;

/** Runs f. If it throws, undoes the assignments to variables, and other changes that {@link recordUndo} was told of. */
export function atomically<Result>(f: () => Result): Result {
  const outer = undos;
  const own: (() => void)[] = (undos = []);
  try {
    const result = f();
    if (outer) for (const undo of own) outer.push(undo);
    return result;
  } catch (error) {
    for (const undo of own.toReversed()) undo();
    throw error;
  } finally {
    undos = outer;
  }
}

/** Records how to undo a change, for {@link atomically}. */
export function recordUndo(undo: () => void): void {
  undos?.push(undo);
}

/** Receives whether an evaluation succeeded. */
export type OutcomeListener = (succeeded: boolean) => void;

const listeners = new WeakMap<Tensor, OutcomeListener>();
/** The number of the last failed evaluation that was to compute a tensor. */
const failureOf = new WeakMap<Tensor, number>();
let failures = 0;

/** The number of failed evaluations so far. */
export function failureCount(): number {
  return failures;
}

/** Calls the listener after each evaluation that involves the tensor, for state that changed when the tensor was created. */
export function onOutcome(tensor: Tensor, listener: OutcomeListener): void {
  listeners.set(tensor, listener);
}

/** Records the outcome of an evaluation of these tensors. */
export function reportOutcome(order: readonly Tensor[], succeeded: boolean): void {
  // A success is news only to those that had to hear of a failure.
  if (succeeded && failures === 0) return;
  if (!succeeded) failures++;
  for (const tensor of order) {
    if (!succeeded && !isLeaf(tensor)) failureOf.set(tensor, failures);
    listeners.get(tensor)?.(succeeded);
  }
}

/** Gives up the step that tensors belong to, as if evaluating them had failed. */
export function abandon(tensors: readonly Tensor[]): void {
  reportOutcome(unevaluatedOrder(tensors), false);
}

/** Records that the tensor will not be computed, because what it depends on was not. */
export function reportDiscarded(tensor: Tensor): void {
  listeners.get(tensor)?.(false);
}

/** Whether an evaluation failed to compute the tensor. */
export function hasFailed(tensor: Tensor): boolean {
  return failureOf.has(tensor);
}

/** Whether the tensor needs one that an evaluation failed to compute after the first `since` failures. */
export function dependsOnFailure(tensor: Tensor, since: number): boolean {
  if (failures === since) return false;
  return unevaluatedOrder([tensor]).some((node) => !isLeaf(node) && (failureOf.get(node) ?? 0) > since);
}
