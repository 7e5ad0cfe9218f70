import { Tensor } from '@thetagrad/core';

/** The operations between captured tensors and outputs. Keeps the inputs, which evaluation detaches. */
export class Subgraph {
  readonly #nodes: readonly (readonly [node: Tensor, inputs: readonly Tensor[]])[];
  readonly #captured: readonly Tensor[];
  readonly #outputs: readonly Tensor[];

  /** @param nodes in topological order, without the captured tensors. */
  constructor(nodes: readonly Tensor[], captured: readonly Tensor[], outputs: readonly Tensor[]) {
    this.#nodes = nodes.map((node) => [node, node.inputs]);
    this.#captured = captured;
    this.#outputs = outputs;
  }

  /** Computes the outputs from other values of the captured tensors. */
  recompute(values: readonly Tensor[]): Tensor[] {
    const copies = new Map(this.#captured.map((tensor, i) => [tensor, values[i]!]));
    const copyOf = (tensor: Tensor): Tensor => copies.get(tensor) ?? tensor;
    for (const [node, inputs] of this.#nodes) {
      copies.set(node, new Tensor(node.primitive, inputs.map(copyOf), node, node.attributes));
    }
    return this.#outputs.map(copyOf);
  }
}
