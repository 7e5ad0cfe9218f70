// Grayscale morphology (Serra 1982; SciPy's `ndimage.grey_dilation` and its relatives).
import { Tensor, tensor } from '@thetagrad/core';
import { areIntegers, areNumbers, argumentError, at, formatShape, toFloat } from '@thetagrad/core/backend';
import { checkImages } from './checks.ts';

/**
 * The neighborhood that morphology looks at, around its center, element ⌊size / 2⌋ of each axis:
 * - one number or [height, width]: all of a rectangle;
 * - rows of booleans: the elements that are true;
 * - a tensor [height, width] of heights, which are added in dilations and subtracted in erosions; −∞ leaves an element out.
 */
export type StructuringElement =
  | number
  | readonly [height: number, width: number]
  | readonly (readonly boolean[])[]
  | Tensor;

/**
 * The largest pixel of the neighborhood of each, turned by 180°: max over b of x(p − b) + height(b), of images [..., H, W].
 * Nothing counts beyond their edges. The dtype stays; with heights, int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor, or the element has none of the forms of {@link StructuringElement}.
 * @throws {RangeError} if x has fewer than two axes, or the element has no elements.
 * @example
 * dilation(tensor([[0, 0, 1, 0, 0]]), [1, 3]); // tensor([[0, 1, 1, 1, 0]])
 * dilation(tensor([[0, 0, 1, 0, 0]]), [[true, false, true]]); // tensor([[0, 1, 0, 1, 0]])
 */
export function dilation(x: Tensor, element: StructuringElement): Tensor {
  return apply('dilation', x, element, true);
}

/**
 * The smallest pixel of the neighborhood of each: min over b of x(p + b) − height(b), of images [..., H, W]. Nothing counts
 * beyond their edges. The dtype stays; with heights, int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor, or the element has none of the forms of {@link StructuringElement}.
 * @throws {RangeError} if x has fewer than two axes, or the element has no elements.
 * @example
 * erosion(tensor([[1, 1, 1, 0, 1]]), [1, 3]); // tensor([[1, 1, 0, 0, 0]])
 * erosion(tensor([[4, 5, 6]]), tensor([[0, 1, 0]])); // tensor([[3, 4, 5]])
 */
export function erosion(x: Tensor, element: StructuringElement): Tensor {
  return apply('erosion', x, element, false);
}

/**
 * An erosion and then a dilation of images [..., H, W], which removes what is bright and smaller than the element.
 * @throws {TypeError} if x is not a tensor, or the element has none of the forms of {@link StructuringElement}.
 * @throws {RangeError} if x has fewer than two axes, or the element has no elements.
 * @example
 * opening(tensor([[0, 5, 0, 3, 3, 3]]), [1, 3]); // tensor([[0, 0, 0, 3, 3, 3]])
 */
export function opening(x: Tensor, element: StructuringElement): Tensor {
  return apply('opening', apply('opening', x, element, false), element, true);
}

/**
 * A dilation and then an erosion of images [..., H, W], which removes what is dark and smaller than the element.
 * @throws {TypeError} if x is not a tensor, or the element has none of the forms of {@link StructuringElement}.
 * @throws {RangeError} if x has fewer than two axes, or the element has no elements.
 * @example
 * closing(tensor([[4, 0, 4, 4]]), [1, 3]); // tensor([[4, 4, 4, 4]])
 */
export function closing(x: Tensor, element: StructuringElement): Tensor {
  return apply('closing', apply('closing', x, element, true), element, false);
}

function apply(operation: string, x: Tensor, element: StructuringElement, isDilation: boolean): Tensor {
  checkImages(operation, x, 2);
  const { size, weigh, isFloat } = parseElement(operation, element);
  const images = isFloat ? x.astype(toFloat(x.dtype)) : x;
  if (images.size === 0) return images;
  const nothing = worst(images, isDilation);
  const combine = (windows: Tensor, axes: readonly number[]): Tensor =>
    isDilation ? windows.max(axes) : windows.min(axes);
  const [vertical, horizontal] = [x.ndim - 2, x.ndim - 1];
  const padded = images.pad(
    x.shape.map((_, axis) => (axis < vertical ? [0, 0] : sidesOf(at(size, axis - vertical), isDilation))),
    nothing,
  );
  if (!weigh) {
    // A rectangle is searched along one axis after the other.
    const rows = combine(padded.unfold(vertical, at(size, 0)), [-1]);
    return combine(rows.unfold(horizontal, at(size, 1)), [-1]);
  }
  const windows = padded.unfold(vertical, at(size, 0)).unfold(horizontal, at(size, 1));
  return combine(weigh(windows, isDilation, nothing), [-2, -1]);
}

/** The value that never is the largest, or the smallest. */
function worst({ dtype }: Tensor, isDilation: boolean): number {
  if (dtype === 'bool') return isDilation ? 0 : 1;
  if (dtype === 'int32') return isDilation ? -(2 ** 31) : 2 ** 31 - 1;
  return isDilation ? -Infinity : Infinity;
}

/** How far a neighborhood of a size reaches before and after its center, where a dilation turns it. */
function sidesOf(size: number, isDilation: boolean): readonly [number, number] {
  const [before, after] = [Math.floor(size / 2), Math.ceil(size / 2) - 1];
  return isDilation ? [after, before] : [before, after];
}

interface ParsedElement {
  readonly size: readonly number[];
  /** Whether pixels become floating-point. */
  readonly isFloat: boolean;
  /** Adds heights to windows [..., H, W, height, width], or leaves elements out. Default: windows stay. */
  readonly weigh?: (windows: Tensor, isDilation: boolean, nothing: number) => Tensor;
}

function parseElement(operation: string, element: unknown): ParsedElement {
  if (element instanceof Tensor) {
    if (element.ndim !== 2 || element.size === 0) {
      throw new RangeError(`${operation}: expected heights [height, width], got ${formatShape(element.shape)}`);
    }
    const weigh = (windows: Tensor, isDilation: boolean): Tensor =>
      isDilation ? windows.add(element.flip()) : windows.sub(element);
    return { size: element.shape, isFloat: true, weigh };
  }
  const pair: unknown = typeof element === 'number' ? [element, element] : element;
  if (areIntegers(pair, 1) && pair.length === 2) return { size: pair, isFloat: false };
  if (isFootprint(pair)) {
    const mask = tensor(pair.map((row) => [...row]));
    const weigh = (windows: Tensor, isDilation: boolean, nothing: number): Tensor =>
      (isDilation ? mask.flip() : mask).where(windows, nothing).astype(windows.dtype);
    return { size: mask.shape, isFloat: false, weigh };
  }
  const expected = 'one or two integers ≥ 1, rows of booleans of one length, or a tensor of heights';
  throw argumentError(operation, 'the element', expected, element, areNumbers(pair));
}

function isFootprint(value: unknown): value is readonly (readonly boolean[])[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  const rows: readonly unknown[] = value;
  const [first] = rows;
  return (
    Array.isArray(first) &&
    first.length > 0 &&
    rows.every(
      (row) => Array.isArray(row) && row.length === first.length && row.every((each) => typeof each === 'boolean'),
    )
  );
}
