import { div, stack, type Tensor, type VariableTree, type VariableTreeOf } from '@thetagrad/core';
import { checkBoolean, checkOptions, checkNonnegative, collectVariables } from '@thetagrad/core/backend';
import { matchGrads } from './grads.ts';

export interface SamOptions {
  /** The radius ρ of the neighborhood. Default: 0.05. */
  readonly rho?: number;
  /** Whether the radius of each element is in proportion to its size (Kwon et al., ICML 2021). Default: false. */
  readonly adaptive?: boolean;
}

/**
 * The parameters in the neighborhood of the present ones at which the loss is highest, to first order: p + ρ · g / ‖g‖, with one
 * norm over all gradients; adaptive: p + ρ · p² g / ‖p g‖. Descending by the gradients there is sharpness-aware minimization. (Foret
 * et al., ICLR 2021, algorithm 1.)
 * @param tree the variables that the gradients are with respect to
 * @param grads the gradients of `valueAndGrad` of the same tree
 * @returns the parameters by name, for func's `functionalCall`
 * @throws {RangeError} if a gradient is missing, unknown or of another shape, or ρ is negative.
 */
export function samPerturb<Tree = VariableTree>(
  tree: Tree & VariableTreeOf<Tree>,
  grads: Readonly<Record<string, Tensor>>,
  options: SamOptions = {},
): Record<string, Tensor> {
  checkOptions('samPerturb', options, ['rho', 'adaptive']);
  const { rho = 0.05, adaptive = false } = options;
  checkNonnegative('samPerturb', 'rho', rho);
  checkBoolean('samPerturb', 'adaptive', adaptive);
  const trained = Object.entries(collectVariables('samPerturb', tree)).filter(([, { trainable }]) => trainable);
  const nameOf = new Map(trained.map(([name, variable]) => [variable, name]));
  const gradOf = matchGrads('samPerturb', grads, tree as VariableTree, nameOf);
  const scaled = trained.map(([name, variable]) => {
    const p = variable.value;
    const grad = gradOf.get(variable)!.astype(variable.dtype);
    return { name, p, direction: adaptive ? grad.mul(p) : grad };
  });
  const norm = stack(scaled.map(({ direction }) => direction.norm())).norm();
  // Keeps a norm of 0 from being divided by.
  const scale = div(rho, norm.add(1e-12));
  return Object.fromEntries(
    scaled.map(({ name, p, direction }) => {
      const ascent = adaptive ? direction.mul(p) : direction;
      return [name, p.add(ascent.mul(scale.astype(p.dtype)))];
    }),
  );
}
