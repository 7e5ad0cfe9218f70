// Pooling over images [N, C, H, W]: each result visits the elements of its window, or each element the windows that contain it.
import { parameter, type Pair, type PoolAttributes, type RoutineKernel } from '@thetagrad/core/backend';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { applyEpilogue } from './map.ts';
import { sumInRuns } from './runs.ts';

/** Maps an output row or column to the input rows or columns that it reads. */
interface WindowIndex {
  /** The maximum number of input rows and columns. */
  readonly counts: Pair;
  /** The k-th input row (axis 0) or column (axis 1) for an output's, and the conditions under which it exists. */
  readonly at: (writer: Writer, axis: 0 | 1, output: string, k: string) => GuardedIndex;
}

interface GuardedIndex {
  readonly index: string;
  readonly conditions: readonly string[];
}

/** Outputs are windows, inputs the elements in them. `lengths` are the height and width of the images. */
function elementsOfWindow({ kernelSize, stride, padBefore }: PoolAttributes, lengths: Pair): WindowIndex {
  return {
    counts: kernelSize,
    at: (writer, axis, window, k) => {
      const bound = lengths[axis] + kernelSize[axis] + padBefore[axis];
      const index = writer.bindIndex(`(${plus([times(window, stride[axis]), k])} - ${padBefore[axis]})`, bound);
      return { index, conditions: [`${index} >= 0`, `${index} < ${lengths[axis]}`] };
    },
  };
}

/** Outputs are elements of images, inputs the windows that contain them, of which there are `windows` rows and columns. */
function windowsOfElement(
  { kernelSize, stride, padBefore }: PoolAttributes,
  lengths: Pair,
  windows: Pair,
): WindowIndex {
  const counts: Pair = [Math.ceil(kernelSize[0] / stride[0]), Math.ceil(kernelSize[1] / stride[1])];
  return {
    counts,
    at: (writer, axis, element, k) => {
      const bound = lengths[axis] + padBefore[axis] + counts[axis];
      const padded = writer.bindIndex(`(${element} + ${padBefore[axis]})`, bound);
      const lastWindow = writer.quotient(padded, stride[axis]);
      const index = writer.bindIndex(`(${plus([lastWindow, k])} - ${counts[axis] - 1})`, bound);
      const end = plus([times(index, stride[axis]), String(kernelSize[axis])]);
      return { index, conditions: [`${index} >= 0`, `${index} < ${windows[axis]}`, `${padded} < ${end}`] };
    },
  };
}

/** Runs `body` for the k-th input element of an input row, if both exist. */
function visitElement(
  writer: Writer,
  { at }: WindowIndex,
  row: GuardedIndex,
  [x, k]: readonly [string, string],
  body: (row: string, column: string) => void,
): void {
  const column = at(writer, 1, x, k);
  const inside = [...row.conditions, ...column.conditions].join(' && ');
  writer.block(`if (${inside})`, () => body(row.index, column.index));
}

/** The index in its plane of each window's first NaN if there is one, else of the first of its largest elements. */
export function lowerMaxIndices(kernel: RoutineKernel<'maxIndices'>, language: Language): Command[] {
  const [{ slot, view }] = kernel.operands;
  const [, , height, width] = view.shape as [number, number, number, number];
  const windowIndex = elementsOfWindow(kernel.attributes, [height, width]);
  const type = valueTypeOf(slot.dtype) === 'f32' ? 'f32' : 'i32';
  const [best, value, index] = [parameter(type, 0), parameter(type, 1), parameter('i32', 2)];
  const isFirstNaN = value.isNaN().and(best.isNaN().not());
  const wins = index.lt(0).or(value.gt(best)).or(isFirstNaN);
  return [
    emitElementwise(language, kernel.name, kernel.output, (writer, element) => {
      const [n, c, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
      const max = writer.variable(writer.constant(type, 0));
      const argmax = writer.variable(writer.constant('i32', -1));
      writer.loop(windowIndex.counts[0], (ky) => {
        const windowRow = windowIndex.at(writer, 0, y, ky);
        writer.loop(windowIndex.counts[1], (kx) =>
          visitElement(writer, windowIndex, windowRow, [x, kx], (row, column) => {
            const loaded = writer.load(slot, positionOf([n, c, row, column], view.strides, view.offset));
            const next = writer.convert(loaded, type);
            writer.block(`if (${writer.isTrue(writer.evaluate(wins, [max, next, argmax]))})`, () => {
              writer.assign(max, next);
              writer.assign(argmax, writer.fromIndex(plus([times(row, width), column])));
            });
          }),
        );
      });
      return applyEpilogue(writer, kernel, argmax, element);
    }),
  ];
}

export function lowerWindowSum(kernel: RoutineKernel<'windowSum'>, language: Language): Command[] {
  const [{ view }] = kernel.operands;
  return [emitSum(kernel, language, elementsOfWindow(kernel.attributes, planeOf(view.shape)))];
}

export function lowerWindowSumTranspose(kernel: RoutineKernel<'windowSumTranspose'>, language: Language): Command[] {
  const [{ view }] = kernel.operands;
  return [emitSum(kernel, language, windowsOfElement(kernel.attributes, planeOf(kernel.shape), planeOf(view.shape)))];
}

/** Height and width of images. */
function planeOf(shape: readonly number[]): Pair {
  return [shape[2]!, shape[3]!];
}

/** Adds up the inputs of each output: each row, then the sums of rows. */
function emitSum(
  kernel: RoutineKernel<'windowSum' | 'windowSumTranspose'>,
  language: Language,
  windowIndex: WindowIndex,
): Command {
  const [{ slot, view }] = kernel.operands;
  return emitElementwise(language, kernel.name, kernel.output, (writer, element) => {
    const [n, c, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
    const zero = writer.constant(valueTypeOf(slot.dtype), 0);
    const [rows, columns] = windowIndex.counts;
    const sum = sumInRuns(writer, zero, rows, (sum, ky) => {
      const windowRow = windowIndex.at(writer, 0, y, ky);
      const sumOfRow = sumInRuns(writer, zero, columns, (sumOfRow, kx) =>
        visitElement(writer, windowIndex, windowRow, [x, kx], (row, column) =>
          writer.addTo(sumOfRow, writer.load(slot, positionOf([n, c, row, column], view.strides, view.offset))),
        ),
      );
      writer.addTo(sum, sumOfRow);
    });
    return applyEpilogue(writer, kernel, sum, element);
  });
}
