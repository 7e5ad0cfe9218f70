import type { Padding } from '@thetagrad/conv';
import type { Tensor } from '@thetagrad/core';
import { areIntegers, areNumbers, argumentError, checkTensor } from '@thetagrad/core/backend';
import { pad, type PadOptions, type PadWidth } from '@thetagrad/ops';
import { Module } from '../module.ts';
import { checkFinite } from './functionLayer.ts';
import { checkSpatial, type Rank } from './sizes.ts';

/** Padding of the spatial axes. */
export abstract class PaddingLayer<R extends Rank> extends Module {
  /** [before, after] of each spatial axis, the first axis first. */
  readonly padding: readonly PadWidth[];
  readonly #name: string;
  readonly #rank: R;
  readonly #options: PadOptions;

  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  protected constructor(kind: readonly [name: string, rank: R], padding: Padding<R>, options: PadOptions) {
    super();
    [this.#name, this.#rank] = kind;
    this.#options = options;
    this.padding = parsePadding(this.#name, this.#rank, padding);
  }

  /** @throws {RangeError} if x has another number of axes, or an empty one that is padded with its own elements. */
  override forward(x: Tensor): Tensor {
    checkTensor(this.#name, x);
    checkSpatial(this.#name, x, this.#rank);
    const widths = x.shape.map((_, axis): PadWidth => this.padding[axis - x.ndim + this.#rank] ?? [0, 0]);
    return pad(x, widths, this.#options);
  }
}

function parsePadding(layer: string, rank: Rank, padding: unknown): readonly PadWidth[] {
  const given: unknown = typeof padding === 'number' ? Array.from({ length: rank }, () => padding) : padding;
  const sides: unknown = Array.isArray(given)
    ? given.map((side: unknown) => (typeof side === 'number' ? [side, side] : side))
    : given;
  if (Array.isArray(sides) && sides.length === rank) {
    const pairs = sides.filter((pair): pair is PadWidth => areIntegers(pair, -Infinity) && pair.length === 2);
    if (pairs.length === rank) return pairs;
  }
  const expected = 'integers, one for all axes, one for each or a pair [before, after] for each';
  throw argumentError(layer, 'padding', expected, padding, Array.isArray(sides) && sides.every(areNumbers));
}

/**
 * Mirrors signals [N, C, L] or [C, L] at their outermost elements.
 * @example
 * new ReflectionPad1d(2).forward(tensor([[1, 2, 3]])); // tensor([[3, 2, 1, 2, 3, 2, 1]])
 */
export class ReflectionPad1d extends PaddingLayer<1> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<1>) {
    super(['ReflectionPad1d', 1], padding, { mode: 'reflect' });
  }
}

/**
 * Mirrors images [N, C, H, W] or [C, H, W] at their outermost elements.
 * @example
 * new ReflectionPad2d(1).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1]]])
 */
export class ReflectionPad2d extends PaddingLayer<2> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<2>) {
    super(['ReflectionPad2d', 2], padding, { mode: 'reflect' });
  }
}

/**
 * Mirrors volumes [N, C, D, H, W] or [C, D, H, W] at their outermost elements.
 * @example
 * new ReflectionPad3d([1, 0, 2]).forward(zeros([1, 2, 4, 4])).shape; // [1, 4, 4, 8]
 */
export class ReflectionPad3d extends PaddingLayer<3> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<3>) {
    super(['ReflectionPad3d', 3], padding, { mode: 'reflect' });
  }
}

/**
 * Repeats the outermost elements of signals [N, C, L] or [C, L].
 * @example
 * new ReplicationPad1d(1).forward(tensor([[1, 2, 3]])); // tensor([[1, 1, 2, 3, 3]])
 */
export class ReplicationPad1d extends PaddingLayer<1> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<1>) {
    super(['ReplicationPad1d', 1], padding, { mode: 'edge' });
  }
}

/**
 * Repeats the outermost elements of images [N, C, H, W] or [C, H, W].
 * @example
 * new ReplicationPad2d([0, 1]).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[1, 1, 2, 2], [3, 3, 4, 4]]])
 */
export class ReplicationPad2d extends PaddingLayer<2> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<2>) {
    super(['ReplicationPad2d', 2], padding, { mode: 'edge' });
  }
}

/**
 * Repeats the outermost elements of volumes [N, C, D, H, W] or [C, D, H, W].
 * @example
 * new ReplicationPad3d([1, 0, 2]).forward(zeros([1, 2, 4, 4])).shape; // [1, 4, 4, 8]
 */
export class ReplicationPad3d extends PaddingLayer<3> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<3>) {
    super(['ReplicationPad3d', 3], padding, { mode: 'edge' });
  }
}

/**
 * Continues signals [N, C, L] or [C, L] at their other end.
 * @example
 * new CircularPad1d(1).forward(tensor([[1, 2, 3]])); // tensor([[3, 1, 2, 3, 1]])
 */
export class CircularPad1d extends PaddingLayer<1> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<1>) {
    super(['CircularPad1d', 1], padding, { mode: 'wrap' });
  }
}

/**
 * Continues images [N, C, H, W] or [C, H, W] at their other end.
 * @example
 * new CircularPad2d([0, 1]).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[2, 1, 2, 1], [4, 3, 4, 3]]])
 */
export class CircularPad2d extends PaddingLayer<2> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<2>) {
    super(['CircularPad2d', 2], padding, { mode: 'wrap' });
  }
}

/**
 * Continues volumes [N, C, D, H, W] or [C, D, H, W] at their other end.
 * @example
 * new CircularPad3d([1, 0, 2]).forward(zeros([1, 2, 4, 4])).shape; // [1, 4, 4, 8]
 */
export class CircularPad3d extends PaddingLayer<3> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<3>) {
    super(['CircularPad3d', 3], padding, { mode: 'wrap' });
  }
}

/**
 * Surrounds signals [N, C, L] or [C, L] with a value.
 * @example
 * new ConstantPad1d(1, 9).forward(tensor([[1, 2, 3]])); // tensor([[9, 1, 2, 3, 9]])
 */
export class ConstantPad1d extends PaddingLayer<1> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}, or the value is not a finite number. */
  constructor(padding: Padding<1>, value: number) {
    super(['ConstantPad1d', 1], padding, { value });
    checkFinite('ConstantPad1d', 'value', value);
  }
}

/**
 * Surrounds images [N, C, H, W] or [C, H, W] with a value.
 * @example
 * new ConstantPad2d([[0, 0], [1, 0]], 9).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[9, 1, 2], [9, 3, 4]]])
 */
export class ConstantPad2d extends PaddingLayer<2> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}, or the value is not a finite number. */
  constructor(padding: Padding<2>, value: number) {
    super(['ConstantPad2d', 2], padding, { value });
    checkFinite('ConstantPad2d', 'value', value);
  }
}

/**
 * Surrounds volumes [N, C, D, H, W] or [C, D, H, W] with a value.
 * @example
 * new ConstantPad3d([1, 0, 2], 5).forward(zeros([1, 2, 4, 4])).shape; // [1, 4, 4, 8]
 */
export class ConstantPad3d extends PaddingLayer<3> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}, or the value is not a finite number. */
  constructor(padding: Padding<3>, value: number) {
    super(['ConstantPad3d', 3], padding, { value });
    checkFinite('ConstantPad3d', 'value', value);
  }
}

/**
 * Surrounds signals [N, C, L] or [C, L] with zeros.
 * @example
 * new ZeroPad1d(1).forward(tensor([[1, 2, 3]])); // tensor([[0, 1, 2, 3, 0]])
 */
export class ZeroPad1d extends PaddingLayer<1> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<1>) {
    super(['ZeroPad1d', 1], padding, {});
  }
}

/**
 * Surrounds images [N, C, H, W] or [C, H, W] with zeros.
 * @example
 * new ZeroPad2d([[0, 0], [1, 0]]).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[0, 1, 2], [0, 3, 4]]])
 */
export class ZeroPad2d extends PaddingLayer<2> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<2>) {
    super(['ZeroPad2d', 2], padding, {});
  }
}

/**
 * Surrounds volumes [N, C, D, H, W] or [C, D, H, W] with zeros.
 * @example
 * new ZeroPad3d([1, 0, 2]).forward(zeros([1, 2, 4, 4])).shape; // [1, 4, 4, 8]
 */
export class ZeroPad3d extends PaddingLayer<3> {
  /** @throws {TypeError | RangeError} if the padding is not made of integers in one of the forms of {@link Padding}. */
  constructor(padding: Padding<3>) {
    super(['ZeroPad3d', 3], padding, {});
  }
}
