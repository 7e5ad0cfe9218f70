import type { Tensor } from '@thetagrad/core';
import { checkTensor, formatShape, sameShape } from '@thetagrad/core/backend';
import { Module } from '../module.ts';

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

/** The layers' types, each of which must accept the output of the layer before. */
type Chained<Layers extends readonly Layer[]> = Layers extends readonly [
  infer First extends Module<[never], unknown>,
  infer Second,
  ...infer Rest,
]
  ? First extends Module<[never], infer Between>
    ? readonly [
        First,
        ...Chained<
          [
            Second extends Module<[Between], unknown> ? Second : Module<[Between], unknown>,
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

/** Flattens the axes from `startAxis` on into one: [N, C, H, W] to [N, C·H·W] by default. */
export class Flatten extends Module {
  readonly startAxis: number;

  /** @param startAxis Default: 1. */
  constructor(startAxis = 1) {
    super();
    this.startAxis = startAxis;
  }

  override forward(x: Tensor): Tensor {
    checkTensor('Flatten', x);
    return x.flatten(this.startAxis);
  }
}
