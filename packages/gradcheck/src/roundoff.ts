import { graph, type Tensor } from '@thetagrad/core';

const unitRoundoffs = { float32: 2 ** -24, float64: 2 ** -53 };

/** The unit roundoff of the least precise floating-point dtype between the inputs and the outputs. */
export function unitRoundoff(outputs: readonly Tensor[], inputs: readonly Tensor[]): number {
  const dependents = new Set(inputs);
  let unit = unitRoundoffs.float64;
  for (const node of graph(...outputs).nodes) {
    if (!node.inputs.some((input) => dependents.has(input))) continue;
    dependents.add(node);
    if (node.dtype === 'float32') unit = unitRoundoffs.float32;
  }
  return unit;
}
