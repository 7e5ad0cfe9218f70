// Differentiation of graphs in reverse and forward mode. Both add nodes by the rules of the primitives, which consist of
// tensor operations: the results can be differentiated again.
import { isFloatingPoint } from '../data/dtype.ts';
import { sameShape, type Shape } from '../data/shape.ts';
import { topologicalOrder } from '../graph/order.ts';
import type { Elementwise, Primitive, Rules } from '../graph/primitive.ts';
import { checkNotDisposed, type Tensor } from '../graph/tensor.ts';

/** Reverse mode: computes the cotangents of sources from those of outputs; `undefined` for sources without influence. */
export function pullBack(
  operation: string,
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  sources: readonly Tensor[],
): (Tensor | undefined)[] {
  const { order, dependent } = dependentOn(operation, sources, outputs);
  const cotangentOf = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, cotangent: Tensor): void => {
    const sum = cotangentOf.get(tensor);
    cotangentOf.set(tensor, sum ? sum.add(cotangent) : cotangent);
  };
  outputs.forEach((output, i) => {
    if (dependent.has(output)) accumulate(output, cotangents[i]!);
  });
  for (const tensor of order.toReversed()) {
    const cotangent = cotangentOf.get(tensor);
    if (!cotangent) continue;
    tensor.inputs.forEach((input, i) => {
      if (!dependent.has(input)) return;
      const contribution = vjp(cotangent, tensor, i);
      // Transposes broadcasting and promotion of the input, on behalf of all rules.
      if (contribution) accumulate(input, sumTo(contribution, input.shape).astype(input.dtype));
    });
  }
  return sources.map((source) => cotangentOf.get(source));
}

/** Forward mode: computes the tangents of outputs from those of sources; `undefined` for outputs that depend on no source. */
export function pushForward(
  operation: string,
  outputs: readonly Tensor[],
  sources: readonly Tensor[],
  tangents: readonly Tensor[],
): (Tensor | undefined)[] {
  const { order, dependent } = dependentOn(operation, sources, outputs);
  const tangentOf = new Map(sources.map((source, i) => [source, tangents[i]!]));
  for (const tensor of order) {
    if (!dependent.has(tensor) || tangentOf.has(tensor)) continue;
    let sum: Tensor | undefined;
    tensor.inputs.forEach((input, i) => {
      const tangent = tangentOf.get(input);
      const contribution = tangent && jvp(tangent, tensor, i);
      if (!contribution) return;
      const expanded = contribution.broadcastTo(tensor.shape).astype(tensor.dtype);
      sum = sum ? sum.add(expanded) : expanded;
    });
    if (sum) tangentOf.set(tensor, sum);
  }
  return outputs.map((output) => tangentOf.get(output));
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

/** The vjp and jvp of an elementwise operation: one rule serves both, since the Jacobian is diagonal. */
function elementwiseDerivative(
  { derivatives }: Elementwise,
  t: Tensor,
  output: Tensor,
  input: number,
): Tensor | undefined {
  return derivatives === 'zero' ? undefined : derivatives[input]?.(t, ...output.inputs, output);
}

/** The transpose of broadcasting `shape` to x's shape: sums over the broadcast axes. */
function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.ndim - shape.length;
  const axes = x.shape.flatMap((length, axis) =>
    axis < lead || (shape[axis - lead] === 1 && length !== 1) ? [axis] : [],
  );
  return x.sum(axes, { keepdims: true }).reshape(shape);
}

/** The tensors between sources and outputs in topological order, and which of them depend on a source through floats. */
function dependentOn(
  operation: string,
  sources: readonly Tensor[],
  outputs: readonly Tensor[],
): { order: Tensor[]; dependent: Set<Tensor> } {
  const dependent = new Set(sources);
  // Ids grow in order of creation: a tensor older than every source depends on none.
  const oldest = sources.reduce((least, { id }) => Math.min(least, id), Infinity);
  const isRecent = ({ id }: Tensor): boolean => id >= oldest;
  const order = topologicalOrder(outputs, (tensor) => {
    if (dependent.has(tensor)) return [];
    return tensor.inputs.every(isRecent) ? tensor.inputs : tensor.inputs.filter(isRecent);
  });
  for (const tensor of order) {
    checkNotDisposed(operation, tensor);
    if (isFloatingPoint(tensor.dtype) && tensor.inputs.some((input) => dependent.has(input))) dependent.add(tensor);
  }
  return { order, dependent };
}
