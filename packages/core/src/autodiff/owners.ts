import type { Variable } from '../graph/variable.ts';

const owners = new WeakMap<object, Readonly<Record<string, Variable>>>();

/** Records which variable each of the named gradients belongs to. Returns the gradients. */
export function recordOwners<Grads extends object>(grads: Grads, variables: Readonly<Record<string, Variable>>): Grads {
  owners.set(grads, variables);
  return grads;
}

/** The variables that named gradients of `valueAndGrad` belong to; `undefined` for other objects. */
export function ownersOf(grads: object): Readonly<Record<string, Variable>> | undefined {
  return owners.get(grads);
}
