import type { DType, TypedArray } from '../data/dtype.ts';
import { rowMajorStrides, sizeOf, type Shape } from '../data/shape.ts';

/** Elements in arrays in arrays, or one element for a scalar. */
export type NestedArray = number | boolean | NestedArray[];

export function nest(values: TypedArray, shape: Shape, dtype: DType): NestedArray {
  const strides = rowMajorStrides(shape);
  const build = (axis: number, at: number): NestedArray => {
    if (axis === shape.length) return dtype === 'bool' ? values[at] !== 0 : values[at]!;
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, at + i * strides[axis]!));
  };
  return build(0, 0);
}

/** Larger tensors show only this many elements at each end of an axis. */
const edge = 3;
const longest = 1000;

/** As NumPy prints arrays: columns aligned, four digits after the point, long axes shortened. */
export function formatTensor(values: TypedArray, shape: Shape, dtype: DType): string {
  const strides = rowMajorStrides(shape);
  const shorten = sizeOf(shape) > longest;
  const shown: number[] = [];
  const indices = (length: number): number[] =>
    shorten && length > 2 * edge
      ? [...Array.from({ length: edge }, (_, i) => i), -1, ...Array.from({ length: edge }, (_, i) => length - edge + i)]
      : Array.from({ length }, (_, i) => i);
  const visit = (axis: number, at: number): void => {
    if (axis === shape.length) shown.push(values[at]!);
    else for (const i of indices(shape[axis]!)) if (i >= 0) visit(axis + 1, at + i * strides[axis]!);
  };
  visit(0, 0);

  const format = elementFormat(shown, dtype);
  const indent = 'tensor('.length;
  const build = (axis: number, at: number): string => {
    if (axis === shape.length) return format(values[at]!);
    const parts = indices(shape[axis]!).map((i) => (i < 0 ? '…' : build(axis + 1, at + i * strides[axis]!)));
    const separator =
      axis === shape.length - 1 ? ', ' : `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(indent + axis + 1)}`;
    return `[${parts.join(separator)}]`;
  };
  const suffix = dtype === 'float32' ? '' : `, ${dtype}`;
  const empty = sizeOf(shape) === 0 ? `, shape [${shape.join(', ')}]` : '';
  return `tensor(${build(0, 0)}${empty}${suffix})`;
}

function elementFormat(shown: readonly number[], dtype: DType): (value: number) => string {
  const plain = elementText(shown, dtype);
  const width = Math.max(0, ...shown.map((value) => plain(value).length));
  return (value) => plain(value).padStart(width);
}

function elementText(shown: readonly number[], dtype: DType): (value: number) => string {
  if (dtype === 'bool') return (value) => (value !== 0 ? 'true' : 'false');
  if (dtype === 'int32') return String;
  const finite = shown.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const largest = Math.max(0, ...finite);
  const smallest = Math.min(Infinity, ...finite);
  if (shown.every((value) => !Number.isFinite(value) || (Number.isInteger(value) && largest < 1e8))) return String;
  if (largest >= 1e8 || smallest < 1e-4)
    return (value) => (Number.isFinite(value) ? value.toExponential(4) : String(value));
  // No more digits than the values have, up to four.
  const digits = Math.max(
    ...shown.filter(Number.isFinite).map((value) => (String(Number(value.toFixed(4))).split('.')[1] ?? '').length),
  );
  return (value) => (Number.isFinite(value) ? value.toFixed(digits) : String(value));
}
