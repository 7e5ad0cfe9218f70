// The outputs of a loop in one vector: the rows of all results, and then the last carries.
import { concat, type Shape, type Tensor } from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';

export interface LoopOutputs {
  readonly carries: readonly Tensor[];
  /** With an axis of steps first. */
  readonly results: readonly Tensor[];
}

/** The shapes of the carries and of the results of one step. */
export interface OutputShapes {
  readonly carries: readonly Shape[];
  readonly results: readonly Shape[];
}

/** The number of elements of tensors of these shapes. */
export function sizeOfAll(shapes: readonly Shape[]): number {
  return shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
}

/** The outputs of a loop in one vector. */
export function pack(count: number, carries: readonly Tensor[], results: readonly Tensor[]): Tensor {
  const rows = results.map((all) => all.reshape([count, all.size / count]));
  const table = rows.length > 0 ? [concat(rows, 1).flatten()] : [];
  return concat([...table, ...carries.map((carry) => carry.flatten())]);
}

/** The outputs of a loop from one vector. */
export function unpack(shapes: OutputShapes, count: number, all: Tensor): LoopOutputs {
  const rowSize = sizeOfAll(shapes.results);
  const table = all.slice([[0, count * rowSize]]).reshape([count, rowSize]);
  let start = 0;
  const next = (shape: Shape): readonly [number, number] => [start, (start += sizeOf(shape))];
  const results = shapes.results.map((shape) => table.slice([null, next(shape)]).reshape([count, ...shape]));
  start = count * rowSize;
  return { carries: shapes.carries.map((shape) => all.slice([next(shape)]).reshape(shape)), results };
}
