import { isFloatingPoint, Tensor, vjp } from '@thetagrad/core';
import {
  batchInput,
  batchLeading,
  checkFunction,
  flattenTensors,
  nextTensorId,
  topologicalOrder,
  type Movement,
} from '@thetagrad/core/backend';
import { Subgraph } from './subgraph.ts';
import { vmap } from './vmap.ts';

/**
 * Trades time for memory (JAX's `checkpoint`, PyTorch's `torch.utils.checkpoint`): the same function, whose intermediate values are
 * computed again in the backward pass instead of being kept for it. Worth it around a block of layers. Gradients flow to the
 * arguments and to variables that f reads; random numbers are the same in both passes. Values do not change.
 * @throws {TypeError} if f is not a synchronous function from tensors to tensors.
 * @example
 * grad(checkpoint((x) => x.sin().exp().sum()))(tensor([0, 0])); // tensor([1, 1])
 */
export function checkpoint<Arguments extends readonly unknown[], Result>(
  f: (...parameters: Arguments) => Result,
): (...parameters: Arguments) => Result {
  checkFunction('checkpoint', f);
  return (...parameters) => {
    const start = nextTensorId();
    const outputs = flattenTensors('checkpoint: the result', f(...parameters));
    const inside = (tensor: Tensor): boolean => tensor.id >= start;
    const inputsInside = (tensor: Tensor): readonly Tensor[] => (inside(tensor) ? tensor.inputs : []);
    return outputs.rebuild(
      outputs.leaves.map((output) => {
        if (!inside(output) || !isFloatingPoint(output.dtype)) return output;
        const order = topologicalOrder([output], inputsInside);
        const nodes = order.filter((tensor) => inside(tensor) && tensor.inputs.length > 0);
        const captured = order.filter((tensor) => !inside(tensor) && isFloatingPoint(tensor.dtype));
        if (captured.length === 0) return output;
        const subgraph = Subgraph.between(captured, nodes, [output]);
        return new Tensor(checkpointPrimitive(subgraph), [output, ...captured], output);
      }),
    ) as Result;
  };
}

/** The values of the first input, computed after the second. */
const After: Movement = {
  kind: 'movement',
  name: 'after',
  view: (view) => view,
  vjp: (cotangent, _output, input) => (input === 0 ? cotangent : undefined),
  jvp: (tangent, _output, input) => (input === 0 ? tangent : undefined),
  batch: batchLeading,
};

/** The primitive of one call. Its inputs are the output and what it captured. */
function checkpointPrimitive(subgraph: Subgraph): Movement {
  return {
    kind: 'movement',
    name: 'checkpoint',
    view: (view) => view,
    // Recomputes the subgraph once its cotangent is known.
    vjpOfAll: (cotangent, output) => {
      const recompute = (...values: Tensor[]): Tensor =>
        subgraph.recompute(values.map((value) => new Tensor(After, [value, cotangent], value)))[0]!;
      const [, ...captured] = output.inputs as readonly Tensor[];
      return [undefined, ...vjp(recompute, ...captured).pullback(cotangent)];
    },
    // Forward mode keeps nothing: it differentiates the output itself.
    jvp: (tangent, _output, input) => (input === 0 ? tangent : undefined),
    batch: (inputs, isBatched, _example, size) => {
      const [, ...captured] = inputs.map((input, i) => batchInput(input, isBatched[i], size)) as Tensor[];
      return checkpoint(vmap((...each: Tensor[]) => subgraph.recompute(each)[0]!, { axisSize: size }))(...captured);
    },
  };
}
