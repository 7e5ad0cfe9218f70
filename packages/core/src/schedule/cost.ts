import type { ScalarFunction } from '../scalar/function.ts';
import { parameter, scalarTypeOf, type Scalar, type ScalarType } from '../scalar/scalar.ts';
import type { Body } from './kernel.ts';

/** The cost of an operation without an expression: a transcendental function or a call, in nodes of arithmetic. */
const functionCost = 64;

/** The work of a body for each element, in nodes of arithmetic. */
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

const knownCosts = new WeakMap<ScalarFunction, Map<string, number>>();

/** The nodes of an operation's expression, except what is rarely computed. A condition counts its conversion as well. */
export function stepCost(operation: ScalarFunction, types: readonly ScalarType[]): number {
  let costs = knownCosts.get(operation);
  if (!costs) knownCosts.set(operation, (costs = new Map()));
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
  const seen = new Set<Scalar>();
  const visit = (node: Scalar): number => {
    if (seen.has(node) || node.operation === 'parameter' || node.operation === 'constant') return 0;
    seen.add(node);
    const inputs = node.operation === 'rarely' ? node.inputs.filter((_, i) => i !== 1) : node.inputs;
    return inputs.reduce((sum, input) => sum + visit(input), node.operation === 'call' ? functionCost : 1);
  };
  return visit(root);
}
