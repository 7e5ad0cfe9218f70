// Products of matrices and convolutions with a thread for each element: what all languages can do.
import type { Operand } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { coordinatesOf, placeOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value } from '../code/writer.ts';
import type { Language, RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';
import type { Axis } from './phases.ts';
import { inRuns, slicedSum, sumsOf } from './runs.ts';

export function matmulOneByOne(kernel: RoutineKernel, language: Language): Command[] {
  const [a, b] = kernel.operands as [Operand, Operand];
  return slicedSum(
    language,
    'matmul',
    kernel.output,
    { count: a.view.shape.at(-1)!, most: language.mostTerms },
    (writer, element, share) => {
      const coordinates = coordinatesOf(writer, element, kernel.shape);
      const [row, column] = coordinates.slice(-2) as [string, string];
      const base = ({ slot, view }: Operand, own: string, stride: number): string =>
        writer.integer(
          placeOf([...coordinates.slice(0, -2), own], [...view.strides.slice(0, -2), stride], view.offset),
          slot.size,
        );
      const left = base(a, row, a.view.strides.at(-2)!);
      const right = base(b, column, b.view.strides.at(-1)!);
      const term = (k: string): Value => {
        const x = writer.load(a.slot, sumOf([left, times(k, a.view.strides.at(-1)!)]));
        return writer.product(x, writer.load(b.slot, sumOf([right, times(k, b.view.strides.at(-2)!)])));
      };
      const zero = writer.constant(valueTypeOf(kernel.output.dtype), 0);
      const sums = sumsOf(writer, zero, term);
      return inRuns(writer, share.length, {
        ...sums,
        add: (into, k) => share.visit(k, (part) => sums.add(into, part)),
      });
    },
    (writer, sum, element) => throughTail(writer, kernel.tail, sum, element),
  );
}

export function convolutionOneByOne(kernel: RoutineKernel, axes: readonly [Axis, Axis], language: Language): Command[] {
  const [images, kernels] = kernel.operands as [Operand, Operand];
  const perGroup = kernels.view.shape[1]!;
  const perGroupOut = kernel.shape[1]! / (kernel.attributes['groups'] as number);
  const taps = axes.map((axis) => axis.taps) as [number, number];
  return slicedSum(
    language,
    'convolution',
    kernel.output,
    { count: taps[0] * taps[1], most: Math.max(1, Math.floor(language.mostTerms / perGroup)) },
    (writer, element, share) => {
      const [n, o, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
      const firstChannel = times(writer.quotient(o, perGroupOut), perGroup);
      const zero = writer.constant(valueTypeOf(kernel.output.dtype), 0);
      const total = writer.variable(zero);
      const [firstY, firstX] = [axes[0].first(writer, y), axes[1].first(writer, x)];
      const addTap = (into: Value, tapY: string, tapX: string): void => {
        const conditions: string[] = [];
        const ky = axes[0].element(writer, firstY, tapY, conditions);
        const kx = axes[1].element(writer, firstX, tapX, conditions);
        const inY = axes[0].meets(writer, y, ky, conditions);
        const inX = axes[1].meets(writer, x, kx, conditions);
        const inside = writer.holds(writer.all(conditions));
        const start = ({ slot, view }: Operand, coordinates: readonly string[]): string =>
          writer.integer(
            writer.indexWhere(inside, `(${placeOf(coordinates, view.strides, view.offset)})`, '0'),
            slot.size,
          );
        const pixel = start(images, [n, firstChannel, inY, inX]);
        const weight = start(kernels, [o, '0', ky, kx]);
        const along = ({ slot, view }: Operand, from: string, c: string): Value =>
          writer.load(slot, sumOf([from, times(c, view.strides[1]!)]));
        const term = (c: string): Value =>
          writer.product(writer.choose(inside, along(images, pixel, c), zero), along(kernels, weight, c));
        writer.increase(into, inRuns(writer, perGroup, sumsOf(writer, zero, term)));
      };
      if (share.isWhole) {
        writer.loop(taps[0], (tapY) => {
          const sumOfRow = writer.variable(zero);
          writer.loop(taps[1], (tapX) => addTap(sumOfRow, tapY, tapX));
          writer.increase(total, sumOfRow);
        });
      } else {
        writer.loop(share.length, (k) =>
          share.visit(k, (tap) => addTap(total, ...(coordinatesOf(writer, tap, taps) as [string, string]))),
        );
      }
      return total;
    },
    (writer, sum, element) => throughTail(writer, kernel.tail, sum, element),
  );
}
