// A routine and an elementwise operation as packages define them, without code for any backend.
import { defineUnary, type Tensor, type Unary } from '@thetagrad/core';
import { applyRoutine, batchAlongAxis, normalizeAxis, positions, type Routine } from '@thetagrad/core/backend';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** The elements along an axis in reverse order. An error if an element is NaN. */
    'test.reverse': { inputs: 1; attributes: { readonly axis: number } };
  }
}

const Reverse: Routine<'test.reverse'> = {
  kind: 'routine',
  name: 'test.reverse',
  run: (output, _shape, [{ values, view }], { axis }) => {
    const { shape, strides, offset } = view;
    const from = positions({
      shape,
      strides: strides.with(axis, -strides[axis]!),
      offset: offset + (shape[axis]! - 1) * strides[axis]!,
    });
    for (let i = 0; i < output.length; i++) {
      const value = values[from[i]!]!;
      if (Number.isNaN(value)) throw new RangeError(`reverse: element ${i} is NaN; replace it first`);
      output[i] = value;
    }
  },
  vjp: (cotangent, { attributes: { axis } }) => reverse(cotangent, axis),
  jvp: (tangent, { attributes: { axis } }) => reverse(tangent, axis),
  batch: batchAlongAxis,
};

/** The elements along an axis in reverse order. */
export function reverse(x: Tensor, axis = -1): Tensor {
  return applyRoutine(Reverse, [x], x, { axis: normalizeAxis('reverse', axis, x.ndim) });
}

/** The cube root, by a JavaScript function alone. */
export const cubeRoot: Unary = defineUnary({
  name: 'cubeRoot',
  dtypes: 'float',
  value: Math.cbrt,
  derivatives: [(t, _x, out) => t.strongDiv(out.mul(out).mul(3))],
  domain: [{ from: 0.5, to: 3 }],
});
