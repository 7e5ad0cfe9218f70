import type { Tensor } from '@thetagrad/core';
import { at, checkOptions, checkTensor, formatShape, sizeOf } from '@thetagrad/core/backend';
import { foldAxis, type FoldOptions } from './fold.ts';
import {
  checkFit,
  eachAxis,
  extentOf,
  type Padding,
  parseSides,
  parseSize,
  type Sided,
  type Size,
  toBatch,
} from './windows.ts';

/** Options of {@link im2col}. */
export interface PatchOptions {
  /** The height and width of patches. */
  readonly kernelSize: Size<2>;
  /** The step between elements of a patch. Default: 1. */
  readonly dilation?: Size<2>;
  /** Zeros around the images. Default: 0. */
  readonly padding?: Padding<2>;
  /** The step between patches. Default: 1. */
  readonly stride?: Size<2>;
}

/** Options of {@link col2im}. */
export interface Col2imOptions extends PatchOptions {
  /** The height and width of the images. */
  readonly outputSize: Size<2>;
}

/**
 * Columns of patches (PyTorch's `unfold` of `torch.nn.functional`, MATLAB's `im2col`): images [N, C, H, W] or [C, H, W] become
 * [N, C·kh·kw, P] or [C·kh·kw, P], where column p holds patch number p, in row-major order. dtypes stay.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or a patch exceeds the padded images.
 * @example
 * im2col(tensor([[[1, 2, 3], [4, 5, 6]]]), { kernelSize: 2 }); // tensor([[1, 2], [2, 3], [4, 5], [5, 6]])
 */
export function im2col(x: Tensor, options: PatchOptions): Tensor {
  checkTensor('im2col', x);
  checkOptions('im2col', options, ['kernelSize', 'dilation', 'padding', 'stride']);
  const { images, restore } = toBatch('im2col', x, 2);
  const { kernelSize, dilation, stride, before, after } = parsePatches('im2col', options);
  checkFit('im2col', x.shape.slice(-2), { before, after }, extentOf(kernelSize, dilation));
  const [kh, kw] = [at(kernelSize, 0), at(kernelSize, 1)];
  const patches = images
    .pad([
      [0, 0],
      [0, 0],
      [at(before, 0), at(after, 0)],
      [at(before, 1), at(after, 1)],
    ])
    .unfold(2, kh, at(stride, 0), at(dilation, 0))
    .unfold(3, kw, at(stride, 1), at(dilation, 1));
  const [batch, channels, height, width] = patches.shape as [number, number, number, number];
  return restore(patches.permute([0, 1, 4, 5, 2, 3]).reshape([batch, channels * kh * kw, height * width]));
}

/**
 * Sums patches to images (PyTorch's `fold`, MATLAB's `col2im`), the transpose of {@link im2col}: columns [N, C·kh·kw, P] or
 * [C·kh·kw, P] become [N, C, H, W] or [C, H, W]. dtypes stay, but bool becomes int32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank or not as many rows and columns as the patches, or an option is out of range.
 * @example
 * col2im(tensor([[1, 2], [2, 3]]), { outputSize: [1, 3], kernelSize: [1, 2] }); // tensor([[[1, 4, 3]]])
 */
export function col2im(x: Tensor, options: Col2imOptions): Tensor {
  checkTensor('col2im', x);
  checkOptions('col2im', options, ['outputSize', 'kernelSize', 'dilation', 'padding', 'stride']);
  const { kernelSize, dilation, stride, before, after } = parsePatches('col2im', options);
  const size = parseSize('col2im', 'outputSize', options.outputSize, 2, 1);
  const extent = extentOf(kernelSize, dilation);
  checkFit('col2im', size, { before, after }, extent);
  const counts = eachAxis(2, (axis) => {
    const padded = at(size, axis) + at(before, axis) + at(after, axis);
    return Math.floor((padded - at(extent, axis)) / at(stride, axis)) + 1;
  });
  const [rows, columns] = [sizeOf(kernelSize), sizeOf(counts)];
  if ((x.ndim !== 2 && x.ndim !== 3) || at(x.shape, x.ndim - 2) % rows !== 0 || at(x.shape, x.ndim - 1) !== columns) {
    throw new RangeError(
      `col2im: expected columns [N, C·${rows}, ${columns}] or [C·${rows}, ${columns}] for patches ${formatShape(kernelSize)} ` +
        `at ${formatShape(counts)} positions, got ${formatShape(x.shape)}`,
    );
  }
  const batched = x.ndim === 3 ? x : x.expandDims(0);
  const [batch, height] = batched.shape as [number, number];
  const channels = height / rows;
  const patches = (x.dtype === 'bool' ? batched.astype('int32') : batched)
    .reshape([batch, channels, ...kernelSize, ...counts])
    .permute([0, 1, 4, 5, 2, 3]);
  const foldOptions = (axis: number): FoldOptions => ({
    step: at(stride, axis),
    dilation: at(dilation, axis),
    start: at(before, axis),
    length: at(size, axis),
  });
  const images = foldAxis(foldAxis(patches, 3, foldOptions(1)), 2, foldOptions(0));
  return x.ndim === 3 ? images : images.squeeze(0);
}

interface Patches extends Sided {
  readonly kernelSize: readonly number[];
  readonly dilation: readonly number[];
  readonly stride: readonly number[];
}

function parsePatches(operation: string, options: PatchOptions): Patches {
  return {
    kernelSize: parseSize(operation, 'kernelSize', options.kernelSize, 2, 1),
    dilation: parseSize(operation, 'dilation', options.dilation ?? 1, 2, 1),
    stride: parseSize(operation, 'stride', options.stride ?? 1, 2, 1),
    ...parseSides(operation, options.padding ?? 0, 2),
  };
}
