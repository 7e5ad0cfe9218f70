import type { DType } from '../dtype.ts';
import { call, nodesOf, parameter, scalarTypeOf, type Scalar } from '../scalar.ts';
import type { Elementwise } from './primitive.ts';

/** An operation on scalars, as its record lowers it; where it does not, a call of its definition. */
export function lowered(operation: Elementwise, inputs: readonly Scalar[], dtype: DType): Scalar {
  const type = scalarTypeOf(dtype);
  const expression = operation.lower?.(...inputs);
  if (expression) return expression.to(type);
  const { value, integer } = operation;
  return call(dtype === 'int32' && integer ? (integer as Elementwise['value']) : value, type, inputs);
}

const weights = new WeakMap<Elementwise, number>();
/** What a call weighs against one node of arithmetic. */
const callWeight = 64;

/** How much work an operation is for each element: the nodes of its lowering for float32. */
export function weightOf(operation: Elementwise): number {
  let weight = weights.get(operation);
  if (weight === undefined) {
    const logical = operation.dtypes === 'logical';
    const type = logical ? 'bool' : operation.dtypes === 'bitwise' ? 'i32' : 'f32';
    const inputs = operation.domain.map((_, i) =>
      parameter(operation.dtypes === 'select' && i === 0 ? 'bool' : type, i),
    );
    const nodes = nodesOf(lowered(operation, inputs, logical ? 'bool' : type === 'i32' ? 'int32' : 'float32'));
    weight = nodes.reduce(
      (sum, { operation: kind }) =>
        sum + (kind === 'call' ? callWeight : kind === 'parameter' || kind === 'constant' ? 0 : 1),
      0,
    );
    weights.set(operation, weight);
  }
  return weight;
}
