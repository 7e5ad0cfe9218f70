import { customGradient, stopGradient, tensor, vjp, zerosLike, type Tensor } from '@thetagrad/core';
import {
  checkFunction,
  checkOptions,
  checkPositive,
  checkTensor,
  formatShape,
  sameShape,
} from '@thetagrad/core/backend';
import { checkFloat } from './checks.ts';
import { repeatWhile } from './control.ts';
import { callEquations, flattenParameters } from './implicit.ts';

/** Solves a linear system: x such that `apply(x)` is b. */
export type LinearSolver = (apply: (x: Tensor) => Tensor, b: Tensor) => Tensor;

export interface CustomRootOptions {
  /**
   * The solver of the linear systems of derivatives, whose matrix is the Jacobian of f or its transpose. Default: conjugate
   * gradients on the normal equations, which needs products with the matrix only, and at most about twice as many steps as there are unknowns.
   */
  readonly linearSolve?: LinearSolver;
  /** Where the default solver ends: the residual's gradient, relative to that at the start. Default: 1e-12, of float32 1e-6. */
  readonly tolerance?: number;
}

/**
 * A root z of f(z, parameters) = 0, found by any solver, with the gradient of the implicit function theorem (JAX's `custom_root`): of
 * the root, not of the solver, which may consist of any operations. A gradient costs the solution of one linear system. Gradients
 * of every order and mode flow to the parameters; what else f reads counts as constant.
 * @param f the equations: a tensor of z's shape, zero at the root. Its Jacobian there must not be singular.
 * @param solve gives the root for parameters.
 * @param parameters a tensor or a tree of them; those that are not floating-point are constant.
 * @throws {TypeError} if f or solve is not a function to a tensor, the root is not floating-point, or an option is invalid.
 * @throws {RangeError} if f's value differs from the root in shape or dtype.
 * @throws {Error} if f assigns to a variable.
 * @example
 * customRoot((z, a) => z.square().sub(a), (a) => a.sqrt(), tensor(4)); // tensor(2)
 */
export function customRoot<Parameters>(
  f: (z: Tensor, parameters: Parameters) => Tensor,
  solve: (parameters: Parameters) => Tensor,
  parameters: Parameters,
  options: CustomRootOptions = {},
): Tensor {
  checkFunction('customRoot: the equations', f);
  checkFunction('customRoot: the solver', solve);
  checkOptions('customRoot', options, ['linearSolve', 'tolerance']);
  const { tolerance, linearSolve = conjugateGradients(tolerance) } = options;
  checkFunction('customRoot: linearSolve', linearSolve);
  if (tolerance !== undefined) checkPositive('customRoot', 'tolerance', tolerance);
  const tree = flattenParameters('customRoot', parameters);
  const at = (leaves: readonly Tensor[]): Parameters => tree.rebuild(leaves) as Parameters;
  const equations: Equations = (z, leaves) => callEquations('customRoot', () => f(z, at(leaves)), z, 'the root');
  const find = (leaves: readonly Tensor[]): Tensor => {
    const root = solve(at(leaves));
    checkTensor('customRoot: the solver', root);
    checkFloat('customRoot', 'the root', root);
    // Finds mistakes before the first gradient; nothing computes it.
    equations(root, leaves);
    return root;
  };
  return rootOf(equations, find, tree.leaves, (apply, b) => {
    const x = linearSolve(apply, b);
    checkTensor('customRoot: linearSolve', x);
    if (sameShape(x.shape, b.shape)) return x;
    const shapes = `${formatShape(b.shape)}, got ${formatShape(x.shape)}`;
    throw new RangeError(`customRoot: linearSolve must give a tensor of the shape of b, ${shapes}`);
  });
}

type Equations = (z: Tensor, parameters: readonly Tensor[]) => Tensor;

function rootOf(
  f: Equations,
  solve: (parameters: readonly Tensor[]) => Tensor,
  parameters: readonly Tensor[],
  linearSolve: LinearSolver,
): Tensor {
  const root: Tensor = customGradient((...leaves: Tensor[]) => ({
    value: stopGradient(solve(leaves.map(stopGradient))),
    vjp: (cotangent): readonly Tensor[] => {
      const pull = (u: Tensor, z: Tensor, all: readonly Tensor[]): readonly Tensor[] =>
        vjp((z: Tensor, ...rest: Tensor[]) => f(z, rest), z, ...all).pullback(u);
      // (∂f/∂z)ᵀ u = cotangent is a root of linear equations, with the same parameters and two more.
      const adjoint: Equations = (u, [c, z, ...rest]) => pull(u, z!, rest)[0]!.sub(c!);
      const u = rootOf(
        adjoint,
        ([c, z, ...rest]) => linearSolve((x) => pull(x, z!, rest)[0]!, c!),
        [cotangent, root, ...leaves],
        linearSolve,
      );
      return pull(u.neg(), root, leaves).slice(1);
    },
  }))(...parameters);
  return root;
}

/**
 * Solves A x = b by conjugate gradients on AᵀA x = Aᵀb (CGNR: Saad, "Iterative methods for sparse linear systems", 2003, section 8.3).
 */
function conjugateGradients(tolerance: number | undefined): LinearSolver {
  return (apply, b) => {
    const start = zerosLike(b);
    const transposed = vjp(apply, start).pullback;
    const pull = (r: Tensor): Tensor => transposed(r)[0];
    const first = pull(b);
    const initial = first.square().sum();
    const threshold = initial.mul((tolerance ?? (b.dtype === 'float64' ? 1e-12 : 1e-6)) ** 2);
    const maxSteps = 2 * b.size + 10;
    const [x] = repeatWhile(
      'customRoot',
      ([, , , squares, step]: readonly Tensor[]) => squares!.greater(threshold).logicalAnd(step!.less(maxSteps)),
      ([x, r, p, squares, step]) => {
        const image = apply(p!);
        const length = squares!.div(image.square().sum());
        const residual = r!.sub(image.mul(length));
        const z = pull(residual);
        const next = z.square().sum();
        return [x!.add(p!.mul(length)), residual, z.add(p!.mul(next.div(squares!))), next, step!.add(1)];
      },
      [start, b, first, initial, tensor(0, { dtype: 'int32' })],
    );
    return x!;
  };
}
