// Running error analysis of any graph: each operation propagates the errors of its inputs and adds its own rounding.
// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.3.)
import { graph, Tensor, zerosLike, type Shape } from '@thetagrad/core';
import type { Elementwise, Rules } from '@thetagrad/core/backend';
import { sumError, unit } from '../support/bounds.ts';

/** The error bounds of the same graph in float32, for tensors in double precision: twice the estimate. */
export function errorBounds(roots: readonly Tensor[]): Tensor[] {
  const bounds = new Map<Tensor, Tensor>();
  const boundOfInput = (input: Tensor): Tensor => bounds.get(input)!;
  for (const node of graph(...roots).nodes) bounds.set(node, boundOf(node, boundOfInput));
  return roots.map((root) => {
    const bound = bounds.get(root)!.mul(2).add(1e-37);
    // An infinite derivative gives an infinite bound, also as ∞ − ∞ or 0 · ∞.
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
      return withInputs(node, errors);
    case 'elementwise':
      return elementwiseBound(primitive, node, errors);
    case 'reduce': {
      const terms = inputs[0]!.size / Math.max(1, node.size);
      return primitive.name === 'sum' ? withInputs(node, errors).add(sumOf(node, terms)) : withInputs(node, errors);
    }
    case 'routine':
      return routineBound(primitive, node, errors);
  }
}

type RoutineRules = Rules & { multiplyAdds?(shape: Shape, inputs: readonly Shape[]): number };

function routineBound(primitive: RoutineRules, node: Tensor, errors: readonly Tensor[]): Tensor {
  const { inputs } = node;
  const shapes = inputs.map(({ shape }) => shape);
  const multiplyAdds = primitive.multiplyAdds?.(node.shape, shapes);
  if (multiplyAdds !== undefined) {
    const magnitudes = inputs.map((x) => x.abs());
    const exact = withInputs(node, magnitudes);
    const perturbed = withInputs(
      node,
      magnitudes.map((x, i) => x.add(errors[i]!)),
    );
    const terms = multiplyAdds / Math.max(1, node.size);
    return perturbed.sub(exact).add(exact.mul(sumError(terms, 'float32')));
  }
  // Other routines are linear sums of few elements.
  const propagated = inputs.flatMap((x, i) => {
    const propagate = (change: Tensor): Tensor[] =>
      [primitive.jvp!(change, node, i)].filter((tangent) => tangent !== undefined);
    return x.dtype === 'int32' ? [] : [...propagate(errors[i]!), ...propagate(rounding(x, 32))];
  });
  return propagated.reduce((sum, part) => sum.add(part), zerosLike(node)).add(rounding(node, 1));
}

function elementwiseBound(primitive: Elementwise, node: Tensor, errors: readonly Tensor[]): Tensor {
  const { derivatives } = primitive;
  // Functions are within 2 ulp, other operations correctly rounded.
  let bound = rounding(node, primitive.dtypes === 'float' ? 4 : 1);
  if (derivatives === 'zero') return bound;
  derivatives.forEach((derivative, i) => {
    if (derivative) bound = bound.add(derivative(errors[i]!, ...node.inputs, node).abs());
  });
  // Second-order term, for derivatives that are 0: second derivatives are 2 or less.
  return bound.add(errors.reduce((sum, error) => sum.add(error)).square());
}

/** The same operation on other inputs. */
function withInputs({ primitive, shape, dtype, attributes }: Tensor, inputs: readonly Tensor[]): Tensor {
  return new Tensor(primitive, inputs, { shape, dtype }, attributes);
}

function sumOf(node: Tensor, terms: number): Tensor {
  return withInputs(node, [node.inputs[0]!.abs()]).mul(sumError(terms, 'float32'));
}

/** The error of `count` roundings of each element. */
function rounding(x: Tensor, count: number): Tensor {
  return x.abs().mul(count * unit.float32);
}
