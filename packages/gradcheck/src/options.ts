import { random, type Backend, type Key, type VariableTree, type VariableTreeOf } from '@thetagrad/core';
import { checkInteger, checkNonnegative, checkOptions, checkPositive } from '@thetagrad/core/backend';
import { describeValue } from './tree.ts';

/** Options of {@link checkGradients}, {@link gradientProperty} and {@link assertGradients}. */
export interface GradientOptions<Variables = VariableTree> {
  /** How often to differentiate: 1 checks the gradient, 2 also the gradient of the gradient, and so on. Default: 1. */
  readonly order?: number;
  /** The relative tolerance. Default: 1e-6. */
  readonly rtol?: number;
  /** The absolute tolerance; lower it for gradients as small as that. Default: 1e-9. */
  readonly atol?: number;
  /** The first, largest step of the central differences. Kinks should be further away. Default: 1/64. */
  readonly step?: number;
  /**
   * How many elements of each input are checked one by one; larger inputs are sampled, and the rest is checked along one
   * random direction. Default: 64.
   */
  readonly elements?: number;
  /** The seed of random directions and samples. Default: 0. */
  readonly seed?: number;
  /** The function's name in messages. Default: the name of the function itself. */
  readonly name?: string;
  /** Variables (modules, optimizers, …) that f reads: the trainable ones are checked like inputs. Default: none. */
  readonly variables?: Variables & VariableTreeOf<Variables>;
  /** The backend, which must support float64 and synchronous reads. Default: the portable backend. */
  readonly backend?: Backend;
}

/** The options of a check, with defaults filled in. */
export interface Settings {
  readonly name: string;
  readonly order: number;
  readonly rtol: number;
  readonly atol: number;
  readonly step: number;
  readonly elements: number;
  readonly key: Key;
}

export function resolveOptions(f: unknown, options: Omit<GradientOptions, 'variables'>): Settings {
  const name = functionName(f, options);
  const { order = 1, rtol = 1e-6, atol = 1e-9, step = 1 / 64, elements = 64, seed = 0 } = options;
  const operation = 'checkGradients';
  checkNonnegative(operation, 'rtol', rtol);
  checkNonnegative(operation, 'atol', atol);
  checkPositive(operation, 'step', step);
  checkInteger(operation, 'elements', elements, { min: 1 });
  checkInteger(operation, 'order', order, { min: 1 });
  checkInteger(operation, 'seed', seed, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  const key = random.key(seed);
  return { name, order, rtol, atol, step, elements, key };
}

const optionNames = ['order', 'rtol', 'atol', 'step', 'elements', 'seed', 'name', 'variables', 'backend'] as const;

/** @throws {TypeError} if f is not a function, or an option is unknown. */
export function functionName(f: unknown, options: Omit<GradientOptions, 'variables'>): string {
  checkOptions<GradientOptions>('checkGradients', options, optionNames);
  if (typeof f !== 'function') throw new TypeError(`checkGradients: expected a function, got ${describeValue(f)}`);
  return options.name ?? (f.name || 'the function');
}
