// Products of matrices and convolutions with a thread for each element: what all languages can do.
import type { Operand } from '@thetagrad/core';
import type { Command } from '../code/code.ts';
import { coordinatesOf, placeOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';
import type { Axis } from './phases.ts';
import { runLength } from './reduction.ts';

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

export function convolutionOneByOne(kernel: RoutineKernel, axes: readonly [Axis, Axis], language: Language): Command {
  const [images, kernels] = kernel.operands as [Operand, Operand];
  const perGroup = kernels.view.shape[1]!;
  const perGroupOut = kernel.shape[1]! / (kernel.attributes['groups'] as number);
  return elementwise(language, 'convolution', kernel.output, (writer, element) => {
    const [n, o, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
    const firstChannel = times(writer.quotient(o, perGroupOut), perGroup);
    const zero = writer.constant(valueTypeOf(kernel.output.dtype), 0);
    const total = writer.variable(zero);
    const [firstY, firstX] = [axes[0].first(writer, y), axes[1].first(writer, x)];
    writer.loop(axes[0].taps, (tapY) => {
      writer.loop(axes[1].taps, (tapX) => {
        const conditions: string[] = [];
        const ky = axes[0].element(writer, firstY, tapY, conditions);
        const kx = axes[1].element(writer, firstX, tapX, conditions);
        const inY = axes[0].meets(writer, y, ky, conditions);
        const inX = axes[1].meets(writer, x, kx, conditions);
        const inside = writer.holds(writer.condition(conditions.join(' && ')));
        const start = ({ slot, view }: Operand, coordinates: readonly string[]): string =>
          writer.integer(
            writer.indexWhere(inside, `(${placeOf(coordinates, view.strides, view.offset)})`, '0'),
            slot.size,
          );
        const pixel = start(images, [n, firstChannel, inY, inX]);
        const weight = start(kernels, [o, '0', ky, kx]);
        const sum = sumOfRuns(writer, kernel, perGroup, (c) => {
          const along = ({ slot, view }: Operand, from: string): Value =>
            writer.load(slot, sumOf([from, times(c, view.strides[1]!)]));
          return [writer.choose(inside, along(images, pixel), zero), along(kernels, weight)];
        });
        writer.set(total, writer.sum(total, sum));
      });
    });
    return throughTail(writer, kernel.tail, total, element);
  });
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
