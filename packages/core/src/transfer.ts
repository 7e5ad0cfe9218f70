// Moves values between backends.
import { HostBuffer } from './data/hostBuffer.ts';
import { isLeaf, topologicalOrder } from './graph/order.ts';
import { setBuffer, type Tensor } from './graph/tensor.ts';
import { Variable } from './graph/variable.ts';
import { reference } from './reference/backend.ts';
import type { Backend, Buffer } from './schedule/backend.ts';

/**
 * The elements on another backend, at once.
 * @throws {Error} if the backend that holds them can only be read asynchronously.
 */
export function transferSync(buffer: Buffer, backend: Backend): Buffer {
  if (buffer.backend === backend) return buffer;
  // Values of tensors never change, and a variable's are its own: ownership passes without a copy.
  if (buffer instanceof HostBuffer) {
    return backend === reference() ? buffer : backend.upload(buffer.values, buffer.dtype);
  }
  try {
    return backend.upload(buffer.readSync(), buffer.dtype);
  } catch (cause) {
    throw new Error(
      `evaluate: a value on the backend '${buffer.backend?.name}' cannot be moved to '${backend.name}' synchronously; use ` +
        `'await' with evaluate(), data() or item(), which wait for it (${(cause as Error).message})`,
      { cause },
    );
  }
}

/** What has a value on another backend, not in the host's memory, among tensors and the variables that they read. */
export function remoteHolders(
  backend: Backend,
  order: readonly Tensor[],
  variables: readonly Variable[],
): (Tensor | Variable)[] {
  const found = new Set<Tensor | Variable>();
  const isRemote = ({ backend: other }: Buffer): boolean => other !== undefined && other !== backend;
  const visitVariable = (variable: Variable): void => {
    if (variable.initial) leavesOf(variable.initial).forEach(visitTensor);
    else if (variable.buffer && isRemote(variable.buffer)) found.add(variable);
  };
  const visitTensor = (tensor: Tensor): void => {
    const { buffer, primitive } = tensor;
    if (buffer) {
      if (isRemote(buffer)) found.add(tensor);
    } else if (primitive.kind === 'source' && primitive.name === 'variable') visitVariable(primitive.variable);
  };
  order.forEach(visitTensor);
  variables.forEach(visitVariable);
  return [...found];
}

function leavesOf(tensor: Tensor): Tensor[] {
  return topologicalOrder([tensor], (node) => (isLeaf(node) ? [] : node.inputs)).filter(isLeaf);
}

/** Moves the value of a tensor or a variable, unless it was given another while it was read. */
export async function transfer(holder: Tensor | Variable, backend: Backend): Promise<void> {
  const { buffer } = holder;
  if (!buffer) return;
  const versionOf = (): number => (holder instanceof Variable ? holder.version : 0);
  const version = versionOf();
  const values = await buffer.read();
  if (holder.buffer !== buffer || versionOf() !== version) return;
  const moved = backend.upload(values, buffer.dtype);
  if (holder instanceof Variable) holder.buffer = moved;
  else setBuffer(holder, moved);
}
