// Undoing what a failed step changed: when building its graph throws, and when evaluating it fails.
import { isLeaf, topologicalOrder, unevaluatedOrder } from './order.ts';
import { recordListener, type OutcomeListener } from './recording.ts';
import { stepStartOf, type Tensor } from './tensor.ts';

let undos: (() => void)[] | undefined;

/**
 * Runs f, which is part of a step. If it throws, undoes the assignments to variables, and other changes that
 * {@link recordUndo} was told of.
 */
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

/** Whether a function that {@link atomically} was given is running. */
export function isInStep(): boolean {
  return undos !== undefined;
}

/** Records how to undo a change, for {@link atomically}. */
export function recordUndo(undo: () => void): void {
  undos?.push(undo);
}

/** A value that a variable was assigned. */
export interface Assigned {
  readonly name: string;
  readonly value: Tensor;
}

let assignments: Assigned[] | undefined;

/** Runs f, and lists the assignments to variables that it makes. */
export function collectAssignments<Result>(f: () => Result): { result: Result; assigned: readonly Assigned[] } {
  const outer = assignments;
  const assigned: Assigned[] = (assignments = []);
  try {
    return { result: f(), assigned };
  } finally {
    assignments = outer;
    outer?.push(...assigned);
  }
}

/** Records an assignment, for {@link collectAssignments}. */
export function recordAssignment(assigned: Assigned): void {
  assignments?.push(assigned);
}

const listeners = new WeakMap<Tensor, OutcomeListener>();
let hasFailed = false;

/**
 * Calls the listener after evaluations of steps that involve the tensor, for state that changed when it was created.
 * @param listener returns it; called again in each replay of a compiled function.
 */
export function onOutcome(tensor: Tensor, listener: () => OutcomeListener | undefined): void {
  const now = listener();
  if (now) listeners.set(tensor, now);
  recordListener(listener);
}

/** Tells the listeners of these tensors the outcome of a step. */
export function reportOutcome(tensors: readonly Tensor[], succeeded: boolean): void {
  // A success is news only to those that had to hear of a failure.
  if (succeeded && !hasFailed) return;
  const own = tensors.map((tensor) => listeners.get(tensor));
  tell(own, succeeded);
}

/** Tells listeners the outcome of a step. */
export function tell(all: readonly (OutcomeListener | undefined)[], succeeded: boolean): void {
  hasFailed ||= !succeeded;
  for (const listener of all) listener?.(succeeded);
}

/** The number of the last abandoned step that a tensor belongs to, or that it is computed from. */
const abandonedAt = new WeakMap<Tensor, number>();
/** As {@link abandonedAt}, by the start of the step, for its results. */
const abandonedStarts = new Map<number, number>();
const dependsOnAt = new WeakMap<Tensor, { readonly checkedAt: number; readonly step: number }>();
let abandonedSteps = 0;

/** The number of steps that were abandoned so far. */
export function abandonedCount(): number {
  return abandonedSteps;
}

/** Gives up the last step that the tensors belong to: values that were assigned from it are no longer in effect. */
export function abandon(tensors: readonly Tensor[]): void {
  const order = unevaluatedOrder(tensors);
  const start = order.reduce((latest, tensor) => Math.max(latest, stepStartOf(tensor)), 0);
  abandonedStarts.set(start, ++abandonedSteps);
  const ofStep = order.filter((tensor) => tensor.id >= start);
  for (const tensor of ofStep) if (!isLeaf(tensor)) abandonedAt.set(tensor, abandonedSteps);
  reportOutcome(ofStep, false);
}

/** Whether the tensor is computed from a step that was abandoned after the first `since` ones. */
export function dependsOnAbandoned(tensor: Tensor, since: number): boolean {
  const known = (node: Tensor): number | undefined => {
    const entry = dependsOnAt.get(node);
    return entry?.checkedAt === abandonedSteps ? entry.step : undefined;
  };
  const order = topologicalOrder([tensor], (node) => (isLeaf(node) || known(node) !== undefined ? [] : node.inputs));
  for (const node of order) {
    if (known(node) !== undefined) continue;
    let step = isLeaf(node) ? 0 : (abandonedAt.get(node) ?? abandonedStarts.get(stepStartOf(node)) ?? 0);
    if (!isLeaf(node)) for (const input of node.inputs) step = Math.max(step, known(input)!);
    dependsOnAt.set(node, { checkedAt: abandonedSteps, step });
  }
  return known(tensor)! > since;
}
