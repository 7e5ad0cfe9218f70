// Chooses the order of pairwise contractions.
import type { Label } from './equation.ts';

/** An operand by its number, or the contraction of two parts. */
export type ContractionTree = number | readonly [ContractionTree, ContractionTree];

/** Up to this many operands the order is optimal; its search takes 3ⁿ steps. */
const maxOptimal = 8;

/**
 * Finds an order with few multiplications: the best one by dynamic programming for up to 8 operands, a greedy one for more.
 * @param inputs the labels of each operand, of which none is repeated.
 */
export function chooseOrder(
  inputs: readonly (readonly Label[])[],
  output: readonly Label[],
  sizes: ReadonlyMap<Label, number>,
): ContractionTree {
  const sizeOf = (labels: Iterable<Label>): number => {
    let size = 1;
    for (const label of new Set(labels)) size *= sizes.get(label) ?? 1;
    return size;
  };
  return inputs.length <= maxOptimal ? optimalOrder(inputs, output, sizeOf) : greedyOrder(inputs, output, sizeOf);
}

type SizeOf = (labels: Iterable<Label>) => number;

function optimalOrder(
  inputs: readonly (readonly Label[])[],
  output: readonly Label[],
  sizeOf: SizeOf,
): ContractionTree {
  interface Part {
    readonly tree: ContractionTree;
    readonly cost: number;
    readonly labels: readonly Label[];
  }
  const all = 2 ** inputs.length - 1;
  const isIn = (operand: number, subset: number): boolean => (subset & (2 ** operand)) !== 0;
  const parts = new Map<number, Part>(inputs.map((labels, i) => [2 ** i, { tree: i, cost: 0, labels }]));
  // Every subset comes after its own subsets.
  for (let subset = 1; subset <= all; subset++) {
    if (parts.has(subset)) continue;
    const outside = new Set([...output, ...inputs.filter((_, i) => !isIn(i, subset)).flat()]);
    let best: Part | undefined;
    for (let left = (subset - 1) & subset; left > 0; left = (left - 1) & subset) {
      const [a, b] = [parts.get(left)!, parts.get(subset - left)!];
      if (left < subset - left) continue;
      const labels = [...a.labels, ...b.labels];
      const cost = a.cost + b.cost + sizeOf(labels);
      if (best && cost >= best.cost) continue;
      best = { tree: [a.tree, b.tree], cost, labels: [...new Set(labels)].filter((label) => outside.has(label)) };
    }
    parts.set(subset, best!);
  }
  return parts.get(all)!.tree;
}

/**
 * Contracts the pair next whose result is smallest compared with the pair, and of such pairs the one with fewest
 * multiplications.
 */
function greedyOrder(inputs: readonly (readonly Label[])[], output: readonly Label[], sizeOf: SizeOf): ContractionTree {
  interface Candidate {
    readonly growth: number;
    readonly cost: number;
    readonly pair: readonly [number, number];
    readonly labels: readonly Label[];
  }
  let parts = inputs.map((labels, tree: ContractionTree) => ({ tree, labels }));
  while (parts.length > 1) {
    let best: Candidate | undefined;
    for (let i = 0; i < parts.length; i++) {
      for (let j = i + 1; j < parts.length; j++) {
        const [a, b] = [parts[i]!.labels, parts[j]!.labels];
        const outside = new Set([
          ...output,
          ...parts.filter((_, k) => k !== i && k !== j).flatMap(({ labels }) => labels),
        ]);
        const labels = [...new Set([...a, ...b])].filter((label) => outside.has(label));
        const growth = sizeOf(labels) - sizeOf(a) - sizeOf(b);
        const cost = sizeOf([...a, ...b]);
        if (best && (growth > best.growth || (growth === best.growth && cost >= best.cost))) continue;
        best = { growth, cost, pair: [i, j], labels };
      }
    }
    const { pair, labels } = best!;
    const tree: ContractionTree = [parts[pair[0]]!.tree, parts[pair[1]]!.tree];
    parts = [...parts.filter((_, k) => !pair.includes(k)), { tree, labels }];
  }
  return parts[0]!.tree;
}
