// Transfers values between backends.
import { HostBuffer } from './data/hostBuffer.ts';
import { isLeaf, unevaluatedOrder } from './graph/order.ts';
import { setBuffer, type Tensor } from './graph/tensor.ts';
import { setVariableBuffer, Variable, variableOf } from './graph/variable.ts';
import { portable } from './portable/backend.ts';
import type { Buffer } from './data/buffer.ts';
import type { Backend } from './schedule/backend.ts';

/** Whether the backend can read the buffer, and write to it. */
export function isOn(buffer: Buffer, backend: Backend): boolean {
  return buffer.backend === backend || (buffer instanceof HostBuffer && backend === portable());
}

/**
 * Transfers a buffer to a backend, synchronously.
 * @throws {Error} if the backend that holds it can only be read asynchronously.
 */
export function transferSync(operation: string, buffer: Buffer, backend: Backend): Buffer {
  if (isOn(buffer, backend)) return buffer;
  // Passes ownership without a copy: values of tensors are immutable, and so are those of a variable that a tensor shares.
  if (buffer instanceof HostBuffer) return backend.upload(buffer.values, buffer.dtype);
  if (buffer.failure) throw buffer.failure;
  try {
    return backend.upload(buffer.readSync(), buffer.dtype);
  } catch (cause) {
    throw new Error(
      `${operation}: a value on the backend '${buffer.backend?.name}' cannot be transferred to '${backend.name}' synchronously; ` +
        `await evaluate(), data() or item() instead (${(cause as Error).message})`,
      { cause },
    );
  }
}

/** The tensors, and the variables that they read, whose values are in the memory of another backend. */
export function remoteHolders(backend: Backend, order: readonly Tensor[]): (Tensor | Variable)[] {
  const holders = new Set<Tensor | Variable>();
  const isRemote = ({ backend: other }: Buffer): boolean => other !== undefined && other !== backend;
  const visitVariable = (variable: Variable): void => {
    if (variable.initial) leavesOf(variable.initial).forEach(visitTensor);
    else if (variable.buffer && isRemote(variable.buffer)) holders.add(variable);
  };
  const visitTensor = (tensor: Tensor): void => {
    const variable = variableOf(tensor);
    if (variable) visitVariable(variable);
    else if (tensor.buffer && isRemote(tensor.buffer)) holders.add(tensor);
  };
  order.forEach(visitTensor);
  return [...holders];
}

function leavesOf(tensor: Tensor): Tensor[] {
  return unevaluatedOrder([tensor]).filter(isLeaf);
}

/** Transfers the value of a tensor or variable, unless the value has been replaced in the meantime. */
export async function transfer(holder: Tensor | Variable, backend: Backend): Promise<void> {
  const { buffer } = holder;
  if (!buffer) return;
  const versionOf = (): number => (holder instanceof Variable ? holder.version : 0);
  const version = versionOf();
  const values = await buffer.read();
  if (holder.buffer !== buffer || versionOf() !== version) return;
  const transferred = backend.upload(values, buffer.dtype);
  if (transferred.backend && transferred.backend !== backend) {
    throw new TypeError(
      `evaluate: the backend '${backend.name}' creates buffers of another, '${transferred.backend.name}'; wrap its buffers, too`,
    );
  }
  if (holder instanceof Variable) setVariableBuffer(holder, transferred, holder.isShared);
  else setBuffer(holder, transferred);
}
