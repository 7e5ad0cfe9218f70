import type { Tensor, Variable, VariableTree } from '@thetagrad/core';
import { collectVariables } from '@thetagrad/core/backend';
import { isFloatTensor, type Leaf } from './tree.ts';

/** The variables that a function reads, as further inputs of it. */
export class VariableInputs {
  /** The trainable floating-point variables. */
  readonly leaves: readonly Leaf[];
  readonly #all: readonly Variable[];
  readonly #trainable: readonly Variable[];

  constructor(tree: VariableTree) {
    const named = Object.entries(collectVariables('checkGradients', tree));
    const trainable = named.filter(([, variable]) => variable.trainable && isFloatTensor(variable.value));
    this.#all = named.map(([, variable]) => variable);
    this.#trainable = trainable.map(([, variable]) => variable);
    this.leaves = trainable.map(([name, variable]) => ({ tensor: variable.value, path: `variable ${name}` }));
  }

  /** Calls f with other values in the trainable variables, then restores the values of all variables. */
  bind<Result>(tensors: readonly Tensor[], f: () => Result): Result {
    const values = this.#all.map((variable) => variable.value);
    const undo = this.#trainable.map((variable, i) => variable.substitute(tensors[i]!));
    try {
      return f();
    } finally {
      for (const restore of undo) restore();
      this.#all.forEach((variable, i) => {
        if (variable.value !== values[i]) variable.assign(values[i]!);
      });
    }
  }
}
