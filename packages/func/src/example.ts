// Examples: tensors with a shape and without a value, on which functions are called to learn what they compute.
import type { Shape, Tensor } from '@thetagrad/core';
import { applyMovement, type Movement } from '@thetagrad/core/backend';

type ExampleMovement = Movement<Readonly<Record<never, never>>>;

/** The primitive of examples for an operation, which messages name. */
function examplePrimitive(operation: string, what: string): ExampleMovement {
  return {
    kind: 'movement',
    name: 'example',
    view: () => {
      throw new Error(
        `${operation}: a tensor of one ${what} has no value of its own; return it from the function instead of reading it, ` +
          `evaluating it or assigning it to a variable inside`,
      );
    },
    vjp: (cotangent) => cotangent,
    jvp: (tangent) => tangent,
    batch: ([x]) => x,
  };
}

const ofExample = examplePrimitive('vmap', 'example');
const ofStep = examplePrimitive('scan', 'step');

/** One example of a batch, whose first axis counts examples. */
export function createExample(batch: Tensor): Tensor {
  return applyMovement(ofExample, batch, batch.shape.slice(1), {});
}

/** What a tensor is in one step. */
export function createStep(tensor: Tensor, shape: Shape): Tensor {
  return applyMovement(ofStep, tensor, shape, {});
}
