import type { Tensor } from './tensor.ts';

/**
 * The tensors that `roots` are computed from, inputs before what uses them. `inputsOf` tells which inputs to follow.
 * Iterative, because graphs may be deeper than the call stack.
 */
export function topologicalOrder(
  roots: readonly Tensor[],
  inputsOf: (tensor: Tensor) => readonly Tensor[] = (tensor) => tensor.inputs,
): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { tensor: Tensor; inputs: readonly Tensor[]; next: number }[] = [];
  const push = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
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

/** Whether a plan reads the tensor instead of computing it: it has a value or is a source. */
export function isLeaf(tensor: Tensor): boolean {
  return tensor.buffer !== undefined || tensor.primitive.kind === 'source';
}
