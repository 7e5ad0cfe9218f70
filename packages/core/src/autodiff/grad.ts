import { isFloat } from '../data/dtype.ts';
import { topologicalOrder } from '../graph/order.ts';
import { sumTo } from '../ops/movementRecords.ts';
import type { Tensor } from '../graph/tensor.ts';

// Differentiation of graphs. Both walks only add nodes, by the rules of the primitives, which are written in tensor
// operations: what they return can be differentiated again.

/**
 * Reverse mode: the cotangents of `sources` from those of `outputs`. `undefined` for a source that no output depends on.
 */
export function pullBack(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  sources: readonly Tensor[],
): (Tensor | undefined)[] {
  const { order, depends } = dependents(outputs, sources);
  const collected = new Map<Tensor, Tensor>();
  const add = (tensor: Tensor, cotangent: Tensor): void => {
    const sum = collected.get(tensor);
    collected.set(tensor, sum ? sum.add(cotangent) : cotangent);
  };
  outputs.forEach((output, i) => {
    if (depends.has(output)) add(output, cotangents[i]!);
  });
  for (const tensor of order.toReversed()) {
    const cotangent = collected.get(tensor);
    if (!cotangent) continue;
    tensor.inputs.forEach((input, i) => {
      if (!depends.has(input)) return;
      const part = vjp(cotangent, tensor, i);
      // What broadcasting and promotion did to the input is undone here, once for all rules.
      if (part) add(input, sumTo(part, input.shape).astype(input.dtype));
    });
  }
  return sources.map((source) => collected.get(source));
}

/** Forward mode: the tangents of `outputs` from those of `sources`. `undefined` for an output that depends on none. */
export function pushForward(
  outputs: readonly Tensor[],
  sources: readonly Tensor[],
  tangents: readonly Tensor[],
): (Tensor | undefined)[] {
  const { order, depends } = dependents(outputs, sources);
  const collected = new Map(sources.map((source, i) => [source, tangents[i]!]));
  for (const tensor of order) {
    if (!depends.has(tensor) || collected.has(tensor)) continue;
    let sum: Tensor | undefined;
    tensor.inputs.forEach((input, i) => {
      const tangent = collected.get(input);
      const part = tangent && jvp(tangent, tensor, i);
      if (!part) return;
      const full = part.broadcastTo(tensor.shape).astype(tensor.dtype);
      sum = sum ? sum.add(full) : full;
    });
    if (sum) collected.set(tensor, sum);
  }
  return outputs.map((output) => collected.get(output));
}

function vjp(cotangent: Tensor, output: Tensor, input: number): Tensor | undefined {
  const { primitive } = output;
  if (primitive.kind !== 'elementwise') return primitive.vjp?.(cotangent, output, input);
  return primitive.derivatives === 'zero'
    ? undefined
    : primitive.derivatives[input]?.(cotangent, ...output.inputs, output);
}

/** The derivative of an elementwise operation is diagonal, so the same rule serves both directions. */
function jvp(tangent: Tensor, output: Tensor, input: number): Tensor | undefined {
  const { primitive } = output;
  return primitive.kind === 'elementwise' ? vjp(tangent, output, input) : primitive.jvp?.(tangent, output, input);
}

/** The tensors between sources and outputs, and which of them depend on a source by way of floating-point numbers. */
function dependents(outputs: readonly Tensor[], sources: readonly Tensor[]): { order: Tensor[]; depends: Set<Tensor> } {
  const depends = new Set(sources);
  // Tensors are numbered as they are made: what is older than every source depends on none.
  const oldest = Math.min(...sources.map(({ id }) => id));
  const order = topologicalOrder(outputs, (tensor) =>
    depends.has(tensor) ? [] : tensor.inputs.filter(({ id }) => id >= oldest),
  );
  for (const tensor of order) {
    if (isFloat(tensor.dtype) && tensor.inputs.some((input) => depends.has(input))) depends.add(tensor);
  }
  return { order, depends };
}
