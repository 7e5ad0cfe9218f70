// Layers that tell a network about positions in a sequence.
import { type DType, type Tensor, tensor, Variable } from '@thetagrad/core';
import {
  argumentError,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkPositive,
  checkTensor,
  formatShape,
  toFloat,
} from '@thetagrad/core/backend';
import { generatorOf, type Randomness } from '../generator.ts';
import { type Initializer, normal } from '../init.ts';
import { Module } from '../module.ts';
import { initialize } from './initialize.ts';

/** Rows that a table keeps, from position 0 on; later ones are computed whenever they are needed. */
const maxKeptRows = 2 ** 16;

/** Rows of numbers by position, computed in float64 as far as they have been needed. */
class PositionTable {
  readonly #width: number;
  readonly #element: (position: number, column: number) => number;
  readonly #tables = new Map<DType, Tensor>();

  constructor(width: number, element: (position: number, column: number) => number) {
    this.#width = width;
    this.#element = element;
  }

  /** [count, width]: the rows from position `start` on. */
  rows(start: number, count: number, dtype: DType): Tensor {
    const end = start + count;
    if (end > maxKeptRows) return this.#compute(start, count, dtype);
    let table = this.#tables.get(dtype);
    if (table === undefined || table.shape[0]! < end) {
      // Doubled, so that a sequence that grows by one step does not compute a table in each.
      const length = Math.max(end, 2 * (table?.shape[0] ?? 0));
      table = this.#compute(0, Math.min(length, maxKeptRows), dtype);
      this.#tables.set(dtype, table);
    }
    return table.slice([[start, end]]);
  }

  #compute(start: number, count: number, dtype: DType): Tensor {
    const values = Float64Array.from({ length: count * this.#width }, (_, i) =>
      this.#element(start + Math.floor(i / this.#width), i % this.#width),
    );
    return tensor(values, { shape: [count, this.#width], dtype });
  }
}

/** The angle of column pair i at a position, position / base^(2i / width). */
function angleOf(position: number, pair: number, width: number, base: number): number {
  return position / base ** ((2 * pair) / width);
}

/** Options of {@link SinusoidalPositionalEncoding}. */
export interface SinusoidalPositionalEncodingOptions {
  /** The wavelengths go from 2π to 2π · base. Default: 10,000, as in the paper. */
  readonly base?: number;
  /** Whether the axis of the batch comes before that of positions. Default: false. */
  readonly batchFirst?: boolean;
}

/** The options of a call of a layer of positions. */
export interface PositionOptions {
  /** The position of the first step. Default: 0. */
  readonly offset?: number;
}

/**
 * Adds sin(p / base^(2i / dModel)) to feature 2i and the cosine to feature 2i + 1 of position p: [L, N, dModel] or [L, dModel] to
 * the same shape. (Vaswani et al., NeurIPS 2017, section 3.5.)
 * @example
 * new SinusoidalPositionalEncoding(4).forward(zeros([2, 4])); // tensor([[0.0000, 1.0000, 0.0000, 1.0000], [0.8415, 0.5403, 0.0100, 0.9999]])
 */
export class SinusoidalPositionalEncoding extends Module<[x: Tensor, options?: PositionOptions]> {
  readonly dModel: number;
  readonly base: number;
  readonly batchFirst: boolean;
  readonly #table: PositionTable;

  /**
   * @throws {RangeError} if `dModel` is not an integer ≥ 1, or the base is not a finite number > 0.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(dModel: number, options: SinusoidalPositionalEncodingOptions = {}) {
    super();
    const name = 'SinusoidalPositionalEncoding';
    checkOptions(name, options, ['base', 'batchFirst']);
    const { base = 10_000, batchFirst = false } = options;
    checkInteger(name, 'dModel', dModel, { min: 1 });
    checkPositive(name, 'base', base);
    checkBoolean(name, 'batchFirst', batchFirst);
    this.dModel = dModel;
    this.base = base;
    this.batchFirst = batchFirst;
    this.#table = new PositionTable(dModel, (position, column) => {
      const angle = angleOf(position, column >> 1, dModel, base);
      return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
  }

  /** @throws {RangeError} if x is not of a shape as documented, or the offset is not an integer ≥ 0. */
  override forward(x: Tensor, options: PositionOptions = {}): Tensor {
    const { start, length } = checkSequence('SinusoidalPositionalEncoding', x, this, options);
    return addRows(x, this.#table.rows(start, length, toFloat(x.dtype)), this.batchFirst);
  }
}

/** Options of {@link LearnedPositionalEncoding}. */
export interface LearnedPositionalEncodingOptions extends Randomness {
  /** Whether the axis of the batch comes before that of positions. Default: false. */
  readonly batchFirst?: boolean;
  /** Default: normal with mean 0 and standard deviation 0.02. */
  readonly weightInit?: Initializer;
  /** Default: float32. */
  readonly dtype?: DType;
}

/**
 * Adds a trained row to the features of each position: [L, N, dModel] or [L, dModel] to the same shape, where L is at most
 * `numPositions`.
 * @example
 * new LearnedPositionalEncoding(512, 8, { batchFirst: true }).forward(zeros([3, 5, 8])).shape; // [3, 5, 8]
 */
export class LearnedPositionalEncoding extends Module<[x: Tensor, options?: PositionOptions]> {
  readonly numPositions: number;
  readonly dModel: number;
  readonly batchFirst: boolean;
  /** [numPositions, dModel] */
  readonly weight: Variable;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(numPositions: number, dModel: number, options: LearnedPositionalEncodingOptions = {}) {
    super();
    const name = 'LearnedPositionalEncoding';
    checkOptions(name, options, ['batchFirst', 'weightInit', 'dtype', 'key', 'generator']);
    const { batchFirst = false, weightInit = normal({ std: 0.02 }), dtype = 'float32' } = options;
    checkInteger(name, 'numPositions', numPositions, { min: 1 });
    checkInteger(name, 'dModel', dModel, { min: 1 });
    checkBoolean(name, 'batchFirst', batchFirst);
    this.numPositions = numPositions;
    this.dModel = dModel;
    this.batchFirst = batchFirst;
    const generator = generatorOf(name, options);
    const weight = initialize(name, 'weightInit', weightInit, { generator, shape: [numPositions, dModel], dtype });
    this.weight = new Variable(weight, { name: `${name}.weight` });
  }

  /** @throws {RangeError} if x is not of a shape as documented, or has positions beyond `numPositions`. */
  override forward(x: Tensor, options: PositionOptions = {}): Tensor {
    const name = 'LearnedPositionalEncoding';
    const { start, length } = checkSequence(name, x, this, options);
    if (start + length > this.numPositions) {
      throw new RangeError(
        `${name}: positions ${start} to ${start + length - 1} are out of range for ${this.numPositions} positions`,
      );
    }
    return addRows(x, this.weight.value.slice([[start, start + length]]), this.batchFirst);
  }
}

export interface RotaryPositionalEmbeddingOptions {
  /** The wavelengths go from 2π to 2π · base. Default: 10,000, as in the paper. */
  readonly base?: number;
  /** Whether features 2i and 2i + 1 are rotated together, as in the paper, or features i and i + dim / 2. Default: true. */
  readonly interleaved?: boolean;
}

/**
 * Rotates pairs of features by angles in proportion to the position, so that products of rotated queries and keys depend on their
 * distance alone: [..., L, dim] to the same shape, such as [N, heads, L, dim] before {@link scaledDotProductAttention}. (Su et al.,
 * "RoFormer", 2021, arXiv 2104.09864, equation 34.)
 * @example
 * const rotary = new RotaryPositionalEmbedding(4);
 * const [q, k, v] = random.normal(random.key(0), [3, 2, 5, 4]).split(3).map((x) => x.squeeze(0)); // each [heads, L, dim]
 * scaledDotProductAttention(rotary.forward(q), rotary.forward(k), v, { isCausal: true }).shape; // [2, 5, 4]
 */
export class RotaryPositionalEmbedding extends Module<[x: Tensor, options?: PositionOptions]> {
  readonly dim: number;
  readonly base: number;
  readonly interleaved: boolean;
  readonly #cosines: PositionTable;
  readonly #sines: PositionTable;

  /**
   * @throws {RangeError} if `dim` is not an even integer ≥ 2, or the base is not a finite number > 0.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(dim: number, options: RotaryPositionalEmbeddingOptions = {}) {
    super();
    const name = 'RotaryPositionalEmbedding';
    checkOptions(name, options, ['base', 'interleaved']);
    const { base = 10_000, interleaved = true } = options;
    checkInteger(name, 'dim', dim, { min: 2 });
    if (dim % 2 !== 0) throw argumentError(name, 'dim', 'even', dim);
    checkPositive(name, 'base', base);
    checkBoolean(name, 'interleaved', interleaved);
    this.dim = dim;
    this.base = base;
    this.interleaved = interleaved;
    const pairOf = (column: number): number => (interleaved ? column >> 1 : column % (dim / 2));
    const isFirst = (column: number): boolean => (interleaved ? column % 2 === 0 : column < dim / 2);
    this.#cosines = new PositionTable(dim, (position, column) =>
      Math.cos(angleOf(position, pairOf(column), dim, base)),
    );
    // What the other feature of the pair is multiplied by.
    this.#sines = new PositionTable(dim, (position, column) => {
      const sine = Math.sin(angleOf(position, pairOf(column), dim, base));
      return isFirst(column) ? -sine : sine;
    });
  }

  /** @throws {RangeError} if x is not [..., L, dim], or the offset is not an integer ≥ 0. */
  override forward(x: Tensor, options: PositionOptions = {}): Tensor {
    const name = 'RotaryPositionalEmbedding';
    checkTensor(name, x);
    const start = checkOffset(name, options);
    const length = x.shape.at(-2);
    if (length === undefined || x.shape.at(-1) !== this.dim) {
      throw new RangeError(`${name}: input must be [..., L, ${this.dim}], got ${formatShape(x.shape)}`);
    }
    const half = this.dim / 2;
    const dtype = toFloat(x.dtype);
    const [pairShape, axis] = this.interleaved ? [[half, 2], -1] : [[2, half], -2];
    const toPairs = (rows: Tensor): Tensor => rows.reshape([...rows.shape.slice(0, -1), ...pairShape]);
    const pairs = toPairs(x);
    const cosines = toPairs(this.#cosines.rows(start, length, dtype));
    const sines = toPairs(this.#sines.rows(start, length, dtype));
    return pairs.mul(cosines).add(pairs.flip(axis).mul(sines)).reshape(x.shape);
  }
}

interface SequenceShape {
  readonly dModel: number;
  readonly batchFirst: boolean;
}

/** Checks a sequence [L, N, dModel], [N, L, dModel] or [L, dModel]; returns its first position and the number of positions. */
function checkSequence(
  operation: string,
  x: Tensor,
  { dModel, batchFirst }: SequenceShape,
  options: PositionOptions,
): { readonly start: number; readonly length: number } {
  checkTensor(operation, x);
  const start = checkOffset(operation, options);
  if ((x.ndim !== 2 && x.ndim !== 3) || x.shape.at(-1) !== dModel) {
    const axes = batchFirst ? 'N, L' : 'L, N';
    throw new RangeError(
      `${operation}: input must be [${axes}, ${dModel}] or [L, ${dModel}], got ${formatShape(x.shape)}`,
    );
  }
  return { start, length: x.shape[batchFirst ? x.ndim - 2 : 0]! };
}

function checkOffset(operation: string, options: PositionOptions): number {
  checkOptions(operation, options, ['offset']);
  const { offset = 0 } = options;
  checkInteger(operation, 'offset', offset, { min: 0 });
  return offset;
}

/** Adds row p to position p. */
function addRows(x: Tensor, rows: Tensor, batchFirst: boolean): Tensor {
  return x.add(x.ndim === 2 || batchFirst ? rows : rows.expandDims(1));
}
