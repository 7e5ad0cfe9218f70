import type { Tensor } from '@thetagrad/core';
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

/** Each layer as it must be typed to take what the one before gives. */
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

/** Layers one after another. Its modules are named by their place: `0`, `1`, … */
export class Sequential<const Layers extends readonly Layer[] = readonly Module[]> extends Module<
  [InputOf<Layers>],
  OutputOf<Layers>
> {
  readonly layers: Layers;

  constructor(...layers: Layers & Chained<Layers>) {
    super();
    this.layers = layers;
  }

  /** The layers by their place, and what a class that extends this one adds. */
  protected override members(): object {
    const { layers, ...others } = this;
    return Object.assign({}, layers, others);
  }

  override forward(x: InputOf<Layers>): OutputOf<Layers> {
    return this.layers.reduce<unknown>((value, layer) => layer.forward(value as never), x) as OutputOf<Layers>;
  }
}

/** body(x) + shortcut(x), where the shortcut is x itself unless a module is given. */
export class Residual extends Module {
  readonly body: Module;
  readonly shortcut: Module | undefined;

  constructor(body: Module, shortcut?: Module) {
    super();
    this.body = body;
    this.shortcut = shortcut;
  }

  /** @throws {RangeError} if body and shortcut give different shapes. */
  override forward(x: Tensor): Tensor {
    const main = this.body.forward(x);
    const around = this.shortcut ? this.shortcut.forward(x) : x;
    if (main.shape.join() !== around.shape.join()) {
      throw new RangeError(
        `Residual: the body gives [${main.shape.join(', ')}], the shortcut [${around.shape.join(', ')}]; they must be equal`,
      );
    }
    return main.add(around);
  }
}

/** The axes from `startAxis` on made one: [N, C, H, W] to [N, C·H·W] by default. */
export class Flatten extends Module {
  readonly startAxis: number;

  constructor(startAxis = 1) {
    super();
    this.startAxis = startAxis;
  }

  override forward(x: Tensor): Tensor {
    return x.flatten(this.startAxis);
  }
}
