import type { Shape, Tensor } from '@thetagrad/core';
import {
  areIntegers,
  areNumbers,
  argumentError,
  checkInteger,
  checkTensor,
  formatShape,
  normalizeAxis,
  sameShape,
  sizeOf,
} from '@thetagrad/core/backend';
import { unflatten } from '@thetagrad/ops';
import { Module } from '../module.ts';
import { FunctionLayer } from './functionLayer.ts';

/** A module with one input. */
type Layer = Module<[never], unknown>;

type InputOf<Layers extends readonly Layer[]> = Layers[0] extends Module<[infer Input], unknown> ? Input : Tensor;
type OutputOf<Layers extends readonly Layer[]> = Layers extends readonly [...Layer[], Module<[never], infer Output>]
  ? Output
  : Layers extends readonly []
    ? Tensor
    : Layers[number] extends Module<[never], infer Output>
      ? Output
      : never;

/** The layers' types, each of which must accept the output of the layer before. Brackets keep a union of layers one layer. */
type Chained<Layers extends readonly Layer[]> = Layers extends readonly [
  infer First extends Module<[never], unknown>,
  infer Second,
  ...infer Rest,
]
  ? [First] extends [Module<[never], infer Between>]
    ? readonly [
        First,
        ...Chained<
          [
            [Second] extends [Module<[Between], unknown>] ? Second : Module<[Between], unknown>,
            ...(Rest extends Layer[] ? Rest : never),
          ]
        >,
      ]
    : never
  : Layers;

/** Applies layers in order. They are named by their index: `0`, `1`, … */
export class Sequential<const Layers extends readonly Layer[] = readonly Module[]> extends Module<
  [InputOf<Layers>],
  OutputOf<Layers>
> {
  readonly layers: Layers;

  constructor(...layers: Layers & Chained<Layers>) {
    super();
    this.layers = layers;
  }

  /** The layers by index, and the fields of subclasses. */
  protected override members(): object {
    const { layers, ...others } = this;
    return Object.assign({}, layers, others);
  }

  override forward(x: InputOf<Layers>): OutputOf<Layers> {
    return this.layers.reduce<unknown>((value, layer) => layer.forward(value as never), x) as OutputOf<Layers>;
  }
}

/** Returns its input. */
export class Identity extends Module {
  override forward(x: Tensor): Tensor {
    checkTensor('Identity', x);
    return x;
  }
}

/** body(x) + shortcut(x). */
export class Residual extends Module {
  readonly body: Module;
  readonly shortcut: Module | undefined;

  /** @param shortcut Default: the identity. */
  constructor(body: Module, shortcut?: Module) {
    super();
    this.body = body;
    this.shortcut = shortcut;
  }

  /** @throws {RangeError} if body and shortcut return different shapes. */
  override forward(x: Tensor): Tensor {
    checkTensor('Residual', x);
    const body = this.body.forward(x);
    const shortcut = this.shortcut ? this.shortcut.forward(x) : x;
    if (!sameShape(body.shape, shortcut.shape)) {
      throw new RangeError(
        `Residual: the body returns ${formatShape(body.shape)}, the shortcut ${formatShape(shortcut.shape)}; ` +
          'they must be equal',
      );
    }
    return body.add(shortcut);
  }
}

/** Flattens the axes from `startAxis` to `endAxis` into one: [N, C, H, W] to [N, C·H·W] by default. */
export class Flatten extends Module {
  readonly startAxis: number;
  readonly endAxis: number;

  /**
   * @param startAxis Default: 1.
   * @param endAxis Default: −1.
   * @throws {TypeError | RangeError} if an axis is not an integer.
   */
  constructor(startAxis = 1, endAxis = -1) {
    super();
    checkInteger('Flatten', 'startAxis', startAxis);
    checkInteger('Flatten', 'endAxis', endAxis);
    this.startAxis = startAxis;
    this.endAxis = endAxis;
  }

  /** @throws {RangeError} if an axis is out of range, or `endAxis` is before `startAxis`. */
  override forward(x: Tensor): Tensor {
    checkTensor('Flatten', x);
    if (this.endAxis === -1) return x.flatten(this.startAxis);
    const start = normalizeAxis('Flatten', this.startAxis, x.ndim);
    const end = normalizeAxis('Flatten', this.endAxis, x.ndim);
    if (end < start) throw new RangeError(`Flatten: endAxis ${this.endAxis} is before startAxis ${this.startAxis}`);
    const merged = sizeOf(x.shape.slice(start, end + 1));
    return x.reshape([...x.shape.slice(0, start), merged, ...x.shape.slice(end + 1)]);
  }
}

/**
 * Replaces an axis by several, of which one may be −1 and is inferred: {@link unflatten}.
 * @example
 * new Unflatten(1, [2, -1]).forward(zeros([3, 8])).shape; // [3, 2, 4]
 */
export class Unflatten extends FunctionLayer {
  readonly axis: number;
  readonly unflattenedSize: Shape;

  /** @throws {TypeError | RangeError} if the axis is not an integer, or the sizes are not integers ≥ −1. */
  constructor(axis: number, unflattenedSize: Shape) {
    super('Unflatten', (x) => unflatten(x, axis, unflattenedSize));
    checkInteger('Unflatten', 'axis', axis);
    if (!areIntegers(unflattenedSize, -1) || unflattenedSize.length === 0) {
      const expected = 'an array of integers ≥ 0 and at most one −1';
      throw argumentError('Unflatten', 'unflattenedSize', expected, unflattenedSize, areNumbers(unflattenedSize));
    }
    this.axis = axis;
    this.unflattenedSize = unflattenedSize;
  }
}
