// Examples: tensors with a shape and without a value, on which functions are called to learn what they compute.
import type { Shape, Tensor } from '@thetagrad/core';
import {
  applyMovement,
  atomically,
  collectAssignments,
  trace,
  traceDepth,
  type Movement,
} from '@thetagrad/core/backend';

type ExampleMovement = Movement<Readonly<Record<never, never>>>;

/** The primitive of examples for an operation, which messages name. */
function examplePrimitive(operation: string, what: string): ExampleMovement {
  return {
    kind: 'movement',
    name: 'example',
    view: () => {
      throw new Error(
        `${operation}: a tensor of one ${what} has no value; return it from the function instead of reading it, ` +
          `evaluating it or assigning it to a variable inside`,
      );
    },
    vjp: (cotangent) => cotangent,
    jvp: (tangent) => tangent,
    batch: ([x]) => x,
  };
}

const ofExample = examplePrimitive('vmap', 'example');

/** The number of running functions that are repeated or mapped. */
let bodies = 0;

/** Whether a function is differentiated, rather than only repeated or mapped. */
export function isDifferentiating(): boolean {
  return traceDepth() > bodies;
}

/**
 * Calls a function that is repeated or mapped, and refuses assignments to variables that would not be: they would be made once,
 * by the call, and may hold what has no value outside.
 * @param isRefused whether an assigned value is one that is refused. Default: all are.
 * @throws {Error} if the function assigns to a variable; the variable keeps its value.
 */
export function traceBody<Result>(
  operation: string,
  f: () => Result,
  isRefused: (value: Tensor) => boolean = () => true,
): Result {
  return atomically(() => {
    const { result, assigned } = collectAssignments(() => callBody(f));
    const refused = assigned.find(({ value }) => isRefused(value));
    if (!refused) return result;
    throw new Error(
      `${operation}: the function assigns to variable '${refused.name}'; return the value and assign it outside, ` +
        `or call eval() if this is a running statistic of a module`,
    );
  });
}

function callBody<Result>(f: () => Result): Result {
  bodies++;
  try {
    return trace(f);
  } finally {
    bodies--;
  }
}

/** One example of a batch, whose first axis counts examples. */
export function createExample(batch: Tensor): Tensor {
  return applyMovement(ofExample, batch, batch.shape.slice(1), {});
}

/** What a tensor is in one step of a loop. */
export function createStep(operation: string, tensor: Tensor, shape: Shape): Tensor {
  return applyMovement(examplePrimitive(operation, 'step'), tensor, shape, {});
}
