// Looking into loops: their steps, one by one.
import type { Tensor } from '@thetagrad/core';
import type { LoopAttributes } from './steps.ts';
import type { Subgraph } from './subgraph.ts';

/** What a loop repeats. */
interface Repeated {
  readonly operation: string;
  readonly subgraph: Subgraph;
}

const repeatedBy = new WeakMap<object, Repeated>();

/** Remembers what the routine of a loop repeats. */
export function rememberSteps(routine: object, { operation, subgraph }: Repeated): void {
  repeatedBy.set(routine, { operation, subgraph });
}

/** A step that is computed by itself. */
export interface SingleStep {
  /** What messages call it. */
  readonly name: string;
  /** Its tensors by those of the function that is repeated, in topological order. */
  readonly copies: ReadonlyMap<Tensor, Tensor>;
  readonly outputs: readonly Tensor[];
}

/** Computes the steps of a loop from its inputs; none of any other operation. */
export async function* singleSteps(node: Tensor, inputs: readonly Tensor[]): AsyncGenerator<SingleStep> {
  const repeated = repeatedBy.get(node.primitive);
  if (!repeated) return;
  const { operation, subgraph } = repeated;
  // The routine implies its attributes.
  const { carries, rows, count, reverse, condition } = node.attributes as LoopAttributes;
  let state = inputs.slice(0, carries);
  for (let step = 0; step < count; step++) {
    if (condition !== 'none' && (await state[0]!.item()) === 0) return;
    const row = reverse ? count - 1 - step : step;
    const ofRow = inputs.slice(carries, carries + rows).map((all) => all.slice([row]));
    const copies = subgraph.copy([...state, ...ofRow, ...inputs.slice(carries + rows)]);
    const outputs = subgraph.outputs.map((output) => copies.get(output) ?? output);
    yield { name: count > 1 ? `step ${step} of ${operation}` : operation, copies, outputs };
    state = outputs.slice(0, carries);
  }
}
