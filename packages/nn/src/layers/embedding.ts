import { arange, type DType, type Tensor, Variable } from '@thetagrad/core';
import { checkInteger, checkOptions, checkTensor } from '@thetagrad/core/backend';
import { embedding } from '../functional/embedding.ts';
import { generatorOf, type Randomness } from '../generator.ts';
import { type Initializer, normal } from '../init.ts';
import { Module } from '../module.ts';

export interface EmbeddingOptions extends Randomness {
  /** The row that padding stands for: zeros at first, and without a gradient. Default: none. */
  readonly paddingIdx?: number | undefined;
  /** Default: normal with mean 0 and standard deviation 1, as in PyTorch. */
  readonly weightInit?: Initializer;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** Rows of a trained table: indices [...] to [..., embeddingDim]. */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | undefined;
  /** [numEmbeddings, embeddingDim] */
  readonly weight: Variable;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or `paddingIdx` is out of range.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    checkOptions('Embedding', options, ['paddingIdx', 'weightInit', 'dtype', 'key', 'generator']);
    checkInteger('Embedding', 'numEmbeddings', numEmbeddings, { min: 1 });
    checkInteger('Embedding', 'embeddingDim', embeddingDim, { min: 1 });
    const { paddingIdx, weightInit = normal(), dtype = 'float32' } = options;
    if (paddingIdx !== undefined) {
      checkInteger('Embedding', 'paddingIdx', paddingIdx, { min: -numEmbeddings, max: numEmbeddings - 1 });
    }
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    const rows = weightInit(generatorOf('Embedding', options).next(), [numEmbeddings, embeddingDim], dtype);
    const isPadding = this.paddingIdx === undefined ? undefined : arange(numEmbeddings).equal(this.paddingIdx);
    this.weight = new Variable(isPadding ? isPadding.expandDims(1).where(0, rows) : rows, { name: 'Embedding.weight' });
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
