import { Tensor } from '@thetagrad/core';
import { topologicalOrder } from '@thetagrad/core/backend';

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

  /** The only operation that reads a captured tensor, and reads it once; none if it is an output as well. */
  soleUseOf(captured: Tensor): Tensor | undefined {
    const uses = this.#links.flatMap(([node, inputs]) => inputs.filter((input) => input === captured).map(() => node));
    return uses.length === 1 && !this.outputs.includes(captured) ? uses[0] : undefined;
  }

  /** Computes the outputs from other values of the captured tensors. */
  recompute(values: readonly Tensor[]): Tensor[] {
    const copies = this.copy(values);
    return this.outputs.map((output) => copies.get(output) ?? output);
  }

  /** The copies of all tensors, in topological order, on other values of the captured ones. */
  copy(values: readonly Tensor[]): ReadonlyMap<Tensor, Tensor> {
    const copies = new Map(this.#captured.map((tensor, i) => [tensor, values[i]!]));
    for (const link of this.#links) copyNode(link, copies);
    return copies;
  }
}

/** Copies a node onto the copies of its inputs. */
function copyNode([node, inputs]: Link, copies: Map<Tensor, Tensor>): void {
  const { primitive, attributes } = node;
  const copyOf = (tensor: Tensor): Tensor => copies.get(tensor) ?? tensor;
  const rebind = primitive.kind === 'movement' ? primitive.rebind : undefined;
  const bound = rebind ? rebind(node, (tensors, more) => replace(tensors, new Map([...copies, ...more]))) : primitive;
  copies.set(node, new Tensor(bound, inputs.map(copyOf), node, attributes));
}

/** Copies what is computed from tensors that have copies. */
function replace(tensors: readonly Tensor[], copies: Map<Tensor, Tensor>): Tensor[] {
  for (const node of topologicalOrder(tensors, (tensor) => (copies.has(tensor) ? [] : tensor.inputs))) {
    if (!copies.has(node) && node.inputs.some((input) => copies.has(input))) copyNode([node, node.inputs], copies);
  }
  return tensors.map((tensor) => copies.get(tensor) ?? tensor);
}
