import { type DType, type Shape, type Tensor, Variable, zeros } from '@thetagrad/core';
import {
  checkBoolean,
  checkFraction,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  formatShapes,
  sameShape,
} from '@thetagrad/core/backend';
import { checkMaskType, toWeights } from '../functional/attention.ts';
import { dropout as drop } from '../functional/dropout.ts';
import { linear } from '../functional/linear.ts';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { type Initializer, xavierUniform, zeros as initZeros } from '../init.ts';
import { Module } from '../module.ts';
import { initialize } from './initialize.ts';
import { Linear } from './linear.ts';

export interface MultiheadAttentionOptions extends Randomness {
  /** The probability with which a weight is dropped in training. Default: 0. */
  readonly dropout?: number;
  /** Whether biases are added to all projections. Default: true. */
  readonly bias?: boolean;
  /** The size of keys. Default: embedDim. */
  readonly kdim?: number;
  /** The size of values. Default: embedDim. */
  readonly vdim?: number;
  /** Whether the axis of the batch comes first. Default: false, as in PyTorch. */
  readonly batchFirst?: boolean;
  /** Draws all weights. Default: `xavierUniform`, and for that of `outProj` uniform in ±1/√embedDim, as in PyTorch. */
  readonly weightInit?: Initializer | undefined;
  /** Default: float32. */
  readonly dtype?: DType;
}

const attentionOptions = [
  'dropout',
  'bias',
  'kdim',
  'vdim',
  'batchFirst',
  'weightInit',
  'dtype',
  'key',
  'generator',
] as const;

/** The options of a call. A mask is bool, true for what is *not* attended to, or numbers that are added to the products. */
export interface MultiheadAttentionCallOptions {
  /** [N, S], or [S] without N: keys that no query attends to. Default: none. */
  readonly keyPaddingMask?: Tensor | undefined;
  /** [L, S], or [N · numHeads, L, S]: keys that a query does not attend to. Default: none. */
  readonly attnMask?: Tensor | undefined;
  /** Whether query i attends to keys 0 to i alone, besides the masks. Default: false. */
  readonly isCausal?: boolean;
  /** Whether the weights that are returned are the mean over the heads. Default: true. */
  readonly averageAttnWeights?: boolean;
}

/**
 * Attention with several heads, as PyTorch's `MultiheadAttention` (Vaswani et al., NeurIPS 2017, section 3.2.2): maps queries
 * [L, N, embedDim], keys [S, N, kdim] and values [S, N, vdim] to [L, N, embedDim], and the weights [N, L, S], which cost nothing unless
 * they are read; all without N for one sequence. A query that attends to no key gets zeros, with gradients of zero, before the last
 * projection. Masks of bool have the meaning of PyTorch's layer: true is what is left out, the opposite of
 * {@link scaledDotProductAttention}.
 * @example
 * const x = random.normal(random.key(0), [5, 2, 8]);
 * new MultiheadAttention(8, 2).forward(x, x, x).map((each) => each.shape); // [[5, 2, 8], [2, 5, 5]]
 */
export class MultiheadAttention extends Module<
  [query: Tensor, keys: Tensor, value: Tensor, options?: MultiheadAttentionCallOptions],
  [output: Tensor, weights: Tensor]
> {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  /** The source of the masks of dropout; save it with the model to resume training exactly. */
  readonly generator: Generator;
  /** [3 · embedDim, embedDim]: the projections of queries, keys and values; none where `kdim` or `vdim` differs from `embedDim`. */
  readonly inProjWeight: Variable | undefined;
  /** [embedDim, embedDim], where there is no `inProjWeight`. */
  readonly qProjWeight: Variable | undefined;
  /** [embedDim, kdim], where there is no `inProjWeight`. */
  readonly kProjWeight: Variable | undefined;
  /** [embedDim, vdim], where there is no `inProjWeight`. */
  readonly vProjWeight: Variable | undefined;
  /** [3 · embedDim] */
  readonly inProjBias: Variable | undefined;
  readonly outProj: Linear;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, the heads do not divide `embedDim`, or `dropout` is not between 0 and 1.
   * @throws {TypeError} if an option is unknown or of the wrong kind.
   */
  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    const name = 'MultiheadAttention';
    checkOptions(name, options, attentionOptions);
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim, batchFirst = false } = options;
    const { weightInit, dtype = 'float32' } = options;
    for (const [key, size] of Object.entries({ embedDim, numHeads, kdim, vdim })) {
      checkInteger(name, key, size, { min: 1 });
    }
    checkFraction(name, 'dropout', dropout);
    checkBoolean(name, 'bias', bias);
    checkBoolean(name, 'batchFirst', batchFirst);
    if (embedDim % numHeads !== 0) {
      throw new RangeError(`${name}: ${numHeads} heads do not divide embedDim ${embedDim}`);
    }
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.kdim = kdim;
    this.vdim = vdim;
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.generator = generatorOf(name, options);
    const { generator } = this;
    const create = (key: string, shape: Shape): Variable =>
      new Variable(initialize(name, 'weightInit', weightInit ?? xavierUniform(), { generator, shape, dtype }), {
        name: `${name}.${key}`,
      });
    const isJoint = kdim === embedDim && vdim === embedDim;
    this.inProjWeight = isJoint ? create('inProjWeight', [3 * embedDim, embedDim]) : undefined;
    this.qProjWeight = isJoint ? undefined : create('qProjWeight', [embedDim, embedDim]);
    this.kProjWeight = isJoint ? undefined : create('kProjWeight', [embedDim, kdim]);
    this.vProjWeight = isJoint ? undefined : create('vProjWeight', [embedDim, vdim]);
    this.inProjBias = bias ? new Variable(zeros([3 * embedDim], { dtype }), { name: `${name}.inProjBias` }) : undefined;
    this.outProj = new Linear(embedDim, embedDim, {
      bias,
      ...(weightInit && { weightInit }),
      biasInit: initZeros,
      dtype,
      generator,
    });
  }

  /**
   * @throws {TypeError} if an operand is not a tensor, or an option is of the wrong kind.
   * @throws {RangeError} if the shapes do not fit.
   */
  override forward(
    query: Tensor,
    keys: Tensor,
    value: Tensor,
    options: MultiheadAttentionCallOptions = {},
  ): [output: Tensor, weights: Tensor] {
    const name = 'MultiheadAttention';
    checkOptions(name, options, ['keyPaddingMask', 'attnMask', 'isCausal', 'averageAttnWeights']);
    const { isCausal = false, averageAttnWeights = true } = options;
    checkBoolean(name, 'isCausal', isCausal);
    checkBoolean(name, 'averageAttnWeights', averageAttnWeights);
    const isBatched = this.#checkOperands(query, keys, value);
    const [q, k, v] = this.#project([query, keys, value]).map((x) => this.#toHeads(x, isBatched)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const products = q.mul(Math.sqrt(this.numHeads / this.embedDim)).matmul(k.transpose());
    const all = toWeights(products, this.#toMasks(products.shape, isBatched, options), isCausal);
    const weights = this.training && this.dropout > 0 ? drop(this.generator.next(), all, { p: this.dropout }) : all;
    const attended = weights.matmul(v);
    // [N, heads, L, D] with the heads side by side.
    const [count, , length] = attended.shape as [number, number, number, number];
    const joined = this.batchFirst
      ? attended.permute([0, 2, 1, 3]).reshape([count, length, this.embedDim])
      : attended.permute([2, 0, 1, 3]).reshape([length, count, this.embedDim]);
    const output = this.outProj.forward(joined);
    const returned = averageAttnWeights ? weights.mean(1) : weights;
    if (isBatched) return [output, returned];
    return [output.squeeze(this.batchFirst ? 0 : 1), returned.squeeze(0)];
  }

  /** Returns whether there is an axis of the batch. */
  #checkOperands(query: Tensor, keys: Tensor, value: Tensor): boolean {
    const name = 'MultiheadAttention';
    const operands = [query, keys, value];
    for (const operand of operands) checkTensor(name, operand);
    const isBatched = query.ndim === 3;
    const [batch, steps] = this.batchFirst ? [0, 1] : [1, 0];
    const outer = ({ shape }: Tensor): Shape => shape.slice(0, -1);
    const fits =
      (isBatched || query.ndim === 2) &&
      sameShape(outer(keys), outer(value)) &&
      keys.ndim === query.ndim &&
      (!isBatched || keys.shape[batch] === query.shape[batch]) &&
      [this.embedDim, this.kdim, this.vdim].every((size, i) => operands[i]!.shape.at(-1) === size);
    if (fits) return isBatched;
    const axes = (length: string): string => (steps === 0 ? `${length}, N` : `N, ${length}`);
    throw new RangeError(
      `${name}: query, keys and value must be [${axes('L')}, ${this.embedDim}], [${axes('S')}, ${this.kdim}] and ` +
        `[${axes('S')}, ${this.vdim}], or all without N, got ${formatShapes(operands)}`,
    );
  }

  /** Projects queries, keys and values, with one product for those that are the same tensor. */
  #project(operands: readonly Tensor[]): Tensor[] {
    const { embedDim, inProjWeight, inProjBias } = this;
    const separate = [this.qProjWeight, this.kProjWeight, this.vProjWeight];
    const projected: Tensor[] = [];
    for (const [i, x] of operands.entries()) {
      if (i < projected.length) continue;
      const next = inProjWeight ? operands.findIndex((other, j) => j > i && other !== x) : i + 1;
      const count = (next < 0 ? operands.length : next) - i;
      const rows = [[i * embedDim, (i + count) * embedDim]] as const;
      const weight = inProjWeight ? inProjWeight.value.slice(rows) : separate[i]!.value;
      projected.push(...linear(x, weight, { bias: inProjBias?.value.slice(rows) }).split(count, -1));
    }
    return projected;
  }

  /** [N, heads, L, D] of a projection. */
  #toHeads(x: Tensor, isBatched: boolean): Tensor {
    const batched = isBatched ? x : x.expandDims(this.batchFirst ? 0 : 1);
    const heads = batched.reshape([...batched.shape.slice(0, -1), this.numHeads, this.embedDim / this.numHeads]);
    return heads.permute(this.batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);
  }

  /** The masks of products of a shape, [N, heads, L, S], with true for what is attended to. */
  #toMasks(shape: Shape, isBatched: boolean, { keyPaddingMask, attnMask }: MultiheadAttentionCallOptions): Tensor[] {
    const [count, heads, length, size] = shape as [number, number, number, number];
    const padding = toMask('keyPaddingMask', keyPaddingMask, [
      { shape: isBatched ? [count, size] : [size], view: [count, 1, 1, size] },
    ]);
    const ofQueries = toMask('attnMask', attnMask, [
      { shape: [length, size], view: [length, size] },
      { shape: [count * heads, length, size], view: shape },
    ]);
    return [padding, ofQueries].filter((mask) => mask !== undefined);
  }
}

/** Checks a mask, and returns it in the view of its shape, with true for what is attended to. */
function toMask(
  name: string,
  mask: Tensor | undefined,
  expected: readonly { readonly shape: Shape; readonly view: Shape }[],
): Tensor | undefined {
  if (mask === undefined) return undefined;
  const shapes = expected.map(({ shape }) => shape);
  const found = checkMaskShape('MultiheadAttention', name, mask, shapes);
  return (mask.dtype === 'bool' ? mask.logicalNot() : mask).reshape(expected[found]!.view);
}

/**
 * Returns which of the expected shapes a mask has.
 * @throws {TypeError} if it is not a tensor of bool or floating point.
 * @throws {RangeError} if it has none of them.
 */
export function checkMaskShape(operation: string, name: string, mask: Tensor, expected: readonly Shape[]): number {
  checkMaskType(operation, name, mask);
  const found = expected.findIndex((shape) => sameShape(mask.shape, shape));
  if (found >= 0) return found;
  const shapes = expected.map(formatShape).join(' or ');
  throw new RangeError(`${operation}: ${name} must be ${shapes}, got ${formatShape(mask.shape)}`);
}
