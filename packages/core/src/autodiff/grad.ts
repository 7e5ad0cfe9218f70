// Differentiation of graphs. Both walks only add nodes, by the rules of the primitives, which are written in tensor
// operations: what they return can be differentiated again.
import { isFloat } from '../data/dtype.ts';
import { sameShape, type Shape } from '../data/shape.ts';
import { topologicalOrder } from '../graph/order.ts';
import type { Elementwise, Primitive, Rules } from '../graph/primitive.ts';
import type { Tensor } from '../graph/tensor.ts';

/** Reverse mode: the cotangents of `sources` from those of `outputs`. `undefined` for a source that no output depends on. */
export function pullBack(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  sources: readonly Tensor[],
): (Tensor | undefined)[] {
  const { order, dependent } = dependentOn(sources, outputs);
  const collected = new Map<Tensor, Tensor>();
  const add = (tensor: Tensor, cotangent: Tensor): void => {
    const sum = collected.get(tensor);
    collected.set(tensor, sum ? sum.add(cotangent) : cotangent);
  };
  outputs.forEach((output, i) => {
    if (dependent.has(output)) add(output, cotangents[i]!);
  });
  for (const tensor of order.toReversed()) {
    const cotangent = collected.get(tensor);
    if (!cotangent) continue;
    tensor.inputs.forEach((input, i) => {
      if (!dependent.has(input)) return;
      const part = vjp(cotangent, tensor, i);
      // Undoes broadcasting and promotion of the input, here once for all rules.
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
  const { order, dependent } = dependentOn(sources, outputs);
  const collected = new Map(sources.map((source, i) => [source, tangents[i]!]));
  for (const tensor of order) {
    if (!dependent.has(tensor) || collected.has(tensor)) continue;
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
  if (primitive.kind === 'elementwise') return elementwiseDerivative(primitive, cotangent, output, input);
  return rulesOf(primitive).vjp?.(cotangent, output, input);
}

function jvp(tangent: Tensor, output: Tensor, input: number): Tensor | undefined {
  const { primitive } = output;
  if (primitive.kind === 'elementwise') return elementwiseDerivative(primitive, tangent, output, input);
  return rulesOf(primitive).jvp?.(tangent, output, input);
}

function rulesOf(primitive: Exclude<Primitive, Elementwise>): Rules {
  return primitive.kind === 'source' ? {} : primitive;
}

/** The Jacobian of an elementwise operation is diagonal, so one rule serves both directions. */
function elementwiseDerivative(
  { derivatives }: Elementwise,
  t: Tensor,
  output: Tensor,
  input: number,
): Tensor | undefined {
  return derivatives === 'zero' ? undefined : derivatives[input]?.(t, ...output.inputs, output);
}

/** Sums over the axes along which `shape` was broadcast to x's shape. */
function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.ndim - shape.length;
  const axes = x.shape.flatMap((length, axis) =>
    axis < lead || (shape[axis - lead] === 1 && length !== 1) ? [axis] : [],
  );
  return x.sum(axes, { keepdims: true }).reshape(shape);
}

/** The tensors between sources and outputs, and which of them depend on a source through floating-point numbers. */
function dependentOn(
  sources: readonly Tensor[],
  outputs: readonly Tensor[],
): { order: Tensor[]; dependent: Set<Tensor> } {
  const dependent = new Set(sources);
  // Tensors are numbered as they are made: what is older than every source depends on none.
  const oldest = Math.min(...sources.map(({ id }) => id));
  const order = topologicalOrder(outputs, (tensor) =>
    dependent.has(tensor) ? [] : tensor.inputs.filter(({ id }) => id >= oldest),
  );
  for (const tensor of order) {
    if (isFloat(tensor.dtype) && tensor.inputs.some((input) => dependent.has(input))) dependent.add(tensor);
  }
  return { order, dependent };
}
