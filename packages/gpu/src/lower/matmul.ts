import type { Operand } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { coordinatesOf, placeOf, product as sizeOf } from '../code/views.ts';
import { sumOf, times, type Value } from '../code/writer.ts';
import { lowerProduct } from './contract.ts';
import { matmulOneByOne } from './oneByOne.ts';
import type { Language, RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';
import type { Factor, Product } from './product.ts';
import { inRuns } from './runs.ts';

export function lowerMatmul(kernel: RoutineKernel, language: Language): Command[] {
  const [a, b] = kernel.operands as [Operand, Operand];
  const batch = kernel.shape.slice(0, -2);
  const [rows, columns] = kernel.shape.slice(-2) as [number, number];
  const depth = a.view.shape.at(-1)!;
  const [left, right] = [factor(a, batch, -2, -1), factor(b, batch, -1, -2)];
  const product: Product = {
    name: 'matmul',
    batches: sizeOf(batch),
    rows,
    columns,
    depth,
    left,
    right,
    output: kernel.output,
    sums: (writer, batchNumber, ownRows, ownColumns, cells) => {
      const load = (factor: Factor, lines: readonly string[]): ((k: string) => Value[]) => {
        const places = lines.map((line) => factor.locate(writer, batchNumber, line));
        return (k) => places.map((at) => writer.load(factor.place, at(k).index));
      };
      const [ofLeft, ofRight] = [load(left, ownRows), load(right, ownColumns)];
      const add = (into: readonly Value[], k: string): void => cells.add(into, { left: ofLeft(k), right: ofRight(k) });
      return inRuns(writer, depth, { ...cells, add });
    },
    element: (_, batchNumber, row, column) => ({
      index: sumOf([times(batchNumber, rows * columns), times(row, columns), column]),
    }),
    finish: (writer, value, element) => throughTail(writer, kernel.tail, value, element),
  };
  return lowerProduct(product, language) ?? matmulOneByOne(kernel, language);
}

/** A matrix for each batch; its rows (or columns) are along the axis `outer`. */
function factor({ slot, view }: Operand, batch: readonly number[], outer: number, depth: number): Factor {
  const [stride, step] = [view.strides.at(outer)!, view.strides.at(depth)!];
  return {
    place: slot,
    isDeep: step === 1 || (step !== 0 && stride === 0),
    locate: (writer, number, i) => {
      const coordinates = [...coordinatesOf(writer, number, batch), i];
      const base = writer.integer(placeOf(coordinates, [...view.strides.slice(0, -2), stride], view.offset));
      return (k) => ({ index: sumOf([base, times(k, step)]) });
    },
  };
}
