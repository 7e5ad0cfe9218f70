import { customGradient, ones, stopGradient, vjp, type Tensor } from '@thetagrad/core';
import { checkFunction, checkInteger, checkOptions, checkPositive, checkTensor } from '@thetagrad/core/backend';
import { checkFloat } from './checks.ts';
import { repeatWhile } from './control.ts';
import { callEquations, flattenParameters } from './implicit.ts';

export interface FixedPointOptions {
  /** The largest change of an element at which the iteration ends; for gradients, relative to the cotangent. Default: 1e-6. */
  readonly tolerance?: number;
  /** The maximum number of steps. Default: 1000. */
  readonly maxSteps?: number;
}

/**
 * The fixed point z = f(z, parameters) of a contraction, by iteration from a first guess, with the gradient of the implicit
 * function theorem: of the solution, not of the iteration, so that memory does not grow with the steps. The gradient is found by
 * an iteration of the same length. Gradients of every order and mode flow to the parameters; what else f reads counts as
 * constant. A root of g is a fixed point of z − g(z) · step. (Bai, Kolter, Koltun, "Deep equilibrium models", 2019, section 3.)
 * @param guess where to begin, floating-point; it has no gradient.
 * @param parameters a tensor or a tree of them; those that are not floating-point are constant.
 * @throws {TypeError} if f is not a function to a tensor, the guess is not floating-point, or an option is invalid.
 * @throws {RangeError} if f changes the shape or dtype.
 * @throws {Error} if f assigns to a variable.
 * @example
 * fixedPoint((z, a) => z.add(a.div(z)).mul(0.5), tensor(1), tensor(2)); // tensor(1.4142)
 */
export function fixedPoint<Parameters>(
  f: (z: Tensor, parameters: Parameters) => Tensor,
  guess: Tensor,
  parameters: Parameters,
  options: FixedPointOptions = {},
): Tensor {
  checkFunction('fixedPoint', f);
  checkTensor('fixedPoint: the guess', guess);
  checkFloat('fixedPoint', 'the guess', guess);
  checkOptions('fixedPoint', options, ['tolerance', 'maxSteps']);
  const { tolerance = 1e-6, maxSteps = 1000 } = options;
  checkPositive('fixedPoint', 'tolerance', tolerance);
  checkInteger('fixedPoint', 'maxSteps', maxSteps, { min: 1 });
  const tree = flattenParameters('fixedPoint', parameters);
  const step: Step = (z, leaves) =>
    callEquations('fixedPoint', () => f(z, tree.rebuild(leaves) as Parameters), z, 'the guess');
  return solve(step, stopGradient(guess), tree.leaves, { tolerance, maxSteps });
}

type Step = (z: Tensor, parameters: readonly Tensor[]) => Tensor;

function solve(f: Step, guess: Tensor, parameters: readonly Tensor[], options: Required<FixedPointOptions>): Tensor {
  const solution: Tensor = customGradient((...leaves: Tensor[]) => ({
    value: iterate((z) => f(z, leaves.map(stopGradient)), guess, options),
    vjp: (cotangent): readonly Tensor[] => {
      const pull = (u: Tensor, z: Tensor, all: readonly Tensor[]) =>
        vjp((z: Tensor, ...rest: Tensor[]) => f(z, rest), z, ...all).pullback(u);
      // u = cotangent + (∂f/∂z)ᵀ u is the cotangent of the last step, were there one.
      const adjoint: Step = (u, [first, z, ...rest]) => first!.add(pull(u, z!, rest)[0]);
      // The tolerance is relative to the cotangent, in which the solution is linear.
      const scale = largestOf(cotangent);
      const scaled = cotangent.div(scale);
      const u = solve(adjoint, stopGradient(scaled), [scaled, solution, ...leaves], options).mul(scale);
      return pull(u, solution, leaves).slice(1);
    },
  }))(...parameters);
  return solution;
}

/** The largest magnitude of an element, without a gradient; 1 if it is 0 or not finite, or there is no element. */
function largestOf(x: Tensor): Tensor {
  const one = ones([], { dtype: x.dtype });
  if (x.size === 0) return one;
  const largest = stopGradient(x).abs().max();
  return largest.greater(0).logicalAnd(largest.isfinite()).where(largest, one);
}

/** Iterates without a gradient: a loop with `maxSteps` would keep the carries of all steps for it. */
function iterate(
  f: (z: Tensor) => Tensor,
  guess: Tensor,
  { tolerance, maxSteps }: Required<FixedPointOptions>,
): Tensor {
  const [z] = repeatWhile(
    'fixedPoint',
    ([z, previous, count]: Tensor[]) =>
      z!.sub(previous!).abs().greater(tolerance).any().logicalAnd(count!.less(maxSteps)),
    ([z, , count]: Tensor[]) => [f(z!), z!, count!.add(1)],
    [f(guess), guess, ones([], { dtype: guess.dtype })],
  );
  return z!;
}
