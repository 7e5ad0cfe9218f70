// The layers of transformers.
import type { DType, Tensor } from '@thetagrad/core';
import {
  checkBoolean,
  checkFraction,
  checkInteger,
  checkNonnegative,
  checkOptions,
  checkTensor,
  formatShape,
  formatShapes,
  unknownValue,
} from '@thetagrad/core/backend';
import { generatorOf, type Randomness } from '../generator.ts';
import type { Initializer } from '../init.ts';
import { Module } from '../module.ts';
import { GELU, ReLU } from './activation.ts';
import { checkMaskShape, MultiheadAttention } from './attention.ts';
import { Dropout } from './dropout.ts';
import { Linear } from './linear.ts';
import { LayerNorm } from './normalization.ts';

export interface TransformerLayerOptions extends Randomness {
  /** The number of hidden units of the feed-forward network. Default: 2048. */
  readonly dimFeedforward?: number;
  /** The probability of all dropouts. Default: 0.1. */
  readonly dropout?: number;
  /** The activation of the feed-forward network. Default: `'relu'`. */
  readonly activation?: 'relu' | 'gelu' | Module;
  /** Added to the variances of the normalizations. Default: 1e-5. */
  readonly layerNormEps?: number;
  /** Whether the axis of the batch comes first. Default: false, as in PyTorch. */
  readonly batchFirst?: boolean;
  /** Whether each part normalizes its input instead of its sum with the input (Xiong et al., ICML 2020). Default: false. */
  readonly normFirst?: boolean;
  /** Whether there are biases. Default: true. */
  readonly bias?: boolean;
  /** Draws all weights of products. Default: those of {@link MultiheadAttention} and {@link Linear}, as in PyTorch. */
  readonly weightInit?: Initializer | undefined;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** The names of {@link TransformerLayerOptions}. */
export const transformerLayerOptions = [
  'dimFeedforward',
  'dropout',
  'activation',
  'layerNormEps',
  'batchFirst',
  'normFirst',
  'bias',
  'weightInit',
  'dtype',
  'key',
  'generator',
] as const;

/** Attention to the sequence itself, and a feed-forward network. */
export abstract class TransformerLayer<Inputs extends unknown[]> extends Module<Inputs> {
  readonly normFirst: boolean;
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly activation: Module;
  /** All dropouts but those of the weights of attention. */
  readonly dropout: Dropout;
  readonly #name: string;

  /**
   * @param name of the class, for messages
   * @throws {RangeError} if a size is not an integer ≥ 1, the heads do not divide `dModel`, or an option is out of range.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  protected constructor(name: string, dModel: number, nhead: number, options: TransformerLayerOptions) {
    super();
    checkOptions(name, options, transformerLayerOptions);
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', normFirst = false } = options;
    const { batchFirst = false, bias = true, layerNormEps = 1e-5, dtype = 'float32' } = options;
    for (const [key, size] of Object.entries({ dModel, nhead, dimFeedforward })) {
      checkInteger(name, key, size, { min: 1 });
    }
    if (dModel % nhead !== 0) throw new RangeError(`${name}: ${nhead} heads do not divide dModel ${dModel}`);
    checkFraction(name, 'dropout', dropout);
    checkNonnegative(name, 'layerNormEps', layerNormEps);
    for (const [key, flag] of Object.entries({ normFirst, batchFirst, bias })) checkBoolean(name, key, flag);
    this.#name = name;
    const generator = generatorOf(name, options);
    const normOptions = { eps: layerNormEps, bias, dtype };
    const weightOptions = { bias, dtype, generator, ...(options.weightInit && { weightInit: options.weightInit }) };
    this.normFirst = normFirst;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { ...weightOptions, dropout, batchFirst });
    this.linear1 = new Linear(dModel, dimFeedforward, weightOptions);
    this.linear2 = new Linear(dimFeedforward, dModel, weightOptions);
    this.norm1 = new LayerNorm(dModel, normOptions);
    this.norm2 = new LayerNorm(dModel, normOptions);
    this.activation = toActivation(name, activation);
    this.dropout = new Dropout(dropout, { generator });
  }

  /** @throws {RangeError} if a sequence is not [L, N, dModel], or [N, L, dModel] with `batchFirst`, or [L, dModel]. */
  protected checkSequence(name: string, x: Tensor): void {
    checkTensor(this.#name, x);
    const { embedDim, batchFirst } = this.selfAttn;
    if ((x.ndim === 2 || x.ndim === 3) && x.shape.at(-1) === embedDim) return;
    const axes = batchFirst ? 'N, L' : 'L, N';
    throw new RangeError(
      `${this.#name}: ${name} must be [${axes}, ${embedDim}] or [L, ${embedDim}], got ${formatShape(x.shape)}`,
    );
  }

  /** Checks masks, by their names, of attention from one sequence to another: [L, S] for each head, and [S] of padding. */
  protected checkMasks(
    queries: Tensor,
    keys: Tensor,
    { masks, paddings }: Readonly<Record<'masks' | 'paddings', Readonly<Record<string, Tensor | undefined>>>>,
  ): void {
    const { batchFirst, numHeads } = this.selfAttn;
    const isBatched = queries.ndim === 3;
    const [batch, steps] = batchFirst && isBatched ? [0, 1] : [1, 0];
    const [count, length, size] = [isBatched ? queries.shape[batch]! : 1, queries.shape[steps]!, keys.shape[steps]!];
    for (const [name, mask] of Object.entries(masks)) {
      if (mask === undefined) continue;
      checkMaskShape(this.#name, name, mask, [
        [length, size],
        [count * numHeads, length, size],
      ]);
    }
    for (const [name, mask] of Object.entries(paddings)) {
      if (mask !== undefined) checkMaskShape(this.#name, name, mask, [isBatched ? [count, size] : [size]]);
    }
  }

  /** Adds what a part of the layer makes of x, with a normalization before or after. */
  protected add(x: Tensor, norm: LayerNorm, part: (x: Tensor) => Tensor): Tensor {
    if (this.normFirst) return x.add(this.dropout.forward(part(norm.forward(x))));
    return norm.forward(x.add(this.dropout.forward(part(x))));
  }

  protected feedForward(x: Tensor): Tensor {
    return this.linear2.forward(this.dropout.forward(this.activation.forward(this.linear1.forward(x))));
  }
}

/** The options of a call of an encoder layer. Masks are those of {@link MultiheadAttention}. */
export interface TransformerEncoderLayerCallOptions {
  /** [L, L] or [N · nhead, L, L]. Default: none. */
  readonly srcMask?: Tensor | undefined;
  /** [N, L], or [L] without N. Default: none. */
  readonly srcKeyPaddingMask?: Tensor | undefined;
  /** Whether position i attends to positions 0 to i alone. Default: false. */
  readonly isCausal?: boolean;
}

/**
 * Attention of a sequence to itself and a feed-forward network, each added to its input and normalized, as PyTorch's
 * `TransformerEncoderLayer`: [L, N, dModel] to the same shape, or without N (Vaswani et al., NeurIPS 2017, section 3.1).
 * @example
 * const layer = new TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * layer.forward(random.normal(random.key(0), [3, 5, 8]), { isCausal: true }).shape; // [3, 5, 8]
 */
export class TransformerEncoderLayer extends TransformerLayer<
  [src: Tensor, options?: TransformerEncoderLayerCallOptions]
> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, the heads do not divide `dModel`, or an option is out of range.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super('TransformerEncoderLayer', dModel, nhead, options);
  }

  /** @throws {RangeError} if the shapes do not fit. */
  override forward(src: Tensor, options: TransformerEncoderLayerCallOptions = {}): Tensor {
    this.checkSequence('src', src);
    checkOptions('TransformerEncoderLayer', options, ['srcMask', 'srcKeyPaddingMask', 'isCausal']);
    const { srcMask: attnMask, srcKeyPaddingMask: keyPaddingMask, isCausal = false } = options;
    checkBoolean('TransformerEncoderLayer', 'isCausal', isCausal);
    this.checkMasks(src, src, { masks: { srcMask: attnMask }, paddings: { srcKeyPaddingMask: keyPaddingMask } });
    const masks = { attnMask, keyPaddingMask, isCausal };
    const x = this.add(src, this.norm1, (x) => this.selfAttn.forward(x, x, x, masks)[0]);
    return this.add(x, this.norm2, (x) => this.feedForward(x));
  }
}

/** The options of a call of a decoder layer. Masks are those of {@link MultiheadAttention}. */
export interface TransformerDecoderLayerCallOptions {
  /** [T, T] or [N · nhead, T, T]. Default: none. */
  readonly tgtMask?: Tensor | undefined;
  /** [T, L] or [N · nhead, T, L]. Default: none. */
  readonly memoryMask?: Tensor | undefined;
  /** [N, T], or [T] without N. Default: none. */
  readonly tgtKeyPaddingMask?: Tensor | undefined;
  /** [N, L], or [L] without N. Default: none. */
  readonly memoryKeyPaddingMask?: Tensor | undefined;
  /** Whether position i of the target attends to its positions 0 to i alone. Default: false. */
  readonly tgtIsCausal?: boolean;
  /** Whether position i of the target attends to positions 0 to i of the memory alone. Default: false. */
  readonly memoryIsCausal?: boolean;
}

/** The names of {@link TransformerDecoderLayerCallOptions}. */
export const decoderCallOptions = [
  'tgtMask',
  'memoryMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'tgtIsCausal',
  'memoryIsCausal',
] as const;

/**
 * Attention of a target to itself and to a memory, the output of an encoder, and a feed-forward network, as PyTorch's
 * `TransformerDecoderLayer`: [T, N, dModel] and [L, N, dModel] to [T, N, dModel], or without N (Vaswani et al., NeurIPS 2017, section
 * 3.1).
 * @example
 * const layer = new TransformerDecoderLayer(8, 2, { dimFeedforward: 16 });
 * layer.forward(zeros([4, 3, 8]), ones([5, 3, 8]), { tgtIsCausal: true }).shape; // [4, 3, 8]
 */
export class TransformerDecoderLayer extends TransformerLayer<
  [tgt: Tensor, memory: Tensor, options?: TransformerDecoderLayerCallOptions]
> {
  readonly multiheadAttn: MultiheadAttention;
  readonly norm3: LayerNorm;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, the heads do not divide `dModel`, or an option is out of range.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super('TransformerDecoderLayer', dModel, nhead, options);
    const { dropout = 0.1, bias = true, batchFirst = false, layerNormEps = 1e-5, dtype = 'float32' } = options;
    const { generator } = this.dropout;
    const { weightInit } = options;
    const attentionOptions = { dropout, bias, batchFirst, weightInit, dtype, generator };
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, attentionOptions);
    this.norm3 = new LayerNorm(dModel, { eps: layerNormEps, bias, dtype });
  }

  /** @throws {RangeError} if the shapes do not fit. */
  override forward(tgt: Tensor, memory: Tensor, options: TransformerDecoderLayerCallOptions = {}): Tensor {
    this.checkSequence('tgt', tgt);
    this.checkSequence('memory', memory);
    const batch = this.selfAttn.batchFirst ? 0 : 1;
    if (tgt.ndim !== memory.ndim || (tgt.ndim === 3 && tgt.shape[batch] !== memory.shape[batch])) {
      throw new RangeError(
        `TransformerDecoderLayer: tgt and memory must have the same N, got ${formatShapes([tgt, memory])}`,
      );
    }
    checkOptions('TransformerDecoderLayer', options, decoderCallOptions);
    const { tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask } = options;
    this.checkMasks(tgt, tgt, { masks: { tgtMask }, paddings: { tgtKeyPaddingMask } });
    this.checkMasks(tgt, memory, { masks: { memoryMask }, paddings: { memoryKeyPaddingMask } });
    const { tgtIsCausal = false, memoryIsCausal = false } = options;
    for (const [key, flag] of Object.entries({ tgtIsCausal, memoryIsCausal })) {
      checkBoolean('TransformerDecoderLayer', key, flag);
    }
    const own = {
      attnMask: tgtMask,
      keyPaddingMask: tgtKeyPaddingMask,
      isCausal: tgtIsCausal,
    };
    const ofMemory = {
      attnMask: memoryMask,
      keyPaddingMask: memoryKeyPaddingMask,
      isCausal: memoryIsCausal,
    };
    const x = this.add(tgt, this.norm1, (x) => this.selfAttn.forward(x, x, x, own)[0]);
    const y = this.add(x, this.norm2, (x) => this.multiheadAttn.forward(x, memory, memory, ofMemory)[0]);
    return this.add(y, this.norm3, (x) => this.feedForward(x));
  }
}

function toActivation(operation: string, activation: 'relu' | 'gelu' | Module): Module {
  if (activation instanceof Module) return activation;
  if (activation === 'relu') return new ReLU();
  if (activation === 'gelu') return new GELU();
  throw unknownValue(operation, 'activation', activation, `'relu', 'gelu' or a module`);
}
