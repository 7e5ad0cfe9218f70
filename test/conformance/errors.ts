// A bound for the error of any graph, from the graph itself: each operation adds its own rounding to what it makes of the
// errors of its inputs. (Running error analysis: Higham, Accuracy and Stability of Numerical Algorithms, section 3.3.)
import { graph, Tensor, zerosLike } from '@thetagrad/core';
import { type Elementwise } from '@thetagrad/core/backend';
import { sumError, unit } from '../support/bounds.ts';

/** For tensors in double precision, how far the same in float32 may be from each element: twice the estimate. */
export function errorBounds(roots: readonly Tensor[]): Tensor[] {
  const bounds = new Map<Tensor, Tensor>();
  for (const node of graph(...roots).nodes)
    bounds.set(
      node,
      boundOf(node, (input) => bounds.get(input)!),
    );
  return roots.map((root) => {
    const bound = bounds.get(root)!.mul(2).add(1e-37);
    // Behind an infinite slope there is no bound: what was made of infinity (∞ − ∞, 0 · ∞) is as much.
    return bound.isnan().where(Infinity, bound);
  });
}

function boundOf(node: Tensor, boundOfInput: (input: Tensor) => Tensor): Tensor {
  const { primitive, inputs } = node;
  if (node.dtype === 'bool' || node.dtype === 'int32') return zerosLike(node.astype('float64'));
  if (node.buffer || primitive.kind === 'source') return rounding(node, 1);
  const errors = inputs.map(boundOfInput);
  switch (primitive.kind) {
    case 'movement':
      return like(node, errors);
    case 'elementwise':
      return elementwise(primitive, node, errors);
    case 'reduce': {
      const terms = inputs[0]!.size / Math.max(1, node.size);
      return primitive.name === 'sum' ? like(node, errors).add(sumOf(node, terms)) : like(node, errors);
    }
    case 'routine': {
      if (primitive.multiplyAdds) {
        const terms =
          primitive.multiplyAdds(
            node.shape,
            inputs.map(({ shape }) => shape),
          ) / Math.max(1, node.size);
        const exact = like(
          node,
          inputs.map((x) => x.abs()),
        );
        const wrong = like(
          node,
          inputs.map((x, i) => x.abs().add(errors[i]!)),
        );
        return wrong.sub(exact).add(exact.mul(sumError(terms, 'float32')));
      }
      // The others are linear: sums of a few elements at most.
      const moved = inputs.flatMap((x, i) => {
        const through = (change: Tensor): Tensor[] => [primitive.jvp!(change, node, i)].filter((t) => t !== undefined);
        return x.dtype === 'int32' ? [] : [...through(errors[i]!), ...through(rounding(x, 32))];
      });
      return moved.reduce((sum, part) => sum.add(part), zerosLike(node)).add(rounding(node, 1));
    }
  }
}

function elementwise(primitive: Elementwise, node: Tensor, errors: readonly Tensor[]): Tensor {
  const { derivatives } = primitive;
  // Functions are within 2 ulp, the others rounded to the nearest.
  let bound = rounding(node, primitive.dtypes === 'float' ? 4 : 1);
  if (derivatives === 'zero') return bound;
  derivatives.forEach((derivative, i) => {
    if (derivative) bound = bound.add(derivative(errors[i]!, ...node.inputs, node).abs());
  });
  // Where the slope is 0, as that of a square may be, the curvature is what counts; it is 2 or less.
  return bound.add(errors.reduce((sum, error) => sum.add(error)).square());
}

/** The node with other inputs. */
function like({ primitive, shape, dtype, attributes }: Tensor, inputs: readonly Tensor[]): Tensor {
  return new Tensor(primitive, inputs, { shape, dtype }, attributes);
}

function sumOf(node: Tensor, terms: number): Tensor {
  return like(node, [node.inputs[0]!.abs()]).mul(sumError(terms, 'float32'));
}

/** So many roundings of each element. */
function rounding(x: Tensor, count: number): Tensor {
  return x.abs().mul(count * unit.float32);
}
