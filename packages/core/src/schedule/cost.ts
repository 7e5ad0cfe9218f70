import type { ScalarFunction } from '../scalar/function.ts';
import { parameter, scalarTypeOf, type Scalar, type ScalarType } from '../scalar/scalar.ts';
import type { Body } from './kernel.ts';

/** The cost of a transcendental function or a call, in nodes of arithmetic. */
const functionCost = 64;

/** The cost of a body per element, in nodes of arithmetic. */
export function costOf({ operands, steps }: Body): number {
  const types = operands.map(({ slot }) => scalarTypeOf(slot.dtype));
  let cost = 0;
  for (const { operation, inputs, dtype } of steps) {
    cost += stepCost(
      operation,
      inputs.map((number) => types[number]!),
    );
    types.push(scalarTypeOf(dtype));
  }
  return cost;
}

const cachedCosts = new WeakMap<ScalarFunction, Map<string, number>>();

/** The number of nodes of an operation's expression, without rare branches. A condition's conversion to a number adds one. */
export function stepCost(operation: ScalarFunction, types: readonly ScalarType[]): number {
  let costs = cachedCosts.get(operation);
  if (!costs) cachedCosts.set(operation, (costs = new Map()));
  const key = types.join();
  let cost = costs.get(key);
  if (cost === undefined) {
    const expression = operation.lower?.(...types.map(parameter));
    const isCondition = expression?.type === 'bool' && !types.includes('bool');
    cost = expression ? countNodes(expression) + Number(isCondition) : functionCost;
    costs.set(key, cost);
  }
  return cost;
}

function countNodes(root: Scalar): number {
  const visited = new Set<Scalar>();
  const visit = (node: Scalar): number => {
    if (visited.has(node) || node.operation === 'parameter' || node.operation === 'constant') return 0;
    visited.add(node);
    const inputs = node.operation === 'rarely' ? node.inputs.filter((_, i) => i !== 1) : node.inputs;
    return inputs.reduce((sum, input) => sum + visit(input), node.operation === 'call' ? functionCost : 1);
  };
  return visit(root);
}
