import { graph, type Tensor } from '@thetagrad/core';
import type { Leaf } from './tree.ts';

/** The unit round-off of a dtype. */
const roundOffOf = { float32: 2 ** -24, float64: 2 ** -53 };

/** The unit round-off of the coarsest floating-point dtype between the inputs and the outputs. */
export function unitRoundOff(outputs: readonly Leaf[], inputs: readonly Tensor[]): number {
  const depends = new Set(inputs);
  let unit = roundOffOf.float64;
  for (const node of graph(...outputs.map((output) => output.tensor)).nodes) {
    if (!node.inputs.some((input) => depends.has(input))) continue;
    depends.add(node);
    if (node.dtype === 'float32') unit = roundOffOf.float32;
  }
  return unit;
}
