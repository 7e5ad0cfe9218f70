// Transfers values between backends.
import { HostBuffer } from './data/hostBuffer.ts';
import { isLeaf, topologicalOrder } from './graph/order.ts';
import { setBuffer, type Tensor } from './graph/tensor.ts';
import { setVariableBuffer, Variable } from './graph/variable.ts';
import { portable } from './portable/backend.ts';
import type { Buffer } from './data/buffer.ts';
import type { Backend } from './schedule/backend.ts';

/**
 * Transfers a buffer to a backend, synchronously.
 * @throws {Error} if the backend that holds it can only be read asynchronously.
 */
export function transferSync(operation: string, buffer: Buffer, backend: Backend): Buffer {
  if (buffer.backend === backend) return buffer;
  // Passes ownership without a copy: values of tensors are immutable, and no one else refers to those of a variable.
  if (buffer instanceof HostBuffer) {
    return backend === portable() ? buffer : backend.upload(buffer.values, buffer.dtype);
  }
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

/** The tensors and variables, also those that the tensors read, whose values are in the memory of another backend. */
export function remoteHolders(
  backend: Backend,
  order: readonly Tensor[],
  variables: readonly Variable[],
): (Tensor | Variable)[] {
  const holders = new Set<Tensor | Variable>();
  const isRemote = ({ backend: other }: Buffer): boolean => other !== undefined && other !== backend;
  const visitVariable = (variable: Variable): void => {
    if (variable.initial) leavesOf(variable.initial).forEach(visitTensor);
    else if (variable.buffer && isRemote(variable.buffer)) holders.add(variable);
  };
  const visitTensor = (tensor: Tensor): void => {
    const { buffer, primitive } = tensor;
    if (buffer) {
      if (isRemote(buffer)) holders.add(tensor);
    } else if (primitive.kind === 'source' && primitive.name === 'variable') visitVariable(primitive.variable);
  };
  order.forEach(visitTensor);
  variables.forEach(visitVariable);
  return [...holders];
}

function leavesOf(tensor: Tensor): Tensor[] {
  return topologicalOrder([tensor], (node) => (isLeaf(node) ? [] : node.inputs)).filter(isLeaf);
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
  if (holder instanceof Variable) setVariableBuffer(holder, transferred);
  else setBuffer(holder, transferred);
}
