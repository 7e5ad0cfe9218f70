// Products of matrices and convolutions with a thread for each element: what all languages can do.
import type { Operand } from '@thetagrad/core';
import type { Command } from '../code/code.ts';
import { coordinatesOf, placeOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';
import { runLength } from './reduction.ts';

type Pair = readonly [number, number];

/** The attributes of core's convolution: each pair is for height and width. */
export interface ConvolutionAttributes {
  readonly stride: Pair;
  readonly low: Pair;
  readonly high: Pair;
  readonly inputDilation: Pair;
  readonly kernelDilation: Pair;
  readonly groups: number;
}

export function matmulOneByOne(kernel: RoutineKernel, language: Language): Command {
  const [a, b] = kernel.operands as [Operand, Operand];
  return elementwise(language, 'matmul', kernel.output, (writer, element) => {
    const coordinates = coordinatesOf(writer, element, kernel.shape);
    const [row, column] = coordinates.slice(-2) as [string, string];
    const base = ({ slot, view }: Operand, own: string, stride: number): string =>
      writer.integer(
        placeOf([...coordinates.slice(0, -2), own], [...view.strides.slice(0, -2), stride], view.offset),
        slot.size,
      );
    const left = base(a, row, a.view.strides.at(-2)!);
    const right = base(b, column, b.view.strides.at(-1)!);
    const sum = sumOfRuns(writer, kernel, a.view.shape.at(-1)!, (k) => {
      const x = writer.load(a.slot, sumOf([left, times(k, a.view.strides.at(-1)!)]));
      return [x, writer.load(b.slot, sumOf([right, times(k, b.view.strides.at(-2)!)]))];
    });
    return throughTail(writer, kernel.tail, sum, element);
  });
}

export function convolutionOneByOne(kernel: RoutineKernel, a: ConvolutionAttributes, language: Language): Command {
  const [images, kernels] = kernel.operands as [Operand, Operand];
  const [, perGroup, ...extent] = kernels.view.shape as [number, number, number, number];
  const perGroupOut = kernel.shape[1]! / a.groups;
  return elementwise(language, 'convolution', kernel.output, (writer, element) => {
    const [n, o, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
    const firstChannel = times(writer.quotient(o, perGroupOut), perGroup);
    const type = valueTypeOf(kernel.output.dtype);
    const zero = writer.constant(type, 0);
    const total = writer.variable(zero);
    writer.loop(extent[0]!, (ky) => {
      writer.loop(extent[1]!, (kx) => {
        const conditions: string[] = [];
        const [inY, inX] = ([0, 1] as const).map((axis) => {
          const [out, k] = [
            [y, ky],
            [x, kx],
          ][axis] as [string, string];
          return inputCoordinate(writer, a, axis, out, k, images.view.shape[2 + axis]!, conditions);
        });
        const sum = sumOfRuns(writer, kernel, perGroup, (c) => {
          const channel = sumOf([firstChannel, c]);
          const place = placeOf([n, `(${channel})`, inY!, inX!], images.view.strides, images.view.offset);
          const weight = placeOf([o, c, ky, kx], kernels.view.strides, kernels.view.offset);
          return [writer.guarded(conditions, images.slot, place, zero), writer.load(kernels.slot, weight)];
        });
        writer.set(total, writer.sum(total, sum));
      });
    });
    return throughTail(writer, kernel.tail, total, element);
  });
}

/** The input row or column that kernel element k meets at an output; adds the conditions under which there is one. */
export function inputCoordinate(
  writer: Writer,
  { stride, low, kernelDilation, inputDilation }: ConvolutionAttributes,
  axis: 0 | 1,
  out: string,
  k: string,
  length: number,
  conditions: string[],
): string {
  const terms = [times(out, stride[axis]), times(k, kernelDilation[axis]), String(-low[axis])];
  const place = writer.integer(`(${sumOf(terms)})`, 2 ** 24);
  conditions.push(`${place} >= 0`, `${place} < ${(length - 1) * inputDilation[axis] + 1}`);
  if (inputDilation[axis] === 1) return place;
  conditions.push(`${writer.remainder(place, inputDilation[axis])} == 0`);
  return writer.quotient(place, inputDilation[axis]);
}

/** The sum of products, in runs. */
function sumOfRuns(
  writer: Writer,
  { output }: RoutineKernel,
  count: number,
  factors: (k: string) => readonly [Value, Value],
): Value {
  const type = valueTypeOf(output.dtype);
  const zero = writer.constant(type, 0);
  const add = (into: Value, k: string): void => writer.set(into, writer.sum(into, writer.product(...factors(k))));
  const total = writer.variable(zero);
  if (count === 0) return total;
  const whole = Math.floor(count / runLength);
  if (whole <= 1 && count <= runLength) writer.loop(count, (k) => add(total, k));
  else {
    writer.loop(whole, (block) => {
      const part = writer.variable(zero);
      writer.loop(runLength, (k) => add(part, `(${sumOf([times(block, runLength), k])})`));
      writer.set(total, writer.sum(total, part));
    });
    if (whole * runLength < count) {
      const part = writer.variable(zero);
      writer.loop(count - whole * runLength, (k) => add(part, `(${sumOf([k, String(whole * runLength)])})`));
      writer.set(total, writer.sum(total, part));
    }
  }
  return total;
}
