import type { DType } from '../data/dtype.ts';
import type { ScalarFunction } from './function.ts';
import { call, scalarTypeOf, type Scalar } from './scalar.ts';
import { float32Functions } from './transcendental/index.ts';

/** Lowers an operation to a scalar expression of type `dtype`, or to a call of its definition if it has no expression. */
export function lowered({ lower, value, integer }: ScalarFunction, inputs: readonly Scalar[], dtype: DType): Scalar {
  const type = scalarTypeOf(dtype);
  const transcendental = inputs[0]?.type === 'f32' ? float32Functions.get(value) : undefined;
  const expression = lower?.(...inputs) ?? transcendental?.(...inputs);
  return expression?.to(type) ?? call(dtype === 'int32' ? (integer ?? value) : value, type, inputs);
}
