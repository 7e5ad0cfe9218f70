// Where the inputs of a recorded plan come from in each replay.
import type { Buffer } from '../data/buffer.ts';
import { allocate, type DType, type TypedArray } from '../data/dtype.ts';
import { HostBuffer } from '../data/hostBuffer.ts';
import { formatShape } from '../data/shape.ts';
import type { Work } from '../evaluate.ts';
import { isLeaf } from '../graph/order.ts';
import type { Recording } from '../graph/recording.ts';
import type { Tensor } from '../graph/tensor.ts';
import { variableOf, type Variable } from '../graph/variable.ts';
import type { Backend } from '../schedule/backend.ts';

/** Where an input of the plan comes from. */
export type Source =
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'variable'; readonly variable: Variable }
  /** A tensor that the function has captured, or made of plain values, of which there is a digest then. */
  | { readonly kind: 'constant'; readonly tensor: Tensor; readonly digest: number | undefined }
  | { readonly kind: 'number'; readonly value: number; readonly buffer: Buffer }
  | { readonly kind: 'renewed'; readonly dtype: DType; readonly elements: () => TypedArray }
  /** A part of another input. */
  | { readonly kind: 'slice'; readonly of: number; readonly start: number; readonly size: number };

/** Where the inputs of the plan come from, in order. */
export function sourcesOf(
  { targets: { order, slices } }: Work,
  recording: Recording,
  placeholders: readonly Tensor[],
  backend: Backend,
): Source[] {
  const argumentOf = new Map(placeholders.map((tensor, index) => [tensor, index]));
  const inputOf = new Map<Tensor, number>();
  const sources: Source[] = [];
  for (const tensor of order) {
    const slice = slices.get(tensor);
    if (!slice && !isLeaf(tensor)) continue;
    inputOf.set(tensor, sources.length);
    if (slice) sources.push({ kind: 'slice', of: inputOf.get(slice.leaf)!, start: slice.start, size: slice.size });
    else sources.push(sourceOf(tensor, argumentOf.get(tensor), recording, backend));
  }
  return sources;
}

function sourceOf(leaf: Tensor, argument: number | undefined, recording: Recording, backend: Backend): Source {
  const { primitive, dtype } = leaf;
  if (argument !== undefined) return { kind: 'argument', index: argument };
  const elements = recording.renewed.get(leaf);
  if (elements) return { kind: 'renewed', dtype, elements };
  const variable = variableOf(leaf);
  if (variable) return { kind: 'variable', variable };
  if (leaf.buffer || primitive.kind !== 'source' || primitive.name !== 'scalar') {
    const isMadeInside = leaf.id >= recording.start && leaf.buffer instanceof HostBuffer;
    return { kind: 'constant', tensor: leaf, digest: isMadeInside ? digestOf(leaf.buffer.values) : undefined };
  }
  const values = allocate(dtype, 1);
  values[0] = primitive.value;
  return { kind: 'number', value: primitive.value, buffer: backend.upload(values, dtype) };
}

/** A hash of all bytes (FNV-1a). */
function digestOf({ buffer, byteOffset, byteLength }: TypedArray): number {
  let hash = 0x811c9dc5 | 0;
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** What holds the value that a replay reads from a source. */
export function holderOf(source: Source, tensors: readonly Tensor[]): Tensor | Variable | undefined {
  switch (source.kind) {
    case 'argument':
      return tensors[source.index];
    case 'variable':
      return source.variable;
    case 'constant':
      return source.tensor;
    default:
      return undefined;
  }
}

function isSameConstant(before: Source & { kind: 'constant' }, now: Source & { kind: 'constant' }): boolean {
  return before.tensor === now.tensor || (now.digest !== undefined && before.digest === now.digest);
}

/** What differs between two sources, in words; `undefined` if nothing does. */
export function differenceBetween(before: Source, now: Source): string | undefined {
  switch (now.kind) {
    case 'number':
      if (before.kind !== 'number') return 'other operations';
      return Object.is(before.value, now.value) ? undefined : `the number ${before.value} is ${now.value} now`;
    case 'constant':
      if (before.kind === 'constant' && isSameConstant(before, now)) return undefined;
      return `another tensor ${now.tensor.dtype}${formatShape(now.tensor.shape)}`;
    case 'variable':
      if (before.kind === 'variable' && before.variable === now.variable) return undefined;
      return `another variable, '${now.variable.name}'`;
    case 'slice': {
      const isSame = before.kind === 'slice' && before.of === now.of && before.start === now.start;
      return isSame ? undefined : 'another start of a slice';
    }
    case 'argument':
      return before.kind === 'argument' && before.index === now.index ? undefined : 'other operations';
    case 'renewed':
      return before.kind === 'renewed' ? undefined : 'other operations';
  }
}
