import { sizeOf, type Operand, type RoutineKernel, type Shape } from '@thetagrad/core/backend';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, type Value } from '../code/writer.ts';
import { lowerDotProducts, suitsDotProducts } from './dotProducts.ts';
import { applyEpilogue } from './map.ts';
import { lowerProduct } from './matrixProduct.ts';
import { lowerNaiveMatmul } from './naive.ts';
import type { Factor, MatrixProduct } from './product.ts';
import { accumulateInRuns } from './runs.ts';

export function lowerMatmul(kernel: RoutineKernel<'matmul'>, language: Language): Command[] {
  const [a, b] = kernel.operands;
  const batchShape = kernel.shape.slice(0, -2);
  const [rows, columns] = kernel.shape.slice(-2) as [number, number];
  const depth = a.view.shape.at(-1)!;
  const [left, right] = [factorOf(a, batchShape, -2, -1), factorOf(b, batchShape, -1, -2)];
  const product: MatrixProduct = {
    name: 'matmul',
    batches: sizeOf(batchShape),
    rows,
    columns,
    depth,
    left,
    right,
    output: kernel.output,
    sums: (writer, batch, blockRows, blockColumns, block) => {
      const loader = (factor: Factor, lines: readonly string[]): ((k: string) => Value[]) => {
        const locate = lines.map((line) => factor.locate(writer, batch, line));
        return (k) => locate.map((at) => writer.load(factor.location, at(k).position));
      };
      const [loadLeft, loadRight] = [loader(left, blockRows), loader(right, blockColumns)];
      return accumulateInRuns(writer, depth, {
        ...block,
        add: (totals, k) => block.add(totals, { left: loadLeft(k), right: loadRight(k) }),
      });
    },
    locate: (_, batch, row, column) => ({
      position: plus([times(batch, rows * columns), times(row, columns), column]),
    }),
    find: (writer, element) =>
      coordinatesOf(writer, element, [product.batches, rows, columns]) as [string, string, string],
    finish: (writer, sum, element) => applyEpilogue(writer, kernel, sum, element),
  };
  if (language.hasSharedMemory && suitsDotProducts(product)) return lowerDotProducts(product, language);
  return lowerProduct(product, language) ?? lowerNaiveMatmul(kernel, language);
}

/** A matrix for each batch, with its rows (or columns) along axis `lineAxis`. */
function factorOf({ slot, view }: Operand, batchShape: Shape, lineAxis: number, depthAxis: number): Factor {
  const [lineStride, depthStride] = [view.strides.at(lineAxis)!, view.strides.at(depthAxis)!];
  return {
    location: slot,
    isDepthContiguous: depthStride === 1 || (depthStride !== 0 && lineStride === 0),
    locate: (writer, batch, line) => {
      const coordinates = [...coordinatesOf(writer, batch, batchShape), line];
      const start = writer.bindIndex(positionOf(coordinates, [...view.strides.slice(0, -2), lineStride], view.offset));
      return (k) => ({ position: plus([start, times(k, depthStride)]) });
    },
  };
}
