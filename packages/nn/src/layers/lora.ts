import { type Tensor, Variable, zeros } from '@thetagrad/core';
import { argumentError, checkFraction, checkInteger, checkOptions, sizeOf } from '@thetagrad/core/backend';
import { functionalCall } from '@thetagrad/func';
import { dropout } from '../functional/dropout.ts';
import { linear } from '../functional/linear.ts';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { kaimingUniform } from '../init.ts';
import { type AnyModule, Module } from '../module.ts';
import { Conv1d, Conv2d, Conv3d } from './convolution.ts';
import { checkFinite } from './functionLayer.ts';
import { Linear } from './linear.ts';

/** Options of {@link LoRA}. */
export interface LoRAOptions extends Randomness {
  /** The rank of the adapter. Default: 8. */
  readonly r?: number;
  /** The adapter is scaled by loraAlpha / r. Default: 8. */
  readonly loraAlpha?: number;
  /** The probability with which elements of the adapter's input are dropped in training. Default: 0. */
  readonly loraDropout?: number;
}

/** The layers that an adapter can be added to. */
export type AdaptedLayer = Linear | Conv1d | Conv2d | Conv3d;

/**
 * A layer whose weight is frozen, with a trained adapter of low rank: its weight is weight + loraAlpha / r · loraB · loraA. At first
 * loraB is 0. Weight and bias are those of the layer at the time, and buffers. (Hu et al., "LoRA", ICLR 2022, equation 3; for
 * convolutions the weight is taken as a matrix [outChannels, inChannels / groups · kernel].)
 * @example
 * Object.keys(new LoRA(new Linear(64, 32), { r: 4 }).parameters()); // ["loraA", "loraB"]
 */
export class LoRA<Layer extends AdaptedLayer = AdaptedLayer> extends Module {
  /** The layer without the adapter; its variables are those of a merged layer, see {@link merge}. */
  readonly layer: Layer;
  readonly scaling: number;
  readonly loraDropout: number;
  /** The source of dropout's masks. */
  readonly generator: Generator;
  /** Of the shape of the layer's weight, not trained. */
  readonly weight: Variable;
  /** [outputs], not trained. */
  readonly bias: Variable | undefined;
  /** [r, inputs of each output] */
  readonly loraA: Variable;
  /** [outputs, r] */
  readonly loraB: Variable;

  /**
   * @throws {TypeError} if the layer is of another class, or both a key and a generator are given.
   * @throws {RangeError} if r is not an integer ≥ 1, or `loraDropout` not between 0 and 1.
   */
  constructor(layer: Layer, options: LoRAOptions = {}) {
    super();
    checkOptions('LoRA', options, ['r', 'loraAlpha', 'loraDropout', 'key', 'generator']);
    if (![Linear, Conv1d, Conv2d, Conv3d].some((kind) => layer instanceof kind)) {
      throw argumentError('LoRA', 'the layer', 'a Linear, Conv1d, Conv2d or Conv3d', layer, false);
    }
    const { r = 8, loraAlpha = 8, loraDropout = 0 } = options;
    checkInteger('LoRA', 'r', r, { min: 1 });
    checkFinite('LoRA', 'loraAlpha', loraAlpha);
    checkFraction('LoRA', 'loraDropout', loraDropout);
    this.layer = layer;
    this.training = layer.training;
    this.scaling = loraAlpha / r;
    this.loraDropout = loraDropout;
    this.generator = generatorOf('LoRA', options);
    this.weight = freeze(layer.weight);
    this.bias = layer.bias && freeze(layer.bias);
    const { dtype, shape } = layer.weight;
    const [outputs = 0, ...inputs] = shape;
    const init = kaimingUniform({ negativeSlope: Math.sqrt(5) });
    this.loraA = new Variable(init(this.generator.next(), [r, sizeOf(inputs)], dtype), { name: 'LoRA.loraA' });
    this.loraB = new Variable(zeros([outputs, r], { dtype }), { name: 'LoRA.loraB' });
  }

  protected override members(): object {
    const { weight, bias, loraA, loraB } = this;
    return { weight, bias, loraA, loraB };
  }

  override forward(x: Tensor): Tensor {
    const { layer, weight, bias, loraA, loraB, scaling } = this;
    const isDropping = this.training && this.loraDropout > 0;
    if (!(layer instanceof Linear)) {
      if (!isDropping) return this.#call(x, weight.value.add(this.#difference()), bias?.value);
      const adapted = this.#call(this.#drop(x), this.#difference(), bias && zeros(bias.shape, { dtype: bias.dtype }));
      return this.#call(x, weight.value, bias?.value).add(adapted);
    }
    const frozen = this.#call(x, weight.value, bias?.value);
    const input = isDropping ? this.#drop(x) : x;
    return frozen.add(linear(linear(input, loraA.value), loraB.value).mul(scaling));
  }

  /** Assigns the weight with the adapter, and the bias, to the layer; `evaluate` stores them. This module stays as it is. */
  merge(): Layer {
    this.layer.weight.assign(this.weight.value.add(this.#difference()));
    if (this.bias) this.layer.bias?.assign(this.bias.value);
    return this.layer;
  }

  /** What the adapter adds to the weight. */
  #difference(): Tensor {
    return this.loraB.value.matmul(this.loraA.value).mul(this.scaling).reshape(this.weight.shape);
  }

  #drop(x: Tensor): Tensor {
    return dropout(this.generator.next(), x, { p: this.loraDropout });
  }

  #call(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
    const { layer } = this;
    const variables = { weight: layer.weight, ...(layer.bias && { bias: layer.bias }) };
    return functionalCall(variables, { weight, ...(bias && { bias }) }, () => layer.forward(x));
  }
}

function freeze({ value, name }: Variable): Variable {
  return new Variable(value, { name, trainable: false });
}

/** The adapters of all {@link LoRA} layers of a model, to be saved alone and loaded with `{ strict: false }`. */
export function loraStateDict(model: AnyModule): Record<string, Tensor> {
  const adapters = [...model.modules()].flatMap(([path, module]) => {
    const prefix = path === '' ? '' : `${path}.`;
    return module instanceof LoRA ? [`${prefix}loraA`, `${prefix}loraB`] : [];
  });
  const state = model.stateDict();
  return Object.fromEntries(Object.entries(state).filter(([name]) => adapters.includes(name)));
}
