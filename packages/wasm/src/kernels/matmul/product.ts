import { formatShape, joinAxes, type Operand, type Slot } from '@thetagrad/core/backend';
import type { Epilogue } from '../../emit/epilogue.ts';

export interface Matmul {
  readonly dtype: 'float32' | 'float64' | 'int32';
  /** [batch…, m, k] with any strides. */
  readonly a: Operand;
  /** [batch…, k, n] with any strides. */
  readonly b: Operand;
  /** [batch…, m, n], row-major. */
  readonly output: Slot;
  readonly epilogue?: Epilogue | undefined;
}

/** A matrix product in the form that kernels compute; strides are in elements. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** The batch axes with their strides in both operands, outermost first. */
  readonly batch: readonly { readonly size: number; readonly a: number; readonly b: number }[];
  readonly a: { readonly slot: Slot; readonly offset: number; readonly row: number; readonly depth: number };
  readonly b: { readonly slot: Slot; readonly offset: number; readonly column: number; readonly depth: number };
  readonly output: Slot;
  readonly epilogue: Epilogue | undefined;
}

/** @throws {RangeError} if the operands' shapes do not match. */
export function productOf({ a, b, output, epilogue }: Matmul): Product {
  const rank = a.view.shape.length;
  if (rank < 2 || b.view.shape.length !== rank) {
    throw new RangeError(`matmul: operands of ranks ${rank} and ${b.view.shape.length}; both need the same, 2 or more`);
  }
  const [rows, depth] = a.view.shape.slice(-2) as [number, number];
  const columns = b.view.shape.at(-1)!;
  const batchShape = a.view.shape.slice(0, -2);
  const matches = batchShape.every((size, axis) => b.view.shape[axis] === size) && b.view.shape.at(-2) === depth;
  if (!matches) {
    throw new RangeError(
      `matmul: ${formatShape(a.view.shape)} times ${formatShape(b.view.shape)}; a's last axis and b's last but one ` +
        'have to be equal, and all axes before them',
    );
  }
  const { shape, strides } = joinAxes([a.view, b.view], 0, rank - 2);
  const product: Product = {
    rows,
    columns,
    depth,
    batch: shape.map((size, axis) => ({ size, a: strides[0]![axis]!, b: strides[1]![axis]! })),
    a: { slot: a.slot, offset: a.view.offset, row: a.view.strides.at(-2)!, depth: a.view.strides.at(-1)! },
    b: { slot: b.slot, offset: b.view.offset, column: b.view.strides.at(-1)!, depth: b.view.strides.at(-2)! },
    output,
    epilogue,
  };
  return batchShape.includes(0) ? product : mergeBatchIntoRows(product);
}

/** Merges batch axes into rows: [batch, m, k] · [k, n] is one product if a's rows are equally spaced over the batch. */
function mergeBatchIntoRows(product: Product): Product {
  const last = product.batch.at(-1);
  if (!last || last.b !== 0 || (product.rows !== 1 && last.a !== product.rows * product.a.row)) return product;
  const row = product.rows === 1 ? last.a : product.a.row;
  return mergeBatchIntoRows({
    ...product,
    rows: product.rows * last.size,
    batch: product.batch.slice(0, -1),
    a: { ...product.a, row },
  });
}

/** The number of matrix products in the batch. */
export function countMatrices({ batch }: Product): number {
  return batch.reduce((count, { size }) => count * size, 1);
}
