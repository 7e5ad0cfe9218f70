import { promoteTypes, type Tensor } from '@thetagrad/core';
import { at, checkTensor } from '@thetagrad/core/backend';
import { diagonal } from '../shape/diagonal.ts';
import { parseEquation, type Equation, type Label } from './equation.ts';
import { chooseOrder, type ContractionTree } from './order.ts';
import { arrange, contractPair, sumExcept, type Labeled } from './pair.ts';

/**
 * Sums of products by Einstein's convention (NumPy's `einsum`): 'ij,jk->ik' is the matrix product.
 *
 * A letter names an axis; the axes of one letter have equal sizes, or size 1, which broadcasts. Letters that are missing after
 * '->' are summed over; a letter that one operand has twice stands for its diagonal. '...' stands for all axes that have no
 * letter, and broadcasts; missing in the output, these are summed over too. Without '->', the output has the axes of '...' and
 * the letters that occur once, in alphabetical order (capitals first).
 *
 * Operands are contracted in pairs, as matrix products where that is possible, in an order that needs the fewest
 * multiplications (of more than 8 operands, few). dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if the equation is not a string, or an operand is not a tensor.
 * @throws {RangeError} if the equation is malformed, or does not fit the shapes.
 * @example
 * einsum('ij,j->i', tensor([[1, 2], [3, 4]]), tensor([1, 1])); // tensor([3, 7])
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  for (const x of operands) checkTensor('einsum', x);
  const parsed = parseEquation(
    equation,
    operands.map((x) => x.shape),
  );
  const { output, sizes } = parsed;
  const dtype = operands.map((x) => x.dtype).reduce(promoteTypes, 'int32');
  const inputs = operands.map((x, i) => prepare({ x: x.astype(dtype), labels: parsed.inputs[i] ?? [] }, parsed));
  const tree = chooseOrder(
    inputs.map(({ labels }) => labels),
    output,
    sizes,
  );
  return arrange(sumExcept(contractTree(tree, inputs, output), new Set(output)), output);
}

/** Takes diagonals of repeated labels, and removes axes of size 1 that broadcast. */
function prepare(operand: Labeled, { sizes }: Equation): Labeled {
  let { x, labels } = operand;
  for (;;) {
    const second = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
    if (second < 0) break;
    const label = at(labels, second);
    const first = labels.indexOf(label);
    x = diagonal(x, { axis1: first, axis2: second });
    labels = [...labels.filter((_, axis) => axis !== first && axis !== second), label];
  }
  const isBroadcast = (label: Label, axis: number): boolean => x.shape[axis] === 1 && sizes.get(label) !== 1;
  const axes = labels.flatMap((label, axis) => (isBroadcast(label, axis) ? [axis] : []));
  return { x: x.squeeze(axes), labels: labels.filter((_, axis) => !axes.includes(axis)) };
}

/** @param needed the labels that others than these operands, or the output, have. */
function contractTree(tree: ContractionTree, inputs: readonly Labeled[], needed: readonly Label[]): Labeled {
  if (typeof tree === 'number') return inputs[tree]!;
  const labelsOf = (part: ContractionTree): readonly Label[] =>
    typeof part === 'number' ? inputs[part]!.labels : part.flatMap(labelsOf);
  const [left, right] = tree;
  const a = contractTree(left, inputs, [...needed, ...labelsOf(right)]);
  const b = contractTree(right, inputs, [...needed, ...labelsOf(left)]);
  // Rows before columns in the order of the output, which is then not transposed.
  const first = needed.find((label) => a.labels.includes(label) !== b.labels.includes(label));
  const isSwapped = first !== undefined && b.labels.includes(first);
  return isSwapped ? contractPair(b, a, new Set(needed)) : contractPair(a, b, new Set(needed));
}
