import { arange, type DType, type Tensor, Variable } from '@thetagrad/core';
import { checkInteger, checkOptions, checkTensor, unknownValue } from '@thetagrad/core/backend';
import { embedding, embeddingBag, type EmbeddingBagFunctionOptions } from '../functional/embedding.ts';
import { generatorOf, type Randomness } from '../generator.ts';
import { type Initializer, normal } from '../init.ts';
import { Module } from '../module.ts';
import { initialize } from './initialize.ts';

export interface EmbeddingOptions extends Randomness {
  /** The row that padding stands for: zeros at first, and without a gradient. Default: none. */
  readonly paddingIdx?: number | undefined;
  /** Default: normal with mean 0 and standard deviation 1, as in PyTorch. */
  readonly weightInit?: Initializer;
  /** Default: float32. */
  readonly dtype?: DType;
}

const embeddingOptions = ['paddingIdx', 'weightInit', 'dtype', 'key', 'generator'] as const;

/** A layer with a trained table. */
export abstract class TableLayer<Inputs extends unknown[]> extends Module<Inputs> {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | undefined;
  /** [numEmbeddings, embeddingDim] */
  readonly weight: Variable;

  /**
   * @param name of the class, for messages and variables
   * @throws {RangeError} if a size is not an integer ≥ 1, or `paddingIdx` is out of range.
   * @throws {TypeError} if both a key and a generator are given.
   */
  protected constructor(name: string, numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions) {
    super();
    checkInteger(name, 'numEmbeddings', numEmbeddings, { min: 1 });
    checkInteger(name, 'embeddingDim', embeddingDim, { min: 1 });
    const { paddingIdx, weightInit = normal(), dtype = 'float32' } = options;
    if (paddingIdx !== undefined) {
      checkInteger(name, 'paddingIdx', paddingIdx, { min: -numEmbeddings, max: numEmbeddings - 1 });
    }
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    const generator = generatorOf(name, options);
    const shape = [numEmbeddings, embeddingDim];
    const rows = initialize(name, 'weightInit', weightInit, { generator, shape, dtype });
    const isPadding = this.paddingIdx === undefined ? undefined : arange(numEmbeddings).equal(this.paddingIdx);
    this.weight = new Variable(isPadding ? isPadding.expandDims(1).where(0, rows) : rows, { name: `${name}.weight` });
  }
}

/** Rows of a trained table: indices [...] to [..., embeddingDim]. */
export class Embedding extends TableLayer<[indices: Tensor]> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or `paddingIdx` is out of range.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    checkOptions('Embedding', options, embeddingOptions);
    super('Embedding', numEmbeddings, embeddingDim, options);
  }

  /**
   * @param indices int32, each from 0 to numEmbeddings − 1
   * @throws {TypeError} if the indices are not an int32 tensor.
   * @throws {RangeError} if an index is out of range: at once where indices are plain data, at evaluation otherwise.
   */
  override forward(indices: Tensor): Tensor {
    checkTensor('Embedding', indices);
    return embedding(indices, this.weight.value, { paddingIdx: this.paddingIdx });
  }
}

export interface EmbeddingBagOptions extends EmbeddingOptions, Pick<EmbeddingBagFunctionOptions, 'mode'> {}

/**
 * The sum, mean or maximum of rows of a trained table: bags of indices [..., N] to [..., embeddingDim]. Shorter bags are filled with
 * `paddingIdx`: {@link embeddingBag}.
 * @example
 * new EmbeddingBag(10, 3).forward(tensor([[1, 2, 4], [9, 0, 0]], { dtype: 'int32' })).shape; // [2, 3]
 */
export class EmbeddingBag extends TableLayer<[indices: Tensor, perSampleWeights?: Tensor]> {
  readonly mode: 'sum' | 'mean' | 'max';

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or `paddingIdx` is out of range.
   * @throws {TypeError} if the mode is unknown, or both a key and a generator are given.
   */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagOptions = {}) {
    checkOptions('EmbeddingBag', options, [...embeddingOptions, 'mode']);
    const { mode = 'mean' } = options;
    if (mode !== 'sum' && mode !== 'mean' && mode !== 'max') {
      throw unknownValue('EmbeddingBag', 'mode', mode, "'sum', 'mean' or 'max'");
    }
    super('EmbeddingBag', numEmbeddings, embeddingDim, options);
    this.mode = mode;
  }

  /**
   * @param indices int32, each from 0 to numEmbeddings − 1
   * @param perSampleWeights factors of the rows, of the shape of the indices, for the mode 'sum'. Default: none.
   * @throws {TypeError} if the indices are not an int32 tensor.
   * @throws {RangeError} as {@link embeddingBag}.
   */
  override forward(indices: Tensor, perSampleWeights?: Tensor): Tensor {
    const { mode, paddingIdx } = this;
    return embeddingBag(indices, this.weight.value, {
      mode,
      paddingIdx,
      ...(perSampleWeights && { perSampleWeights }),
    });
  }
}
