// The singular value decomposition.
import type { Tensor } from '@thetagrad/core';
import {
  applyRoutine,
  batchLeading,
  checkBoolean,
  checkOptions,
  type NoAttributes,
  type Routine,
  type Shape,
} from '@thetagrad/core/backend';
import { transposeInto } from './algorithms/dense.ts';
import { completeBasis, decomposeThin, singularValuesOf } from './algorithms/thinSvd.ts';
import { forEachScaledMatrix, matricesOf } from './batch.ts';
import { batchOf, checkMatrix, sizesOf } from './checks.ts';
import {
  columnsOf,
  diagonalMatrix,
  diagonalOf,
  reciprocalUnlessSmall,
  roundoffOf,
  rowsOf,
  symmetricPart,
} from './matrices.ts';
import { joinParts, takePart } from './packing.ts';

type SvdAttributes = {
  /** Whether the bases of singular vectors are completed. */
  readonly fullMatrices: boolean;
};

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** The singular values, U and Vᵀ of matrices [batch…, m, n], each flattened and joined. */
    'linalg.svd': { inputs: 1; attributes: SvdAttributes };
    /** The singular values [batch…, min(m, n)] of matrices [batch…, m, n], in descending order. */
    'linalg.svdvals': { inputs: 1; attributes: NoAttributes };
  }
}

interface SingularParts {
  /** [batch…, m, k], or [batch…, m, m]. */
  readonly u: Tensor;
  /** [batch…, k]. */
  readonly s: Tensor;
  /** [batch…, k, n], or [batch…, n, n]. */
  readonly vh: Tensor;
}

/** Derivatives: Giles, 2008, and Wan and Zhang, Automatic differentiation for complex valued SVD, 2019. */
const Svd: Routine<'linalg.svd'> = {
  kind: 'routine',
  name: 'linalg.svd',
  run: (output, _shape, [a], { fullMatrices }) => {
    const matrices = matricesOf(a);
    const { rows: m, columns: n } = matrices;
    const k = Math.min(m, n);
    const leftSize = m * (fullMatrices ? m : k);
    const basis = new Float64Array(fullMatrices && n > k ? n * n : 0);
    forEachScaledMatrix(output, matrices, [0, k], ({ matrix, result }) => {
      const { values, left, right } = decomposeThin(matrix, m, n);
      result.set(values);
      const u = result.subarray(k, k + leftSize);
      const vh = result.subarray(k + leftSize);
      if (fullMatrices && m > k) completeBasis(u, left, k, m);
      else transposeInto(u, left, k, m);
      if (fullMatrices && n > k) {
        completeBasis(basis, right, k, n);
        transposeInto(vh, basis, n, n);
      } else {
        vh.set(right);
      }
    });
  },
  vjp: (cotangent, output) => {
    const [a] = output.inputs;
    const [m, n] = sizesOf(a);
    const k = Math.min(m, n);
    const { u, s, vh } = partsOf(output, a.shape, output.attributes);
    const bars = partsOf(cotangent, a.shape, output.attributes);
    const [u1, v1] = [columnsOf(u, 0, k), rowsOf(vh, 0, k).transpose()];
    const { sums, differences } = inversesOfPairs(s);
    const left = twistOf(u1.transpose().matmul(columnsOf(bars.u, 0, k)));
    const right = twistOf(v1.transpose().matmul(rowsOf(bars.vh, 0, k).transpose()));
    const inner = left.add(right).mul(differences).add(left.sub(right).mul(sums));
    let result = u1.matmul(inner.add(diagonalMatrix(bars.s))).matmul(v1.transpose());
    if (m > k) {
      const outer = outerCotangent(u, bars.u, k, output.attributes);
      result = result.add(outer.mul(inverseOf(s).expandDims(-2)).matmul(v1.transpose()));
    }
    if (n > k) {
      const outer = outerCotangent(vh.transpose(), bars.vh.transpose(), k, output.attributes);
      result = result.add(u1.mul(inverseOf(s).expandDims(-2)).matmul(outer.transpose()));
    }
    return result;
  },
  jvp: (tangent, output) => {
    const [m, n] = sizesOf(tangent);
    const k = Math.min(m, n);
    const { u, s, vh } = partsOf(output, tangent.shape, output.attributes);
    const [u1, v1] = [columnsOf(u, 0, k), rowsOf(vh, 0, k).transpose()];
    const inner = u1.transpose().matmul(tangent).matmul(v1);
    const { sums, differences } = inversesOfPairs(s);
    const common = symmetricPart(inner).mul(differences);
    const opposite = twistOf(inner).mul(sums);
    const move = (basis: Tensor, rotation: Tensor, image: Tensor): Tensor =>
      moveBasis(basis, rotation, image.mul(inverseOf(s).expandDims(-2)), output.attributes);
    const du = move(u, common.add(opposite), tangent.matmul(v1));
    const dv = move(vh.transpose(), common.sub(opposite), tangent.transpose().matmul(u1));
    return joinParts([diagonalOf(inner).expandDims(-2), du, dv.transpose()]);
  },
  batch: batchLeading,
};

/**
 * The cotangent of singular vectors, of those of its directions that the vectors do not span: (1 − u uᵀ) ū. Vectors that complete
 * the basis turn against the first k.
 */
function outerCotangent(basis: Tensor, bar: Tensor, k: number, { fullMatrices }: SvdAttributes): Tensor {
  const vectors = columnsOf(basis, 0, k);
  const bars = columnsOf(bar, 0, k);
  if (!fullMatrices) return bars.sub(vectors.matmul(vectors.transpose().matmul(bars)));
  const size = sizesOf(basis)[0];
  const rest = columnsOf(basis, k, size);
  const turned = rest
    .transpose()
    .matmul(bars)
    .sub(columnsOf(bar, k, size).transpose().matmul(vectors));
  return rest.matmul(turned);
}

/** The tangent of singular vectors that rotate among each other, and move in the outer part of `image`. */
function moveBasis(basis: Tensor, rotation: Tensor, image: Tensor, { fullMatrices }: SvdAttributes): Tensor {
  const [size] = sizesOf(basis);
  const [k] = sizesOf(rotation);
  const vectors = columnsOf(basis, 0, k);
  const rotated = vectors.matmul(rotation);
  if (size === k) return rotated;
  if (!fullMatrices) return rotated.add(image).sub(vectors.matmul(vectors.transpose().matmul(image)));
  const rest = columnsOf(basis, k, size);
  const turned = rest.transpose().matmul(image);
  const before = size - k;
  const restTangent = vectors.matmul(turned.transpose()).neg();
  const pad = (x: Tensor, start: number, end: number): Tensor =>
    x.pad([...batchOf(x).map(() => [0, 0] as const), [0, 0], [start, end]]);
  return pad(rotated.add(rest.matmul(turned)), 0, before).add(pad(restTangent, k, 0));
}

const Svdvals: Routine<'linalg.svdvals'> = {
  kind: 'routine',
  name: 'linalg.svdvals',
  run: (output, _shape, [a]) => {
    const matrices = matricesOf(a);
    const { rows, columns } = matrices;
    forEachScaledMatrix(output, matrices, [0, Math.min(rows, columns)], ({ matrix, result }) =>
      singularValuesOf(matrix, rows, columns, result),
    );
  },
  vjp: (cotangent, { inputs: [a] }) => {
    const { u, vh } = singularPartsOf(a);
    return u.mul(cotangent.expandDims(-2)).matmul(vh);
  },
  jvp: (tangent, { inputs: [a] }) => {
    const { u, vh } = singularPartsOf(a);
    return tangent.matmul(vh.transpose()).mul(u).sum(-2);
  },
  batch: batchLeading,
};

/** (x − xᵀ) / 2. */
function twistOf(x: Tensor): Tensor {
  return x.sub(x.transpose()).div(2);
}

/**
 * 1 / (sⱼ + sᵢ) and 1 / (sⱼ − sᵢ) in row i and column j, but 0 where the divisor is 0 within rounding. The second is a factor of
 * how left and right vectors turn together, the first of how they turn against each other.
 */
function inversesOfPairs(s: Tensor): { readonly sums: Tensor; readonly differences: Tensor } {
  const [row, column] = [s.expandDims(-2), s.expandDims(-1)];
  const tolerance = roundoffOf(s).expandDims(-1);
  return {
    sums: reciprocalUnlessSmall(row.add(column), tolerance),
    differences: reciprocalUnlessSmall(row.sub(column), tolerance),
  };
}

/** 1 / s, but 0 for singular values that are 0 within rounding. */
function inverseOf(s: Tensor): Tensor {
  return reciprocalUnlessSmall(s, roundoffOf(s));
}

function partsOf(packed: Tensor, shape: Shape, { fullMatrices }: SvdAttributes): SingularParts {
  const [m, n] = shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const [uColumns, vRows] = fullMatrices ? [m, n] : [k, k];
  return {
    s: takePart(packed, 0, 1, k).squeeze(-2),
    u: takePart(packed, k, m, uColumns),
    vh: takePart(packed, k + m * uColumns, vRows, n),
  };
}

/** The singular value decomposition of floating-point matrices. Default: k = min(m, n) singular vectors. */
export function singularPartsOf(a: Tensor, fullMatrices = false): SingularParts {
  const [m, n] = sizesOf(a);
  const k = Math.min(m, n);
  const size = k + (fullMatrices ? m * m + n * n : k * (m + n));
  const packed = applyRoutine(Svd, [a], { shape: [...batchOf(a), size], dtype: a.dtype }, { fullMatrices });
  return partsOf(packed, a.shape, { fullMatrices });
}

export interface SvdOptions {
  /** Whether u is [batch…, m, m] and vh [batch…, n, n], complete bases. Default: true. */
  readonly fullMatrices?: boolean;
}

/**
 * The singular value decomposition a = u · diag(s) · vh (NumPy's `linalg.svd`), by the Golub–Kahan algorithm. int32 and bool
 * become float32.
 *
 * In each of the first k = min(m, n) columns of u the element of the largest magnitude, the first of these, is positive. In
 * derivatives 1 / (sᵢ − sⱼ) and 1 / sᵢ are replaced by 0 where singular values are equal, or 0, within rounding. This is right
 * for the singular values in any order, and for what does not depend on the basis of vectors of equal singular values: the
 * spaces that they span, and u · vh.
 * @param a [batch…, m, n].
 * @returns `u` [batch…, m, m], `s` [batch…, k] in descending order and `vh` [batch…, n, n]; without `fullMatrices` `u`
 *   [batch…, m, k] and `vh` [batch…, k, n].
 * @throws {TypeError} if a is not a tensor, or an option is not known or not a boolean.
 * @throws {RangeError} if a has fewer than two axes.
 * @example
 * svd(tensor([[0, 3], [-2, 0]])); // { u: tensor([[1, 0], [0, 1]]), s: tensor([3, 2]), vh: tensor([[ 0, 1], [-1, 0]]) }
 */
export function svd(
  a: Tensor,
  options: SvdOptions = {},
): { readonly u: Tensor; readonly s: Tensor; readonly vh: Tensor } {
  checkOptions('svd', options, ['fullMatrices']);
  const { fullMatrices = true } = options;
  checkBoolean('svd', 'fullMatrices', fullMatrices);
  const { u, s, vh } = singularPartsOf(checkMatrix('svd', a), fullMatrices);
  return { u, s, vh };
}

/**
 * The singular values of matrices in descending order (NumPy's `linalg.svdvals`). int32 and bool become float32.
 * @param a [batch…, m, n].
 * @returns [batch…, min(m, n)].
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a has fewer than two axes.
 * @example
 * svdvals(tensor([[0, 3], [-2, 0]])); // tensor([3, 2])
 */
export function svdvals(a: Tensor): Tensor {
  const matrix = checkMatrix('svdvals', a);
  const shape = [...batchOf(matrix), Math.min(...sizesOf(matrix))];
  return applyRoutine(Svdvals, [matrix], { shape, dtype: matrix.dtype }, {});
}
