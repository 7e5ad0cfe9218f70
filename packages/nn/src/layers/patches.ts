import { col2im, type Col2imOptions, im2col, type PatchOptions, type Size } from '@thetagrad/conv';
import { checkOptions } from '@thetagrad/core/backend';
import { FunctionLayer } from './functionLayer.ts';
import { parseKernelSize } from './sizes.ts';

/** Options of {@link Unfold} and {@link Fold}: `dilation`, `padding` and `stride`. */
export type FoldOptions = Omit<PatchOptions, 'kernelSize'>;

const optionNames = ['dilation', 'padding', 'stride'] as const;

/**
 * Columns of the patches of images: [N, C, H, W] to [N, C · kernel height · kernel width, patches]. See {@link im2col}.
 * @example
 * new Unfold(2).forward(tensor([[[1, 2, 3], [4, 5, 6]]])); // tensor([[1, 2], [2, 3], [4, 5], [5, 6]])
 */
export class Unfold extends FunctionLayer {
  readonly options: PatchOptions;

  /** @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or a pair of them. */
  constructor(kernelSize: Size<2>, options: FoldOptions = {}) {
    const all = { ...options, kernelSize };
    super('Unfold', (x) => im2col(x, all));
    checkOptions('Unfold', options, optionNames);
    parseKernelSize('Unfold', kernelSize, 2);
    this.options = all;
  }
}

/**
 * Sums patches to images, the transpose of {@link Unfold}: [N, C · kernel height · kernel width, patches] to [N, C, H, W]. See {@link
 * col2im}.
 * @example
 * new Fold([1, 3], [1, 2]).forward(tensor([[1, 2], [2, 3]])); // tensor([[[1, 4, 3]]])
 */
export class Fold extends FunctionLayer {
  readonly options: Col2imOptions;

  /** @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or a pair of them. */
  constructor(outputSize: Size<2>, kernelSize: Size<2>, options: FoldOptions = {}) {
    const all = { ...options, outputSize, kernelSize };
    super('Fold', (x) => col2im(x, all));
    checkOptions('Fold', options, optionNames);
    parseKernelSize('Fold', kernelSize, 2);
    this.options = all;
  }
}
