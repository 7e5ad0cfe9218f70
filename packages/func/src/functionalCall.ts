// Modules as functions of their parameters.
import { Tensor, type VariableTree, type VariableTreeOf } from '@thetagrad/core';
import {
  argumentError,
  checkFunction,
  collectVariables,
  describe,
  isPlainObject,
  sameShape,
} from '@thetagrad/core/backend';
import { formatType } from './checks.ts';

/**
 * The values of the trainable variables of modules, by the names that core's `namedVariables` gives: the parameters for
 * {@link functionalCall}.
 * @throws {TypeError} if the tree contains anything but variables, modules, arrays and objects of them.
 * @example
 * parametersOf({ weight: new Variable(tensor([1, 2])) }); // { weight: tensor([1, 2]) }
 */
export function parametersOf<Variables = VariableTree>(
  variables: Variables & VariableTreeOf<Variables>,
): Record<string, Tensor> {
  const all = Object.entries(collectVariables('parametersOf', variables));
  return Object.fromEntries(all.flatMap(([name, variable]) => (variable.trainable ? [[name, variable.value]] : [])));
}

/**
 * Calls a function in which variables of modules have other values (PyTorch's `functional_call`): a module as a function of its
 * parameters, for `grad`, `vmap` over many sets of parameters, or an update that can be differentiated. The modules stay as they
 * are.
 * @param parameters by the names of {@link parametersOf}; variables that are not named keep their values.
 * @throws {TypeError} if f is not a synchronous function, or a parameter is not a tensor.
 * @throws {RangeError} if a name is that of no variable, or a parameter differs from its variable in shape or dtype.
 * @example
 * ((weight) => functionalCall(weight, { weight: tensor(5) }, () => weight.value.mul(2)))(new Variable(tensor(1), { name: 'weight' })); // tensor(10)
 */
export function functionalCall<Result, Variables = VariableTree>(
  variables: Variables & VariableTreeOf<Variables>,
  parameters: Readonly<Record<string, Tensor>>,
  f: () => Result,
): Result {
  checkFunction('functionalCall', f);
  const named = collectVariables('functionalCall', variables);
  if (!isPlainObject(parameters)) {
    throw argumentError(
      'functionalCall',
      'parameters',
      'an object of tensors by the names of variables',
      parameters,
      false,
    );
  }
  const entries = Object.entries(parameters).map(([name, value]) => {
    const variable = Object.hasOwn(named, name) ? named[name] : undefined;
    if (!variable) {
      throw new RangeError(`functionalCall: no variable is named '${name}'; expected ${Object.keys(named).join(', ')}`);
    }
    if (!(value instanceof Tensor)) throw argumentError('functionalCall', name, 'a tensor', value, false);
    if (!sameShape(value.shape, variable.shape) || value.dtype !== variable.dtype) {
      throw new RangeError(
        `functionalCall: variable '${name}' expects ${formatType(variable)}, got ${formatType(value)}`,
      );
    }
    return [variable, value] as const;
  });
  const restore = entries.map(([variable, value]) => variable.substitute(value));
  try {
    const result = f();
    if (!(result instanceof Promise)) return result;
    throw new TypeError(`functionalCall: the function must return a value, got ${describe(result)}`);
  } finally {
    for (const undo of restore.toReversed()) undo();
  }
}
