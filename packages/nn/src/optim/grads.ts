import { Tensor, type Variable, type VariableTree } from '@thetagrad/core';
import { argumentError, collectVariables, ownersOf, sameShape } from '@thetagrad/core/backend';
import { formatType } from '../state.ts';

/** @throws {TypeError} if the gradients are not an object of tensors. */
export function checkGrads(operation: string, grads: unknown): void {
  if (typeof grads !== 'object' || grads === null) {
    throw argumentError(operation, 'the gradients', 'an object of tensors', grads, false);
  }
  for (const [name, grad] of Object.entries(grads)) {
    if (!(grad instanceof Tensor)) throw argumentError(operation, `the gradient '${name}'`, 'a tensor', grad, false);
  }
}

/**
 * The gradient of each trained variable. Matches by variable; gradients without owners match by name.
 * @param tree the variables that the optimizer was made for
 * @param nameOf the names of the trained ones
 * @throws {RangeError} if a gradient is missing, unknown or of another shape.
 */
export function matchGrads(
  operation: string,
  grads: Readonly<Record<string, Tensor>>,
  tree: VariableTree,
  nameOf: ReadonlyMap<Variable, string>,
): ReadonlyMap<Variable, Tensor> {
  checkGrads(operation, grads);
  const owners = ownersOf(grads) ?? collectVariables(operation, tree);
  const gradOf = new Map<Variable, Tensor>();
  const unknown: string[] = [];
  for (const [name, grad] of Object.entries(grads)) {
    const owner = Object.hasOwn(owners, name) ? owners[name]! : undefined;
    if (owner && nameOf.has(owner)) gradOf.set(owner, grad);
    else unknown.push(name);
  }
  const missing = [...nameOf].filter(([variable]) => !gradOf.has(variable)).map(([, name]) => name);
  const replaced = missing.filter((name) => unknown.includes(name));
  if (replaced.length > 0) {
    throw new RangeError(
      `${operation}: ${replaced.join(', ')} is not the variable that the optimizer was made for; ` +
        'after a layer is replaced make a new optimizer',
    );
  }
  if (missing.length > 0 || unknown.length > 0) {
    const problems = [
      ...(missing.length > 0 ? [`no gradient for ${missing.join(', ')}`] : []),
      ...(unknown.length > 0 ? [`no variable for the gradients of ${unknown.join(', ')}`] : []),
    ];
    throw new RangeError(
      `${operation}: ${problems.join('; ')}; differentiate with respect to the variables passed to the constructor`,
    );
  }
  for (const [variable, grad] of gradOf) {
    if (!sameShape(grad.shape, variable.shape)) {
      const name = nameOf.get(variable)!;
      throw new RangeError(
        `${operation}: the gradient of ${name} is ${formatType(grad)}, the variable ${formatType(variable)}`,
      );
    }
  }
  return gradOf;
}
