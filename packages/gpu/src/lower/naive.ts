// Matrix products and convolutions with a thread for each element, which all languages can run.
import type { Operand, RoutineKernel } from '@thetagrad/core/backend';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Value } from '../code/writer.ts';
import { applyEpilogue } from './map.ts';
import type { ConvolutionAxis } from './phases.ts';
import { lowerSlicedSum, sumInRuns } from './runs.ts';

export function lowerNaiveMatmul(kernel: RoutineKernel<'matmul'>, language: Language): Command[] {
  const [a, b] = kernel.operands;
  return lowerSlicedSum(
    language,
    'matmul',
    kernel.output,
    { count: a.view.shape.at(-1)!, max: language.maxTerms },
    (writer, element, slice) => {
      const coordinates = coordinatesOf(writer, element, kernel.shape);
      const [row, column] = coordinates.slice(-2) as [string, string];
      const lineStart = ({ slot, view }: Operand, line: string, stride: number): string =>
        writer.bindIndex(
          positionOf([...coordinates.slice(0, -2), line], [...view.strides.slice(0, -2), stride], view.offset),
          slot.size,
        );
      const rowStart = lineStart(a, row, a.view.strides.at(-2)!);
      const columnStart = lineStart(b, column, b.view.strides.at(-1)!);
      const term = (k: string): Value => {
        const x = writer.load(a.slot, plus([rowStart, times(k, a.view.strides.at(-1)!)]));
        return writer.mul(x, writer.load(b.slot, plus([columnStart, times(k, b.view.strides.at(-2)!)])));
      };
      const zero = writer.constant(valueTypeOf(kernel.output.dtype), 0);
      return sumInRuns(writer, zero, slice.length, (sum, k) => slice.visit(k, (k) => writer.addTo(sum, term(k))));
    },
    (writer, sum, element) => applyEpilogue(writer, kernel, sum, element),
  );
}

export function lowerNaiveConvolution(
  kernel: RoutineKernel<'convolution'>,
  axes: readonly [ConvolutionAxis, ConvolutionAxis],
  language: Language,
): Command[] {
  const [input, filter] = kernel.operands;
  const inputsPerGroup = filter.view.shape[1]!;
  const outputsPerGroup = kernel.shape[1]! / kernel.attributes.groups;
  const taps = axes.map((axis) => axis.taps) as [number, number];
  return lowerSlicedSum(
    language,
    'convolution',
    kernel.output,
    { count: taps[0] * taps[1], max: Math.max(1, Math.floor(language.maxTerms / inputsPerGroup)) },
    (writer, element, slice) => {
      const [n, o, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
      const firstChannel = times(writer.quotient(o, outputsPerGroup), inputsPerGroup);
      const zero = writer.constant(valueTypeOf(kernel.output.dtype), 0);
      const [firstY, firstX] = [axes[0].firstTap(writer, y), axes[1].firstTap(writer, x)];
      /** Adds the products of all channels. */
      const addTap = (sum: Value, tapY: string, tapX: string): void => {
        const conditions: string[] = [];
        const ky = axes[0].filterIndex(writer, firstY, tapY, conditions);
        const kx = axes[1].filterIndex(writer, firstX, tapX, conditions);
        const inputY = axes[0].inputIndex(writer, y, ky, conditions);
        const inputX = axes[1].inputIndex(writer, x, kx, conditions);
        const inside = writer.isTrue(writer.all(conditions));
        const start = ({ slot, view }: Operand, coordinates: readonly string[]): string =>
          writer.bindIndex(
            writer.selectIndex(inside, `(${positionOf(coordinates, view.strides, view.offset)})`, '0'),
            slot.size,
          );
        const pixel = start(input, [n, firstChannel, inputY, inputX]);
        const weight = start(filter, [o, '0', ky, kx]);
        const load = ({ slot, view }: Operand, start: string, c: string): Value =>
          writer.load(slot, plus([start, times(c, view.strides[1]!)]));
        const term = (c: string): Value =>
          writer.mul(writer.select(inside, load(input, pixel, c), zero), load(filter, weight, c));
        writer.addTo(
          sum,
          sumInRuns(writer, zero, inputsPerGroup, (part, c) => writer.addTo(part, term(c))),
        );
      };
      if (!slice.isWhole) {
        return sumInRuns(writer, zero, slice.length, (sum, k) =>
          slice.visit(k, (tap) => addTap(sum, ...(coordinatesOf(writer, tap, taps) as [string, string]))),
        );
      }
      return sumInRuns(writer, zero, taps[0], (sum, tapY) =>
        writer.addTo(
          sum,
          sumInRuns(writer, zero, taps[1], (sumOfRow, tapX) => addTap(sumOfRow, tapY, tapX)),
        ),
      );
    },
    (writer, sum, element) => applyEpilogue(writer, kernel, sum, element),
  );
}
