// Routines that put elements elsewhere: pad, concat, fold. (What only changes how elements are seen needs no code.)
import { scalarTypeOf, type DType, type Kernel, type Slot, type View } from '@thetagrad/core/backend';
import { bytesOf } from '../../emit/elements.ts';
import type { Command } from '../../command.ts';
import { adding, copying, transferCommand } from './transfer.ts';
import { fillCommand } from './fill.ts';
import type { Walked } from '../../emit/stridedLoop.ts';

/** A routine without its tail. */
export type Routine = Pick<Extract<Kernel, { kind: 'routine' }>, 'operands' | 'attributes' | 'shape' | 'output'>;

/** The input surrounded and interspersed by a value: attributes `low`, `step`, `value`. */
export function padCommands({ operands, attributes, shape, output }: Routine): Command[] {
  const [source] = operands;
  const { low, step, value } = attributes as { low: readonly number[]; step: readonly number[]; value: number };
  const strides = rowMajor(shape);
  const target: View = {
    shape: source!.view.shape,
    strides: strides.map((stride, axis) => stride * step[axis]!),
    offset: strides.reduce((offset, stride, axis) => offset + stride * low[axis]!, 0),
  };
  return [filled(output, value), transferCommand(copying(elementBytes(output)), seen(output, target), read(source!))];
}

/** Inputs one after another along the attribute `axis`. */
export function concatCommands({ operands, attributes, shape, output }: Routine): Command[] {
  const axis = attributes['axis'] as number;
  const strides = rowMajor(shape);
  const copy = copying(elementBytes(output));
  let offset = 0;
  return operands.map((source) => {
    const target: View = { shape: source.view.shape, strides, offset };
    offset += source.view.shape[axis]! * strides[axis]!;
    return transferCommand(copy, seen(output, target), read(source));
  });
}

/** Windows added up where they overlap: attributes `axis`, `size`, `step`, `dilation`; the last axis runs in windows. */
export function foldCommands({ operands, attributes, shape, output }: Routine): Command[] | undefined {
  const type = scalarTypeOf(output.dtype);
  if (type === 'bool') return undefined;
  const [windows] = operands;
  const { axis, size, step, dilation } = attributes as Record<'axis' | 'size' | 'step' | 'dilation', number>;
  const strides = rowMajor(shape);
  const target: View = {
    shape: windows!.view.shape,
    strides: [...strides.map((stride, i) => (i === axis ? stride * step : stride)), strides[axis]! * dilation],
    offset: 0,
  };
  const [to, from] = [seen(output, target), read(windows!)];
  const zeros = filled(output, 0);
  if (step > (size - 1) * dilation) return [zeros, transferCommand(adding(type), to, from)];
  // Element k of all windows at once: they do not overlap.
  const elements = Array.from({ length: size }, (_, k) => transferCommand(adding(type), inner(to, k), inner(from, k)));
  return [zeros, ...elements];
}

/** All elements of a slot set to a value. */
export function filled(output: Slot, value: number): Command {
  const pattern = new Uint32Array(2);
  const array = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array }[output.dtype];
  new array(pattern.buffer).fill(value);
  return fillCommand({ place: output, byteOffset: 0 }, output.size * elementBytes(output), pattern);
}

export function rowMajor(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

export function seen(place: Slot, view: View): Walked {
  return { place, view, bytes: elementBytes(place) };
}

export function read({ slot, view }: Routine['operands'][number]): Walked {
  return seen(slot, view);
}

export function elementBytes({ dtype }: { readonly dtype: DType }): number {
  return bytesOf(scalarTypeOf(dtype));
}

/** Held at index k of the last axis. */
function inner({ view: { shape, strides, offset }, ...rest }: Walked, k: number): Walked {
  const view = { shape: shape.slice(0, -1), strides: strides.slice(0, -1), offset: offset + k * strides.at(-1)! };
  return { ...rest, view };
}
