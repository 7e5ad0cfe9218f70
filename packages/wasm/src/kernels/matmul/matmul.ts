import type { Slot, View } from '@thetagrad/core/backend';
import type { Command, Features, Temporary } from '../../command.ts';
import { depthBlock, packCommand, panelElements, type PackSource } from '../panels/pack.ts';
import { multiplyCommands } from './multiply.ts';
import { scalarCommand } from './scalar.ts';
import { skinnyCommand } from './skinny.ts';
import { smallCommand } from './small.ts';
import { tileColumns, tileRows } from '../panels/tileBlock.ts';
import type { Tail } from '../../emit/epilogue.ts';

type Place = Slot | Temporary;

export interface MatmulDescription {
  readonly dtype: 'float32' | 'float64' | 'int32';
  /** [batch…, m, k]; strides may be anything. */
  readonly a: { readonly place: Place; readonly view: View };
  /** [batch…, k, n] with the same batch axes. */
  readonly b: { readonly place: Place; readonly view: View };
  /** [batch…, m, n], row-major. */
  readonly output: Place;
  readonly tail?: Tail;
}

/** A product reduced to what the kernels know; strides are in elements. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Outermost first. */
  readonly batch: readonly { readonly size: number; readonly a: number; readonly b: number }[];
  readonly a: { readonly place: Place; readonly offset: number; readonly row: number; readonly depth: number };
  readonly b: { readonly place: Place; readonly offset: number; readonly column: number; readonly depth: number };
  readonly output: Place;
  readonly tail: Tail | undefined;
}

/** Packed operands that fit the first-level cache, roughly: more than that is worth commands of its own. */
const smallElements = 1 << 14;

/**
 * The commands of a batched product of matrices. float32 products are packed and tiled, in chunks of their own where
 * they are small, and read in place where they are as thin as a vector; sums are rounded to float32 about every
 * {@link depthBlock} terms.
 */
export function matmulCommands(description: MatmulDescription, features: Features): Command[] {
  const product = productOf(description);
  const { rows, columns, depth, batch } = product;
  if (rows === 0 || columns === 0 || batch.some(({ size }) => size === 0)) return [];
  if (description.dtype !== 'float32') return [scalarCommand(product, description.dtype)];
  const skinny = skinnyCommand(product);
  if (skinny) return [skinny];
  const rowsOfTile = tileRows(features);
  const packedElements = panelElements(rows, depth, rowsOfTile) + panelElements(columns, depth, tileColumns);
  if (depth <= depthBlock && packedElements <= smallElements) return [smallCommand(product, features)];

  const a = packed(product, 'a', rowsOfTile);
  const b = packed(product, 'b', tileColumns);
  return [...a.commands, ...b.commands, ...multiplyCommands(product, a, b, features)];
}

/** An operand in panels. */
export interface Packed {
  readonly panels: Temporary;
  readonly commands: readonly Command[];
  /** For each axis of the product's batch, in bytes. */
  readonly strides: readonly number[];
}

/** Packs what is different: an operand that is the same along an axis of the batch is packed once. */
function packed(product: Product, operand: 'a' | 'b', width: number): Packed {
  const { place, offset, depth: depthStride } = product[operand];
  const count = operand === 'a' ? product.rows : product.columns;
  const elements = panelElements(count, product.depth, width);
  let bytes = 4 * elements;
  const strides = product.batch.toReversed().map((axis) => {
    if (axis[operand] === 0) return 0;
    const stride = bytes;
    bytes *= axis.size;
    return stride;
  });
  const source: PackSource = {
    place,
    offset,
    batch: product.batch.flatMap((axis) => (axis[operand] === 0 ? [] : [{ size: axis.size, stride: axis[operand] }])),
    count,
    depth: product.depth,
    rowStride: operand === 'a' ? product.a.row : product.b.column,
    depthStride,
  };
  const panels: Temporary = { kind: 'temporary', bytes };
  return {
    panels,
    commands: product.depth === 0 ? [] : [packCommand(source, width, panels)],
    strides: strides.toReversed(),
  };
}

function productOf({ a, b, output, tail }: MatmulDescription): Product {
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
      `matmul: [${a.view.shape.join(', ')}] times [${b.view.shape.join(', ')}]; a's last axis and b's last but one ` +
        'have to be equal, and all axes before them',
    );
  }
  const batch = joined(batchShape.map((size, axis) => ({ size, a: a.view.strides[axis]!, b: b.view.strides[axis]! })));
  const product: Product = {
    rows,
    columns,
    depth,
    batch,
    a: { place: a.place, offset: a.view.offset, row: a.view.strides.at(-2)!, depth: a.view.strides.at(-1)! },
    b: { place: b.place, offset: b.view.offset, column: b.view.strides.at(-1)!, depth: b.view.strides.at(-2)! },
    output,
    tail,
  };
  return batchShape.includes(0) ? product : withBatchAsRows(product);
}

/** Axes of size 1 left out, and neighbours that are one axis in both operands joined. */
function joined(axes: Product['batch']): Product['batch'] {
  const result: Product['batch'][number][] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = result.at(-1);
    if (last && last.a === axis.a * axis.size && last.b === axis.b * axis.size) {
      result[result.length - 1] = { ...axis, size: last.size * axis.size };
    } else {
      result.push(axis);
    }
  }
  return result;
}

/** [batch, m, k] · [k, n] is one product with more rows, where a's rows are evenly spaced over the batch. */
function withBatchAsRows(product: Product): Product {
  const last = product.batch.at(-1);
  if (!last || last.b !== 0 || (product.rows !== 1 && last.a !== product.rows * product.a.row)) return product;
  const row = product.rows === 1 ? last.a : product.a.row;
  return withBatchAsRows({
    ...product,
    rows: product.rows * last.size,
    batch: product.batch.slice(0, -1),
    a: { ...product.a, row },
  });
}
