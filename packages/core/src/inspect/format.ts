import type { DType, TypedArray } from '../data/dtype.ts';
import { rowMajorStrides, sizeOf, type Shape } from '../data/shape.ts';

/** Nested arrays of elements, or one element for a scalar. */
export type NestedArray = number | boolean | NestedArray[];

/** Nests row-major elements into arrays by shape. */
export function nest(values: TypedArray, shape: Shape, dtype: DType): NestedArray {
  const strides = rowMajorStrides(shape);
  const build = (axis: number, offset: number): NestedArray => {
    if (axis === shape.length) return dtype === 'bool' ? values[offset] !== 0 : values[offset]!;
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, offset + i * strides[axis]!));
  };
  return build(0, 0);
}

/** The maximum number of elements shown of shortened axes, by which the length of their ends is chosen (at most three). */
const maxShown = 2000;
/** The number of elements above which axes are shortened (NumPy's `threshold`). */
const threshold = 1000;

/** Formats a tensor as NumPy does: columns aligned, up to four digits after the point, long axes shortened. */
export function formatTensor(values: TypedArray, shape: Shape, dtype: DType): string {
  const suffix = dtype === 'float32' ? '' : `, ${dtype}`;
  const strides = rowMajorStrides(shape);
  const shorten = values.length > threshold;
  // Fewer for tensors of many axes, so that what is shown stays short.
  const edgeItems = [3, 2, 1].find((ends) => sizeOf(shape.map((length) => Math.min(length, 2 * ends))) <= maxShown);
  if (values.length === 0 || (shorten && !edgeItems)) {
    return `tensor([${values.length === 0 ? '' : '…'}], shape [${shape.join(', ')}]${suffix})`;
  }
  const shownValues: number[] = [];
  const indices = (length: number): number[] =>
    shorten && edgeItems && length > 2 * edgeItems
      ? [
          ...Array.from({ length: edgeItems }, (_, i) => i),
          -1,
          ...Array.from({ length: edgeItems }, (_, i) => length - edgeItems + i),
        ]
      : Array.from({ length }, (_, i) => i);
  const visit = (axis: number, offset: number): void => {
    if (axis === shape.length) shownValues.push(values[offset]!);
    else for (const i of indices(shape[axis]!)) if (i >= 0) visit(axis + 1, offset + i * strides[axis]!);
  };
  visit(0, 0);

  const format = alignedFormat(shownValues, dtype);
  const indent = 'tensor('.length;
  const build = (axis: number, offset: number): string => {
    if (axis === shape.length) return format(values[offset]!);
    const parts = indices(shape[axis]!).map((i) => (i < 0 ? '…' : build(axis + 1, offset + i * strides[axis]!)));
    const separator =
      axis === shape.length - 1 ? ', ' : `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(indent + axis + 1)}`;
    return `[${parts.join(separator)}]`;
  };
  return `tensor(${build(0, 0)}${suffix})`;
}

/** The format of elements, padded to the width of the longest of `shown`. */
function alignedFormat(shown: readonly number[], dtype: DType): (value: number) => string {
  const format = elementFormat(shown, dtype);
  const width = Math.max(0, ...shown.map((value) => format(value).length));
  return (value) => format(value).padStart(width);
}

/** The format of elements: integers, fixed-point or exponential, by the magnitudes of `shown`. */
function elementFormat(shown: readonly number[], dtype: DType): (value: number) => string {
  if (dtype === 'bool') return (value) => (value !== 0 ? 'true' : 'false');
  if (dtype === 'int32') return String;
  const finite = shown.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const largest = Math.max(0, ...finite);
  const smallest = Math.min(Infinity, ...finite);
  if (shown.every((value) => !Number.isFinite(value) || (Number.isInteger(value) && largest < 1e8))) return String;
  if (largest >= 1e8 || smallest < 1e-4)
    return (value) => (Number.isFinite(value) ? value.toExponential(4) : String(value));
  // As many digits as the values have, at most four.
  const digits = Math.max(
    ...shown.filter(Number.isFinite).map((value) => (String(Number(value.toFixed(4))).split('.')[1] ?? '').length),
  );
  return (value) => (Number.isFinite(value) ? value.toFixed(digits) : String(value));
}
