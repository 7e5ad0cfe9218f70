import type { DType } from '../data/dtype.ts';
import { call, parameter, scalarTypeOf, type Scalar } from './scalar.ts';
import type { Elementwise } from '../graph/primitive.ts';

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

/** How much work an operation is for each element: the nodes of its lowering for float32, but those rarely computed. */
export function weightOf(operation: Elementwise): number {
  let weight = weights.get(operation);
  if (weight === undefined) {
    const logical = operation.dtypes === 'logical';
    const type = logical ? 'bool' : operation.dtypes === 'bitwise' ? 'i32' : 'f32';
    const inputs = operation.domain.map((_, i) =>
      parameter(operation.dtypes === 'select' && i === 0 ? 'bool' : type, i),
    );
    weight = weightOfNodes(lowered(operation, inputs, logical ? 'bool' : type === 'i32' ? 'int32' : 'float32'));
    weights.set(operation, weight);
  }
  return weight;
}

function weightOfNodes(root: Scalar): number {
  const seen = new Set<Scalar>();
  const visit = (node: Scalar): number => {
    if (seen.has(node) || node.operation === 'parameter' || node.operation === 'constant') return 0;
    seen.add(node);
    const inputs = node.operation === 'rarely' ? [node.inputs[0]!, node.inputs[2]!] : node.inputs;
    return inputs.reduce((sum, input) => sum + visit(input), node.operation === 'call' ? callWeight : 1);
  };
  return visit(root);
}
