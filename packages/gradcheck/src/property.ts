import type { TensorTree, TensorTreeOf, VariableTree } from '@thetagrad/core';
import fc from 'fast-check';
import { checkTree } from './checkGradients.ts';
import type { GradientOptions } from './options.ts';
import { flattenInputs, isFloatTensor } from './tree.ts';

/** One arbitrary for each argument of a function, or one for the tuple of all arguments where they depend on each other. */
export type ArgumentArbitraries<Arguments extends readonly unknown[]> =
  | fc.Arbitrary<Arguments>
  | { readonly [Index in keyof Arguments]: fc.Arbitrary<Arguments[Index]> };

/**
 * The property that the gradients of f are right for all generated arguments, for `fc.assert`. {@link checkGradients}
 * says what is checked. A failure shrinks to a smallest case and prints the seed and path that replay it.
 *
 * Floating-point tensors among the arguments, also in arrays and plain objects, are differentiated; anything else (axes,
 * labels, options) is passed on.
 *
 * @param f takes the generated arguments and returns floating-point tensors, alone or in arrays and plain objects.
 * @param arbitraries one arbitrary for each argument, or one for the tuple of all arguments.
 */
export function gradientProperty<
  Arguments extends readonly unknown[],
  Result extends TensorTreeOf<Result> = TensorTree,
  Variables = VariableTree,
>(
  f: (...inputs: Arguments) => Result,
  arbitraries: ArgumentArbitraries<Arguments>,
  options: GradientOptions<Variables> = {},
): fc.IPropertyWithHooks<[Arguments]> {
  const inputs = Array.isArray(arbitraries)
    ? (fc.tuple(...(arbitraries as readonly fc.Arbitrary<unknown>[])) as unknown as fc.Arbitrary<Arguments>)
    : (arbitraries as fc.Arbitrary<Arguments>);
  return fc.property(inputs, (generated) => {
    const tree = flattenInputs(generated, isFloatTensor);
    checkTree(f as unknown as (...inputs: unknown[]) => unknown, tree, options);
  });
}

/**
 * Asserts {@link gradientProperty} with `fc.assert`.
 * @param parameters those of `fc.assert`: `numRuns`, or `seed` and `path` to replay a failure.
 * @throws {Error} that contains the smallest failing case, the {@link GradientError} and the seed and path that replay it.
 */
export function assertGradients<
  Arguments extends readonly unknown[],
  Result extends TensorTreeOf<Result> = TensorTree,
  Variables = VariableTree,
>(
  f: (...inputs: Arguments) => Result,
  arbitraries: ArgumentArbitraries<Arguments>,
  options: GradientOptions<Variables> = {},
  parameters: fc.Parameters<[Arguments]> = {},
): void {
  fc.assert(gradientProperty(f, arbitraries, options), { includeErrorInReport: true, ...parameters });
}
