// Products in WGSL of matrices with few rows or columns, such as those of a matrix and a vector: the threads of a workgroup
// share the terms of an element.
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf } from '../code/positions.ts';
import { valueTypeOf } from '../code/writer.ts';
import { lowerGroups, minGroupedLength, type GroupedReduction } from './groups.ts';
import type { MatrixProduct } from './product.ts';
import { sumOf } from './reduction.ts';
import { fewLines } from './tile.ts';

/** Whether each element is a long sum, of which neighboring threads read neighboring terms. */
export function suitsDotProducts({ rows, columns, depth, left, right }: MatrixProduct): boolean {
  if (Math.min(rows, columns) > fewLines || depth < minGroupedLength) return false;
  return left.isDepthContiguous && right.isDepthContiguous;
}

/** Makes the commands for a product of matrices, whose output is in row-major order. */
export function lowerDotProducts(product: MatrixProduct, language: Language): Command[] {
  const { name, batches, rows, columns, depth, left, right, output, finish } = product;
  const grouped: GroupedReduction = {
    name,
    reduction: sumOf(valueTypeOf(output.dtype)),
    output,
    length: depth,
    elementsOf: (writer, result) => {
      const [batch, row, column] = coordinatesOf(writer, result, [batches, rows, columns]) as [string, string, string];
      const [leftAt, rightAt] = [left.locate(writer, batch, row), right.locate(writer, batch, column)];
      return (k) =>
        writer.mul(writer.load(left.location, leftAt(k).position), writer.load(right.location, rightAt(k).position));
    },
    finish: (writer, { value }, element) => finish(writer, value, element),
  };
  return lowerGroups(grouped, language);
}
