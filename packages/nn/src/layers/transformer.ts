// Transformers: stacks of layers.
import type { Tensor } from '@thetagrad/core';
import { argumentError, checkInteger, checkOptions, checkTensor } from '@thetagrad/core/backend';
import { generatorOf } from '../generator.ts';
import { xavierUniform } from '../init.ts';
import { Module } from '../module.ts';
import { LayerNorm } from './normalization.ts';
import {
  decoderCallOptions,
  TransformerDecoderLayer,
  type TransformerDecoderLayerCallOptions,
  TransformerEncoderLayer,
  type TransformerEncoderLayerCallOptions,
  type TransformerLayerOptions,
  transformerLayerOptions,
} from './transformerLayers.ts';

export interface TransformerStackOptions {
  /** A normalization of the output. Default: none. */
  readonly norm?: Module | undefined;
}

/** The options of a call of an encoder. Masks are those of {@link MultiheadAttention}. */
export interface TransformerEncoderCallOptions {
  /** [L, L] or [N · nhead, L, L]. Default: none. */
  readonly mask?: Tensor | undefined;
  /** [N, L], or [L] without N. Default: none. */
  readonly srcKeyPaddingMask?: Tensor | undefined;
  /** Whether position i attends to positions 0 to i alone. Default: false. */
  readonly isCausal?: boolean;
}

/** What an encoder is made of, such as {@link TransformerEncoderLayer}. */
type EncoderLayer = Module<[src: Tensor, options?: TransformerEncoderLayerCallOptions]>;
/** What a decoder is made of, such as {@link TransformerDecoderLayer}. */
type DecoderLayer = Module<[tgt: Tensor, memory: Tensor, options?: TransformerDecoderLayerCallOptions]>;

/**
 * Layers one after the other, as PyTorch's `TransformerEncoder`: [L, N, dModel] to the same shape, or without N. The layers are given,
 * instead of copied from one, so that their weights differ.
 * @example
 * const layers = [1, 2, 3].map(() => new TransformerEncoderLayer(8, 2, { dimFeedforward: 16 }));
 * new TransformerEncoder(layers, { norm: new LayerNorm(8) }).forward(zeros([5, 3, 8])).shape; // [5, 3, 8]
 */
export class TransformerEncoder<Layer extends EncoderLayer = TransformerEncoderLayer> extends Module<
  [src: Tensor, options?: TransformerEncoderCallOptions]
> {
  readonly layers: readonly Layer[];
  readonly norm: Module | undefined;

  /** @throws {TypeError} if the layers are not an array of modules, or an option is unknown or of the wrong kind. */
  constructor(layers: readonly Layer[], options: TransformerStackOptions = {}) {
    super();
    checkOptions('TransformerEncoder', options, ['norm']);
    checkLayers('TransformerEncoder', layers, options);
    this.layers = layers;
    this.norm = options.norm;
  }

  /** @throws {RangeError} if the shapes do not fit. */
  override forward(src: Tensor, options: TransformerEncoderCallOptions = {}): Tensor {
    checkTensor('TransformerEncoder', src);
    checkOptions('TransformerEncoder', options, ['mask', 'srcKeyPaddingMask', 'isCausal']);
    const { mask: srcMask, ...others } = options;
    const output = this.layers.reduce<Tensor>((x, layer) => layer.forward(x, { srcMask, ...others }), src);
    return this.norm ? this.norm.forward(output) : output;
  }
}

/**
 * Layers one after the other, as PyTorch's `TransformerDecoder`: a target [T, N, dModel] and a memory [L, N, dModel] to
 * [T, N, dModel], or without N. The layers are given, as in {@link TransformerEncoder}.
 * @example
 * const layers = [1, 2].map(() => new TransformerDecoderLayer(8, 2, { dimFeedforward: 16 }));
 * new TransformerDecoder(layers).forward(zeros([4, 3, 8]), ones([5, 3, 8]), { tgtIsCausal: true }).shape; // [4, 3, 8]
 */
export class TransformerDecoder<Layer extends DecoderLayer = TransformerDecoderLayer> extends Module<
  [tgt: Tensor, memory: Tensor, options?: TransformerDecoderLayerCallOptions]
> {
  readonly layers: readonly Layer[];
  readonly norm: Module | undefined;

  /** @throws {TypeError} if the layers are not an array of modules, or an option is unknown or of the wrong kind. */
  constructor(layers: readonly Layer[], options: TransformerStackOptions = {}) {
    super();
    checkOptions('TransformerDecoder', options, ['norm']);
    checkLayers('TransformerDecoder', layers, options);
    this.layers = layers;
    this.norm = options.norm;
  }

  /** @throws {RangeError} if the shapes do not fit. */
  override forward(tgt: Tensor, memory: Tensor, options: TransformerDecoderLayerCallOptions = {}): Tensor {
    checkTensor('TransformerDecoder', tgt);
    checkTensor('TransformerDecoder', memory);
    checkOptions('TransformerDecoder', options, decoderCallOptions);
    const output = this.layers.reduce<Tensor>((x, layer) => layer.forward(x, memory, options), tgt);
    return this.norm ? this.norm.forward(output) : output;
  }
}

export interface TransformerOptions extends TransformerLayerOptions {
  /** The number of features. Default: 512. */
  readonly dModel?: number;
  /** The number of heads. Default: 8. */
  readonly nhead?: number;
  /** Default: 6. */
  readonly numEncoderLayers?: number;
  /** Default: 6. */
  readonly numDecoderLayers?: number;
}

/** The options of a call of a transformer. Masks are those of {@link MultiheadAttention}. */
export interface TransformerCallOptions extends TransformerDecoderLayerCallOptions {
  /** [L, L] or [N · nhead, L, L]. Default: none. */
  readonly srcMask?: Tensor | undefined;
  /** [N, L], or [L] without N. Default: none. */
  readonly srcKeyPaddingMask?: Tensor | undefined;
  /** Whether position i of the source attends to its positions 0 to i alone. Default: false. */
  readonly srcIsCausal?: boolean;
}

/**
 * An encoder of a source and a decoder of a target, both with a normalization at the end, as PyTorch's `Transformer`: [L, N, dModel]
 * and [T, N, dModel] to [T, N, dModel], or without N. By default, all weights of products are drawn by `init.xavierUniform`. (Vaswani et al.,
 * "Attention is all you need", NeurIPS 2017.)
 * @example
 * const model = new Transformer({ dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16 });
 * model.forward(zeros([5, 3, 8]), ones([4, 3, 8]), { tgtIsCausal: true }).shape; // [4, 3, 8]
 */
export class Transformer extends Module<[src: Tensor, tgt: Tensor, options?: TransformerCallOptions]> {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, the heads do not divide `dModel`, or an option is out of range.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(options: TransformerOptions = {}) {
    super();
    const name = 'Transformer';
    const own = ['dModel', 'nhead', 'numEncoderLayers', 'numDecoderLayers'] as const;
    checkOptions(name, options, [...own, ...transformerLayerOptions]);
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, key, generator, ...rest } = options;
    checkInteger(name, 'numEncoderLayers', numEncoderLayers, { min: 0 });
    checkInteger(name, 'numDecoderLayers', numDecoderLayers, { min: 0 });
    const shared = generatorOf(name, {
      ...(key !== undefined && { key }),
      ...(generator !== undefined && { generator }),
    });
    const layerOptions = { weightInit: xavierUniform(), ...rest, generator: shared };
    const { layerNormEps: eps = 1e-5, bias = true, dtype = 'float32' } = rest;
    const repeat = <Layer>(count: number, make: () => Layer): Layer[] => Array.from({ length: count }, make);
    this.encoder = new TransformerEncoder(
      repeat(numEncoderLayers, () => new TransformerEncoderLayer(dModel, nhead, layerOptions)),
      { norm: new LayerNorm(dModel, { eps, bias, dtype }) },
    );
    this.decoder = new TransformerDecoder(
      repeat(numDecoderLayers, () => new TransformerDecoderLayer(dModel, nhead, layerOptions)),
      { norm: new LayerNorm(dModel, { eps, bias, dtype }) },
    );
  }

  /** @throws {RangeError} if the shapes do not fit. */
  override forward(src: Tensor, tgt: Tensor, options: TransformerCallOptions = {}): Tensor {
    checkTensor('Transformer', src);
    checkTensor('Transformer', tgt);
    checkOptions('Transformer', options, ['srcMask', 'srcKeyPaddingMask', 'srcIsCausal', ...decoderCallOptions]);
    const { srcMask: mask, srcKeyPaddingMask, srcIsCausal: isCausal = false, ...ofTarget } = options;
    const memory = this.encoder.forward(src, { mask, srcKeyPaddingMask, isCausal });
    return this.decoder.forward(tgt, memory, ofTarget);
  }
}

/** @throws {TypeError} if layers are not an array of modules, or the normalization is not a module. */
function checkLayers<Layer>(operation: string, layers: readonly Layer[], { norm }: TransformerStackOptions): void {
  if (!Array.isArray(layers) || !layers.every((layer) => layer instanceof Module)) {
    throw argumentError(operation, 'layers', 'an array of modules', layers, false);
  }
  if (norm !== undefined && !(norm instanceof Module)) throw argumentError(operation, 'norm', 'a module', norm, false);
}
