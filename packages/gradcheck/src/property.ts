import type { TensorTree } from '@thetagrad/core';
import fc from 'fast-check';
import { checkTree, collectInputs, type GradientOptions } from './check.ts';
import { isFloatTensor } from './tree.ts';

/** One arbitrary for each argument of a function, or one for all of them (where they depend on each other). */
export type ArgumentArbitraries<Arguments extends readonly unknown[]> =
  | fc.Arbitrary<Arguments>
  | { readonly [Index in keyof Arguments]: fc.Arbitrary<Arguments[Index]> };

/**
 * The property that the gradients of f are right for all generated arguments, by {@link checkGradients}, for
 * `fc.assert`. A failure is shrunk to a smallest failing case and reported with the seed and path that replay it.
 *
 * Differentiated are the floating-point tensors among the arguments, also in arrays and plain objects; anything else
 * (axes, labels, options) is passed on as it is.
 */
export function gradientProperty<Arguments extends readonly unknown[]>(
  f: (...inputs: Arguments) => TensorTree,
  arbitraries: ArgumentArbitraries<Arguments>,
  options: GradientOptions = {},
): fc.IPropertyWithHooks<[Arguments]> {
  const inputs = Array.isArray(arbitraries)
    ? (fc.tuple(...(arbitraries as readonly fc.Arbitrary<unknown>[])) as unknown as fc.Arbitrary<Arguments>)
    : (arbitraries as fc.Arbitrary<Arguments>);
  return fc.property(inputs, (generated) => {
    const tree = collectInputs(generated, isFloatTensor);
    checkTree(f as unknown as (...inputs: unknown[]) => unknown, tree, options);
  });
}

/**
 * `fc.assert` of {@link gradientProperty}: throws an error that tells the wrong gradient, the smallest case found, and the
 * seed and path that replay it.
 * @param parameters of `fc.assert`: `numRuns`, or `seed` and `path` to replay a failure.
 */
export function assertGradients<Arguments extends readonly unknown[]>(
  f: (...inputs: Arguments) => TensorTree,
  arbitraries: ArgumentArbitraries<Arguments>,
  options: GradientOptions = {},
  parameters: fc.Parameters<[Arguments]> = {},
): void {
  fc.assert(gradientProperty(f, arbitraries, options), { includeErrorInReport: true, ...parameters });
}
