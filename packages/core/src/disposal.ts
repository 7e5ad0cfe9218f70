// Gives results back before the garbage collector finds that no one uses them.
import { disposeUnshared } from './data/buffer.ts';
import { checkIdle } from './evaluate.ts';
import { markDisposed, type Tensor } from './graph/tensor.ts';
import { checkTensor } from './ops/define.ts';

declare global {
  // As in TypeScript's lib.esnext.disposable, which programs need not include.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

/**
 * Frees the memory of a value now, instead of when the tensor is collected: for loops that make large results and keep none.
 * Nothing needs it. `using y = …` calls it at the end of the block. What was computed from the tensor stays valid; neither
 * the tensor nor what is computed from it and has not been evaluated can be used any more. Variables and snapshots that
 * share the memory keep it.
 * @throws {Error} if the tensor has been disposed of before, or is the value of a variable.
 */
export function dispose(x: Tensor): void {
  checkTensor('dispose', x);
  checkIdle('dispose');
  const { primitive, buffer } = x;
  if (primitive.kind === 'source' && primitive.name === 'variable') {
    throw new Error(`dispose: the tensor is the value of variable '${primitive.variable.name}', which keeps it`);
  }
  markDisposed(x);
  if (buffer) disposeUnshared(buffer);
}
