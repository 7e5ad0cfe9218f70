// Binds the inputs and outputs of a plan to buffers.
import { allocate } from './data/dtype.ts';
import { sizeOf } from './data/shape.ts';
import type { Buffer } from './data/buffer.ts';
import { isLeaf } from './graph/order.ts';
import type { Targets } from './graph/targets.ts';
import { assigneeOf, setBuffer, type Tensor } from './graph/tensor.ts';
import { collect, pathIn } from './graph/tree.ts';
import { setVariableBuffer, type Variable } from './graph/variable.ts';
import type { Backend } from './schedule/backend.ts';
import { isOn, transferSync } from './transfer.ts';

/**
 * Returns the buffers of leaves and of their slices, on the backend that will read them.
 * @param trees what is evaluated, for messages.
 * @throws {Error} if a leaf is an older value of a variable, or a value was lost.
 */
export function bindInputs(operation: string, backend: Backend, targets: Targets, trees: readonly unknown[]): Buffer[] {
  const { order, slices } = targets;
  if (slices.size === 0) {
    return order.filter(isLeaf).map((leaf) => bind(operation, leaf, backend, targets, trees));
  }
  const bound = new Map<Tensor, Buffer>();
  for (const tensor of order) {
    const slice = slices.get(tensor);
    if (slice) bound.set(tensor, backend.subarray!(bound.get(slice.leaf)!, slice.start, slice.size));
    else if (isLeaf(tensor)) bound.set(tensor, bind(operation, tensor, backend, targets, trees));
  }
  return [...bound.values()];
}

/** Returns the value of a tensor on the backend that will read it. */
export function bindValue(operation: string, tensor: Tensor, buffer: Buffer, backend: Backend): Buffer {
  const transferred = transferSync(operation, buffer, backend);
  if (transferred !== buffer) setBuffer(tensor, transferred);
  return transferred;
}

function bind(operation: string, leaf: Tensor, backend: Backend, targets: Targets, trees: readonly unknown[]): Buffer {
  const { buffer, primitive, dtype } = leaf;
  if (buffer) return bindValue(operation, leaf, buffer, backend);
  if (primitive.kind !== 'source' || primitive.name === 'data')
    throw new Error(`${operation}: ${primitive.name} has no value`);
  if (primitive.name === 'scalar') {
    const values = allocate(dtype, 1);
    values[0] = primitive.value;
    return backend.upload(values, dtype);
  }
  const { variable, version } = primitive;
  if (version !== variable.version) throw staleError(operation, leaf, variable, targets, trees);
  return bindVariable(operation, variable, backend);
}

/** Returns the buffer of a variable on the backend that will read it. */
export function bindVariable(operation: string, variable: Variable, backend: Backend): Buffer {
  const stored = storedBuffer(operation, variable);
  const transferred = transferSync(operation, stored, backend);
  if (transferred !== stored) setVariableBuffer(variable, transferred, variable.isShared);
  return transferred;
}

/**
 * The buffer of a variable.
 * @throws {Error} if there is none, or its value was lost.
 */
export function storedBuffer(operation: string, { buffer, name }: Variable): Buffer {
  if (!buffer) throw new Error(`${operation}: variable '${name}' has no value`);
  if (buffer.failure) {
    throw new Error(
      `${operation}: the value of variable '${name}' was lost (${buffer.failure.message}); assign or load one`,
      { cause: buffer.failure },
    );
  }
  return buffer;
}

/** Returns the buffer for the new value of a variable: its own, which is written in place, if no one else reads it. */
export function bufferToWrite({ buffer, dtype, shape, isShared }: Variable, backend: Backend): Buffer {
  const isWritable = buffer && !isShared && !buffer.failure && isOn(buffer, backend);
  return isWritable ? buffer : backend.allocate(dtype, sizeOf(shape));
}

/** The error for a tensor that reads a value of the variable that has been overwritten. */
function staleError(
  operation: string,
  tensor: Tensor,
  variable: Variable,
  { order }: Targets,
  trees: readonly unknown[],
): Error {
  const name = pathIn(trees, variable);
  const collected: ReadonlySet<unknown> = collect(operation, trees).variables;
  const dependent = new Set([tensor]);
  for (const node of order) {
    if (!isLeaf(node) && node.inputs.some((input) => dependent.has(input))) dependent.add(node);
  }
  const forgotten = [...dependent].map(assigneeOf).find((assignee) => assignee && !collected.has(assignee));
  return new Error(
    forgotten
      ? `${operation}: variable '${forgotten.name}' was assigned a value that is computed from '${name}', which has been ` +
          `written since; pass what owns '${forgotten.name}' (usually the optimizer) to evaluate in each step`
      : `${operation}: a tensor was built from an older value of variable '${name}', which has been written since; ` +
          `evaluate the tensor together with the variable, or build it again`,
  );
}
