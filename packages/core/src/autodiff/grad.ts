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
    const isNeeded = tensor.inputs.map((input) => dependent.has(input));
    if (!isNeeded.includes(true)) continue;
    const contributions = vjpOfAll(cotangent, tensor, isNeeded);
    tensor.inputs.forEach((input, i) => {
      const contribution = contributions[i];
      // Transposes broadcasting and promotion of the input, on behalf of all rules.
      if (contribution && isNeeded[i]) accumulate(input, sumTo(contribution, input.shape).astype(input.dtype));
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
    const tangent = jvpOfAll(
      tensor.inputs.map((input) => tangentOf.get(input)),
      tensor,
    );
    if (tangent) tangentOf.set(tensor, tangent);
  }
  return outputs.map((output) => tangentOf.get(output));
}

function vjpOfAll(cotangent: Tensor, output: Tensor, isNeeded: readonly boolean[]): readonly (Tensor | undefined)[] {
  const { primitive, inputs } = output;
  if (primitive.kind !== 'elementwise') {
    const rules = rulesOf(primitive);
    if (rules.vjpOfAll) return rules.vjpOfAll(cotangent, output, isNeeded);
  }
  return inputs.map((_, i) => (isNeeded[i] ? vjp(cotangent, output, i) : undefined));
}

function jvpOfAll(tangents: readonly (Tensor | undefined)[], output: Tensor): Tensor | undefined {
  const { primitive, shape, dtype } = output;
  if (primitive.kind !== 'elementwise') {
    const rules = rulesOf(primitive);
    if (rules.jvpOfAll && tangents.some((tangent) => tangent)) return rules.jvpOfAll(tangents, output);
  }
  let sum: Tensor | undefined;
  tangents.forEach((tangent, i) => {
    const contribution = tangent && jvp(tangent, output, i);
    if (!contribution) return;
    const expanded = contribution.broadcastTo(shape).astype(dtype);
    sum = sum ? sum.add(expanded) : expanded;
  });
  return sum;
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
