// Pooling: windows over the images [N, C, H, W]. Each result looks at the elements of its window, or the windows that it is in.
import { parameter, type Operand } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { coordinatesOf, placeOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Writer } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';

type Pair = readonly [number, number];

/** Each pair is for height and width. */
interface PoolAttributes {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly low: Pair;
}

/** What is seen from each row and column: so many of both, and where each is, under which conditions. */
interface Sight {
  readonly counts: Pair;
  readonly at: (
    writer: Writer,
    axis: 0 | 1,
    own: string,
    k: string,
  ) => { index: string; conditions: readonly string[] };
}

/** What windows see: the elements of images of this height and width. */
function elementsIn({ kernel, stride, low }: PoolAttributes, lengths: Pair): Sight {
  return {
    counts: kernel,
    at: (writer, axis, window, k) => {
      const bound = lengths[axis] + kernel[axis] + low[axis];
      const index = writer.integer(`(${sumOf([times(window, stride[axis]), k])} - ${low[axis]})`, bound);
      return { index, conditions: [`${index} >= 0`, `${index} < ${lengths[axis]}`] };
    },
  };
}

/** What elements of images of this height and width are in: windows, of so many rows and columns. */
function windowsOver({ kernel, stride, low }: PoolAttributes, lengths: Pair, windows: Pair): Sight {
  const counts: Pair = [Math.ceil(kernel[0] / stride[0]), Math.ceil(kernel[1] / stride[1])];
  return {
    counts,
    at: (writer, axis, own, k) => {
      const bound = lengths[axis] + low[axis] + counts[axis];
      const padded = writer.integer(`(${own} + ${low[axis]})`, bound);
      const last = writer.quotient(padded, stride[axis]);
      const index = writer.integer(`(${sumOf([last, k])} - ${counts[axis] - 1})`, bound);
      const end = sumOf([times(index, stride[axis]), String(kernel[axis])]);
      return { index, conditions: [`${index} >= 0`, `${index} < ${windows[axis]}`, `${padded} < ${end}`] };
    },
  };
}

/** `body` for each row that is seen, with what visits each place in it. */
function eachRow(
  writer: Writer,
  { counts, at }: Sight,
  [y, x]: readonly [string, string],
  body: (inRow: (visit: (row: string, column: string) => void) => void) => void,
): void {
  writer.loop(counts[0], (ky) => {
    const row = at(writer, 0, y, ky);
    body((visit) =>
      writer.loop(counts[1], (kx) => {
        const column = at(writer, 1, x, kx);
        const inside = [...row.conditions, ...column.conditions].join(' && ');
        writer.block(`if (${inside})`, () => visit(row.index, column.index));
      }),
    );
  });
}

/** The first NaN of each window if there is one, else the first of its largest elements, by its number in its plane. */
export function lowerMaxIndices(kernel: RoutineKernel, language: Language): Command[] {
  const [{ slot, view }] = kernel.operands as [Operand];
  const [, , height, width] = view.shape as [number, number, number, number];
  const sight = elementsIn(kernel.attributes as unknown as PoolAttributes, [height, width]);
  const type = valueTypeOf(slot.dtype) === 'f32' ? 'f32' : 'i32';
  const [best, value, index] = [parameter(type, 0), parameter(type, 1), parameter('i32', 2)];
  const firstNaN = value.isNaN().and(best.isNaN().not());
  const wins = index.lt(0).or(value.gt(best)).or(firstNaN);
  return [
    elementwise(language, 'maxIndices', kernel.output, (writer, element) => {
      const [n, c, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
      const largest = writer.variable(writer.constant(type, 0));
      const found = writer.variable(writer.constant('i32', -1));
      eachRow(writer, sight, [y, x], (inRow) =>
        inRow((row, column) => {
          const loaded = writer.load(slot, placeOf([n, c, row, column], view.strides, view.offset));
          const next = writer.convert(loaded, type);
          writer.block(`if (${writer.holds(writer.evaluate(wins, [largest, next, found]))})`, () => {
            writer.set(largest, next);
            writer.set(found, writer.fromIndex(sumOf([times(row, width), column])));
          });
        }),
      );
      return throughTail(writer, kernel.tail, found, element);
    }),
  ];
}

/** The sums of windows. */
export function lowerWindowSum(kernel: RoutineKernel, language: Language): Command[] {
  const [, , height, width] = kernel.operands[0]!.view.shape as [number, number, number, number];
  return [summed(kernel, language, elementsIn(kernel.attributes as unknown as PoolAttributes, [height, width]))];
}

/** The transpose of the above: for each element of the images, the sum of the windows that see it. */
export function lowerWindowSumTranspose(kernel: RoutineKernel, language: Language): Command[] {
  const [lengths, windows] = [kernel.shape, kernel.operands[0]!.view.shape].map(([, , y, x]): Pair => [y!, x!]);
  return [summed(kernel, language, windowsOver(kernel.attributes as unknown as PoolAttributes, lengths!, windows!))];
}

/** The sum of all that is seen: rows by themselves, then their sums. */
function summed(kernel: RoutineKernel, language: Language, sight: Sight): Command {
  const [{ slot, view }] = kernel.operands as [Operand];
  return elementwise(language, kernel.operation.name, kernel.output, (writer, element) => {
    const [n, c, y, x] = coordinatesOf(writer, element, kernel.shape) as [string, string, string, string];
    const zero = writer.constant(valueTypeOf(slot.dtype), 0);
    const sum = writer.variable(zero);
    eachRow(writer, sight, [y, x], (inRow) => {
      const part = writer.variable(zero);
      inRow((row, column) => {
        const value = writer.load(slot, placeOf([n, c, row, column], view.strides, view.offset));
        writer.set(part, writer.sum(part, value));
      });
      writer.set(sum, writer.sum(sum, part));
    });
    return throughTail(writer, kernel.tail, sum, element);
  });
}
