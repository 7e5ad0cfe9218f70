import type { TensorTree } from '@thetagrad/core';
import fc from 'fast-check';
import { test } from 'vitest';
import {
  assertGradients,
  shapes,
  type ArgumentArbitraries,
  type GradientOptions,
  type ShapeOptions,
} from '../../src/index.ts';

/** An operation of core and arbitrary arguments of it. */
export interface Case {
  readonly name: string;
  readonly f: (...inputs: readonly unknown[]) => TensorTree;
  readonly inputs: fc.Arbitrary<readonly unknown[]>;
  readonly options: GradientOptions;
}

export function defineCase<Arguments extends readonly unknown[]>(
  name: string,
  inputs: ArgumentArbitraries<Arguments>,
  f: (...inputs: Arguments) => TensorTree,
  options: GradientOptions = {},
): Case {
  const all = (
    Array.isArray(inputs) ? fc.tuple(...(inputs as readonly fc.Arbitrary<unknown>[])) : inputs
  ) as fc.Arbitrary<Arguments>;
  return { name, f: f as unknown as Case['f'], inputs: all, options };
}

/** Chains arguments to arbitrary shapes. */
export function forShapes<Arguments>(
  build: (shape: readonly number[]) => fc.Arbitrary<Arguments>,
  options: ShapeOptions = {},
): fc.Arbitrary<Arguments> {
  return shapes(options).chain(build);
}

/** Defines a test for each case: first and second derivatives at random arguments. */
export function checkAll(cases: readonly Case[], numRuns = 5): void {
  test.for(cases.map((each) => [each.name, each] as const))('%s', ([name, { f, inputs, options }]) => {
    assertGradients(f, inputs, { order: 2, elements: 12, name, ...options }, { numRuns });
  });
}
