import { Tensor } from '@thetagrad/core';

/** A node and its inputs, which evaluation detaches. */
type Link = readonly [node: Tensor, inputs: readonly Tensor[]];

/** The operations between captured tensors and outputs. */
export class Subgraph {
  readonly outputs: readonly Tensor[];
  readonly #links: readonly Link[];
  readonly #captured: readonly Tensor[];

  private constructor(links: readonly Link[], captured: readonly Tensor[], outputs: readonly Tensor[]) {
    this.outputs = outputs;
    this.#links = links;
    this.#captured = captured;
  }

  /** @param nodes in topological order, without the captured tensors. */
  static between(captured: readonly Tensor[], nodes: readonly Tensor[], outputs: readonly Tensor[]): Subgraph {
    return new Subgraph(
      nodes.map((node) => [node, node.inputs]),
      captured,
      outputs,
    );
  }

  /** The same operations, with other outputs among their results. */
  withOutputs(outputs: readonly Tensor[]): Subgraph {
    return new Subgraph(this.#links, this.#captured, outputs);
  }

  /** Computes the outputs from other values of the captured tensors. */
  recompute(values: readonly Tensor[]): Tensor[] {
    const copies = new Map(this.#captured.map((tensor, i) => [tensor, values[i]!]));
    const copyOf = (tensor: Tensor): Tensor => copies.get(tensor) ?? tensor;
    for (const [node, inputs] of this.#links) {
      copies.set(node, new Tensor(node.primitive, inputs.map(copyOf), node, node.attributes));
    }
    return this.outputs.map(copyOf);
  }
}
