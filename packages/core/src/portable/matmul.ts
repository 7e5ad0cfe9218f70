import type { TypedArray } from '../data/dtype.ts';
import { positions, type Shape } from '../data/shape.ts';
import type { Strided } from '../data/strided.ts';
import { allocatePanels, multiplyPanels, panelIndex } from './panels.ts';

/** The fast version of `Matmul.run` (ops/matmul.ts): bitwise equal, through packed panels. */
export function multiplyMatrices(output: TypedArray, shape: Shape, [a, b]: readonly [Strided, Strided]): void {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const depth = a.view.shape.at(-1)!;
  const left = batchesOf(a);
  const right = batchesOf(b);
  const columnOffsets = Int32Array.from({ length: columns }, (_, j) => j);
  const leftPanels = allocatePanels(output, rows, depth);
  const rightPanels = allocatePanels(output, columns, depth);
  for (let batch = 0; batch < left.offsets.length; batch++) {
    const isRightPacked = batch > 0 && right.offsets[batch] === right.offsets[batch - 1];
    const { rowStride, columnStride } = right;
    packRows(leftPanels, rows, depth, { ...left, values: a.values, offset: left.offsets[batch]! });
    if (!isRightPacked) {
      const transposed = { rowStride: columnStride, columnStride: rowStride };
      packRows(rightPanels, columns, depth, { ...transposed, values: b.values, offset: right.offsets[batch]! });
    }
    const target = { values: output, offset: batch * rows * columns, rowStride: columns, columnOffsets };
    multiplyPanels(leftPanels, rightPanels, rows, columns, depth, target);
  }
}

function batchesOf({ view }: Strided): { offsets: Int32Array; rowStride: number; columnStride: number } {
  const { shape, strides, offset } = view;
  return {
    offsets: positions({ shape: shape.slice(0, -2), strides: strides.slice(0, -2), offset }),
    rowStride: strides.at(-2)!,
    columnStride: strides.at(-1)!,
  };
}

interface Matrix {
  readonly values: TypedArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Packs the rows of a matrix into panels; its columns, if the strides are exchanged. */
function packRows(
  panels: TypedArray,
  count: number,
  depth: number,
  { values, offset, rowStride, columnStride }: Matrix,
): void {
  for (let i = 0; i < count; i++) {
    let from = offset + i * rowStride;
    let to = panelIndex(i, 0, depth);
    for (let k = 0; k < depth; k++, from += columnStride, to += 4) panels[to] = values[from]!;
  }
}
