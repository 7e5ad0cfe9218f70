// Routines that move elements: pad, concat, fold.
import {
  contiguous,
  rowMajorStrides,
  scalarTypeOf,
  type Operand,
  type RoutineKernel,
  type View,
} from '@thetagrad/core/backend';
import type { Command } from '../../command.ts';
import { stridedOperand, type StridedOperand } from '../../emit/stridedLoop.ts';
import { fillCommand } from './fill.ts';
import { sumsOf } from './sums.ts';
import { copyTransfer, transferCommand } from './transfer.ts';

export function padCommands({ operands: [source], attributes, shape, output }: RoutineKernel<'pad'>): Command[] {
  const { padBefore, step, value } = attributes;
  const strides = rowMajorStrides(shape);
  const target = stridedOperand({
    slot: output,
    view: {
      shape: source.view.shape,
      strides: strides.map((stride, axis) => stride * step[axis]!),
      offset: strides.reduce((offset, stride, axis) => offset + stride * padBefore[axis]!, 0),
    },
  });
  return [fillCommand(output, value), transferCommand(copyTransfer(target.bytes), target, stridedOperand(source))];
}

export function concatCommands({ operands, attributes, shape, output }: RoutineKernel<'concat'>): Command[] {
  const { axis } = attributes;
  const strides = rowMajorStrides(shape);
  let offset = 0;
  return operands.map((source: Operand) => {
    const target = stridedOperand({ slot: output, view: { shape: source.view.shape, strides, offset } });
    offset += source.view.shape[axis]! * strides[axis]!;
    return transferCommand(copyTransfer(target.bytes), target, stridedOperand(source));
  });
}

/** `undefined` for bool. */
export function foldCommands({
  operands: [windows],
  attributes,
  shape,
  output,
}: RoutineKernel<'fold'>): Command[] | undefined {
  const type = scalarTypeOf(output.dtype);
  if (type === 'bool') return undefined;
  const { axis, size, step, dilation } = attributes;
  const strides = rowMajorStrides(shape);
  // The last axis of the windows runs over the elements of a window.
  const target: View = {
    shape: windows.view.shape,
    strides: [...strides.map((stride, i) => (i === axis ? stride * step : stride)), strides[axis]! * dilation],
    offset: 0,
  };
  const { to: sums, clear, add, finish } = sumsOf(output, contiguous(shape), size);
  const [to, from] = [{ ...sums, view: target }, stridedOperand(windows)];
  if (step > (size - 1) * dilation) return [clear, transferCommand(add, to, from), ...finish];
  // Windows overlap, but element k of one does not meet element k of another.
  const elements = Array.from({ length: size }, (_, k) => transferCommand(add, elementOf(to, k), elementOf(from, k)));
  return [clear, ...elements, ...finish];
}

/** The operand at index k of its last axis. */
function elementOf({ view: { shape, strides, offset }, ...rest }: StridedOperand, k: number): StridedOperand {
  const view = { shape: shape.slice(0, -1), strides: strides.slice(0, -1), offset: offset + k * strides.at(-1)! };
  return { ...rest, view };
}
