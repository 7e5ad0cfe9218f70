// Looking at values where they are computed.
import type { Shape, Tensor, TypedArray } from '@thetagrad/core';
import {
  applyRoutine,
  argumentError,
  batchLeading,
  checkTensor,
  formatShape,
  formatTensor,
  guard,
  load,
  positions,
  show,
  type DType,
  type Routine,
  type Strided,
} from '@thetagrad/core/backend';
import { checkFinite } from './anomaly.ts';
import { deepStack, lineOf } from './callSite.ts';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** Prints the input when it is computed, and copies it. */
    'func.debug': { inputs: 1; attributes: { readonly label: string } };
    /** Throws if the input is not finite when it is computed, or else copies it. */
    'func.assertFinite': { inputs: 1; attributes: { readonly line: string } };
  }
}

let isDebugging = true;

/**
 * Turns `debug`, `assertFinite` and `assertShape` on or off in this process: off, they return their argument, at no cost. Graphs that
 * have been built keep what they have. Default: on.
 * @throws {TypeError} if it is not a boolean.
 * @example
 * setDebugging(true); // undefined
 */
export function setDebugging(enabled: boolean): void {
  if (typeof enabled !== 'boolean') throw argumentError('setDebugging', 'enabled', 'true or false', enabled, false);
  isDebugging = enabled;
}

/**
 * The same values, printed with `console.log` when they are computed (JAX's `debug.print`). Use the returned tensor: what nothing
 * reads is not computed. Prints once for each time the value is computed: in a loop for each step, in a compiled function for
 * each call, under `vmap` all examples at once, as a tensor with their axis first, and under `checkpoint` and in the gradient of
 * a loop again where the backward pass computes it again. The gradient passes and is not printed. The value is stored, not fused,
 * and computed on the host.
 * @param label a few words that are the same in every call, since each label makes another plan. Default: `debug`.
 * @throws {TypeError} if x is not a tensor, or the label not a string.
 * @example
 * debug(tensor([1, 2]), 'x').mul(2); // tensor([2, 4])
 */
export function debug(x: Tensor, label = 'debug'): Tensor {
  checkTensor('debug', x);
  if (typeof label !== 'string') throw argumentError('debug', 'label', 'a string', label, false);
  return guard(() => isDebugging) ? applyRoutine(Debug, [x], x, { label }) : x;
}

/**
 * The same values, checked when they are computed: a NaN or an infinity makes the evaluation fail, with the element and the line of
 * the caller, and leaves variables as they were. The gradient passes and is not checked. As {@link debug} where it is computed
 * repeatedly, and in its cost.
 * @throws {TypeError} if x is not a tensor.
 * @throws {AnomalyError} from the evaluation, if an element is NaN or infinite.
 * @example
 * assertFinite(tensor([1, 4])).sqrt(); // tensor([1, 2])
 */
export function assertFinite(x: Tensor): Tensor {
  checkTensor('assertFinite', x);
  if (!guard(() => isDebugging)) return x;
  return applyRoutine(AssertFinite, [x], x, { line: lineOf(deepStack()) ?? '' });
}

/**
 * The tensor, whose shape is checked at once (chex's `assert_shape`).
 * @param shape the expected sizes; `null` for any.
 * @throws {TypeError} if x is not a tensor, or the shape not an array.
 * @throws {RangeError} if the shape is another.
 * @example
 * assertShape(zeros([8, 3]), [null, 3]).shape; // [8, 3]
 */
export function assertShape(x: Tensor, shape: readonly (number | null)[]): Tensor {
  checkTensor('assertShape', x);
  if (!Array.isArray(shape)) throw argumentError('assertShape', 'shape', 'an array of sizes and null', shape, false);
  if (!isDebugging) return x;
  const isFitting = shape.length === x.ndim && shape.every((size, axis) => size === null || size === x.shape[axis]);
  if (!isFitting) throw new RangeError(`assertShape: expected shape ${show(shape)}, got ${formatShape(x.shape)}`);
  return x;
}

/** Copies elements to row-major order. */
function copy(output: TypedArray, { values, view }: Strided): void {
  positions(view).forEach((position, i) => (output[i] = load(values, position)));
}

function dtypeOf(values: TypedArray): DType {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Float64Array) return 'float64';
  return values instanceof Int32Array ? 'int32' : 'bool';
}

const Debug: Routine<'func.debug'> = {
  kind: 'routine',
  name: 'func.debug',
  run: (output, shape, [x], { label }) => {
    copy(output, x);
    console.log(`${label}: ${formatTensor(output, shape, dtypeOf(output))}`);
  },
  vjp: (cotangent) => cotangent,
  jvp: (tangent) => tangent,
  batch: batchLeading,
};

const AssertFinite: Routine<'func.assertFinite'> = {
  kind: 'routine',
  name: 'func.assertFinite',
  run: (output: TypedArray, shape: Shape, [x], { line }) => {
    copy(output, x);
    checkFinite('assertFinite', output, { dtype: dtypeOf(output), shape }, line === '' ? undefined : line);
  },
  vjp: (cotangent) => cotangent,
  jvp: (tangent) => tangent,
  batch: batchLeading,
};
