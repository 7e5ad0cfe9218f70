import { visit, type Tensor } from './tensor.ts';

let walks = 0;

/**
 * The tensors that `roots` are computed from, in topological order, inputs first. `inputsOf` selects the edges to follow; it
 * must not walk a graph itself. Iterative, because graphs may be deeper than the call stack.
 */
export function topologicalOrder(
  roots: readonly Tensor[],
  inputsOf: (tensor: Tensor) => readonly Tensor[] = (tensor) => tensor.inputs,
): Tensor[] {
  const walk = ++walks;
  const order: Tensor[] = [];
  // Parallel stacks: the tensors on the path, their inputs, and the number of inputs that were followed.
  const path: Tensor[] = [];
  const inputs: (readonly Tensor[])[] = [];
  const followed: number[] = [];
  for (const root of roots) {
    let next: Tensor | undefined = root;
    for (;;) {
      if (next && visit(next, walk)) {
        path.push(next);
        inputs.push(inputsOf(next));
        followed.push(0);
      }
      const top = path.length - 1;
      if (top < 0) break;
      next = inputs[top]![followed[top]!++];
      if (next) continue;
      order.push(path.pop()!);
      inputs.pop();
      followed.pop();
    }
  }
  return order;
}

const none: readonly Tensor[] = [];

/** Whether plans read the tensor instead of computing it, because it has a value or is a source. */
export function isLeaf(tensor: Tensor): boolean {
  return tensor.primitive.kind === 'source' || tensor.buffer !== undefined;
}

/** The tensors that evaluating `roots` involves, in topological order: leaves, and what is computed from them. */
export function unevaluatedOrder(roots: readonly Tensor[]): Tensor[] {
  return topologicalOrder(roots, (tensor) => (isLeaf(tensor) ? none : tensor.inputs));
}
