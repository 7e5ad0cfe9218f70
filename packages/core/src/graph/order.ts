import type { Tensor } from './tensor.ts';

/**
 * The tensors that `roots` are computed from, in topological order, inputs first. `inputsOf` selects the edges to follow.
 * Iterative, because graphs may be deeper than the call stack.
 */
export function topologicalOrder(
  roots: readonly Tensor[],
  inputsOf: (tensor: Tensor) => readonly Tensor[] = (tensor) => tensor.inputs,
): Tensor[] {
  const order: Tensor[] = [];
  const visited = new Set<Tensor>();
  const stack: { tensor: Tensor; inputs: readonly Tensor[]; next: number }[] = [];
  const push = (tensor: Tensor): void => {
    if (visited.has(tensor)) return;
    visited.add(tensor);
    stack.push({ tensor, inputs: inputsOf(tensor), next: 0 });
  };
  for (const root of roots) {
    push(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.inputs[top.next++];
      if (input) push(input);
      else {
        order.push(top.tensor);
        stack.pop();
      }
    }
  }
  return order;
}

/** Whether plans read the tensor instead of computing it, because it has a value or is a source. */
export function isLeaf(tensor: Tensor): boolean {
  return tensor.buffer !== undefined || tensor.primitive.kind === 'source';
}

/** The tensors that evaluating `roots` involves, in topological order: leaves, and what is computed from them. */
export function unevaluatedOrder(roots: readonly Tensor[]): Tensor[] {
  return topologicalOrder(roots, (tensor) => (isLeaf(tensor) ? [] : tensor.inputs));
}
