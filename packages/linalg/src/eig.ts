// Eigenvalues and eigenvectors of general matrices, which are complex: pairs of real and imaginary parts on a last axis.
import { arange, concat, customGradient, stack, type Tensor } from '@thetagrad/core';
import { applyRoutine, batchLeading, type Routine } from '@thetagrad/core/backend';
import { transposeInto } from './algorithms/dense.ts';
import { decomposeGeneral } from './algorithms/eigenvectors.ts';
import { forEachScaledMatrix, matricesOf } from './batch.ts';
import { batchOf, checkSquare, sizesOf } from './checks.ts';
import { diagonalMatrix, reciprocalUnlessSmall, roundoffOf, rowsOf } from './matrices.ts';
import { takePart } from './packing.ts';
import { solveFor } from './solve.ts';

type EigAttributes = { readonly vectors: boolean };

declare module '@thetagrad/core/backend' {
  interface Routines {
    /**
     * The real and the imaginary parts of the eigenvalues of matrices [batch…, n, n], and with `vectors` those of the eigenvectors
     * in columns, each flattened and joined.
     */
    'linalg.eig': { inputs: 1; attributes: EigAttributes };
  }
}

const Eig: Routine<'linalg.eig'> = {
  kind: 'routine',
  name: 'linalg.eig',
  run: (output, _shape, [a], { vectors }) => {
    const matrices = matricesOf(a);
    const n = matrices.rows;
    const parts = vectors ? { real: new Float64Array(n * n), imaginary: new Float64Array(n * n) } : undefined;
    forEachScaledMatrix(output, matrices, [0, 2 * n], ({ matrix, result }) => {
      const { real, imaginary } = decomposeGeneral(matrix, n, parts);
      result.set(real);
      result.set(imaginary, n);
      if (!parts) return;
      transposeInto(result.subarray(2 * n), parts.real, n, n);
      transposeInto(result.subarray(2 * n + n * n), parts.imaginary, n, n);
    });
  },
  batch: batchLeading,
};

/** A tensor of complex numbers. */
interface Complex {
  readonly real: Tensor;
  readonly imaginary: Tensor;
}

interface ComplexParts {
  /** [batch…, 1, n]. */
  readonly values: Complex;
  /** [batch…, n, n], in columns. */
  readonly vectors: Complex;
}

function partsOf(packed: Tensor, n: number): ComplexParts {
  const square = n * n;
  return {
    values: { real: takePart(packed, 0, 1, n), imaginary: takePart(packed, n, 1, n) },
    vectors: { real: takePart(packed, 2 * n, n, n), imaginary: takePart(packed, 2 * n + square, n, n) },
  };
}

/** The decomposition of floating-point matrices, packed. */
function decompose(a: Tensor, vectors: boolean): Tensor {
  const [n] = sizesOf(a);
  const packed: Tensor = customGradient((x: Tensor) => {
    const shape = [...batchOf(x), vectors ? 2 * n * (1 + n) : 2 * n];
    return {
      value: applyRoutine(Eig, [x], { shape, dtype: x.dtype }, { vectors }),
      vjp: (cotangent) => {
        if (vectors) return [pullBack(partsOf(packed, n), partsOf(cotangent, n))];
        const values = { real: takePart(cotangent, 0, 1, n), imaginary: takePart(cotangent, n, 1, n) };
        return [pullBack(partsOf(decompose(x, true), n), { values })];
      },
    };
  })(a);
  return packed;
}

/** The cotangent of the matrix: Re (v⁻ᴴ (diag(λ̄) + vᴴ ū / (λⱼ − λᵢ)*) vᴴ), with ū as of {@link freeCotangent}. */
function pullBack({ values, vectors }: ComplexParts, bars: { values: Complex; vectors?: Complex }): Tensor {
  const { real: v, imaginary: w } = vectors;
  const [vT, wT] = [v.transpose(), w.transpose()];
  let real = diagonalMatrix(bars.values.real.squeeze(-2));
  let imaginary = diagonalMatrix(bars.values.imaginary.squeeze(-2));
  if (bars.vectors) {
    const { real: x, imaginary: y } = freeCotangent(vectors, bars.vectors);
    const product = { real: vT.matmul(x).add(wT.matmul(y)), imaginary: vT.matmul(y).sub(wT.matmul(x)) };
    const quotient = divideByGaps(product, values);
    real = real.add(quotient.real);
    imaginary = imaginary.add(quotient.imaginary);
  }
  const [n] = sizesOf(v);
  const system = concat([concat([vT, wT], -1), concat([wT.neg(), vT], -1)], -2);
  const solution = solveFor('', system, concat([real, imaginary], -2));
  return rowsOf(solution, 0, n)
    .matmul(vT)
    .add(rowsOf(solution, n, 2 * n).matmul(wT));
}

/**
 * The cotangent of eigenvectors before they are brought to length 1 and their largest elements, which are real, to the phase 0.
 */
function freeCotangent({ real: v, imaginary: w }: Complex, bar: Complex): Complex {
  const along = bar.real.mul(v).add(bar.imaginary.mul(w)).sum(-2, { keepdims: true });
  const across = bar.real.mul(w).sub(bar.imaginary.mul(v)).sum(-2, { keepdims: true });
  // The largest of the elements that are real.
  const largest = w.equal(0).where(v, -1).argmax(-2).expandDims(-2);
  const isLargest = arange(sizesOf(v)[0], { dtype: 'int32' }).expandDims(1).equal(largest);
  const turn = isLargest.where(across.div(isLargest.where(v, 1)), 0);
  return { real: bar.real.sub(along.mul(v)), imaginary: bar.imaginary.sub(along.mul(w)).add(turn) };
}

/** x / (λⱼ − λᵢ)*, but 0 for eigenvalues that are equal within rounding. */
function divideByGaps(x: Complex, { real, imaginary }: Complex): Complex {
  const gap = { real: real.sub(real.transpose()), imaginary: imaginary.sub(imaginary.transpose()) };
  const square = gap.real.square().add(gap.imaginary.square());
  const tolerance = roundoffOf(concat([real, imaginary], -1)).square();
  const inverse = reciprocalUnlessSmall(square, tolerance);
  return {
    real: x.real.mul(gap.real).sub(x.imaginary.mul(gap.imaginary)).mul(inverse),
    imaginary: x.real.mul(gap.imaginary).add(x.imaginary.mul(gap.real)).mul(inverse),
  };
}

/**
 * The eigenvalues and eigenvectors of square matrices (NumPy's `linalg.eig`), which are complex: the last axis of both results
 * holds real and imaginary parts. By the QR algorithm. int32 and bool become float32. For symmetric matrices use `eigh`.
 *
 * The eigenvalues are in the order in which the algorithm finds them; of a conjugate pair the one with the positive imaginary
 * part comes first. Each eigenvector has length 1, and its element of the largest magnitude, the first of these, is real and
 * positive. The gradient of eigenvectors needs eigenvalues that differ, and that of eigenvalues independent eigenvectors.
 * @param a [batch…, n, n].
 * @returns `eigenvalues` [batch…, n, 2], and `eigenvectors` [batch…, n, n, 2] in columns.
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a is not square.
 * @example
 * eig(tensor([[0, -2], [2, 0]])).eigenvalues; // tensor([[ 0, 2], [ 0, -2]])
 */
export function eig(a: Tensor): { readonly eigenvalues: Tensor; readonly eigenvectors: Tensor } {
  const matrix = checkSquare('eig', a);
  const { values, vectors } = partsOf(decompose(matrix, true), sizesOf(matrix)[0]);
  return {
    eigenvalues: stack([values.real, values.imaginary], -1).squeeze(-3),
    eigenvectors: stack([vectors.real, vectors.imaginary], -1),
  };
}

/**
 * The eigenvalues of square matrices (NumPy's `linalg.eigvals`), which are complex: the last axis holds real and imaginary parts.
 * In the order of {@link eig}. int32 and bool become float32. For symmetric matrices use `eigvalsh`.
 * @param a [batch…, n, n].
 * @returns [batch…, n, 2].
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a is not square.
 * @example
 * eigvals(tensor([[1, 0], [1, 3]])); // tensor([[1, 0], [3, 0]])
 */
export function eigvals(a: Tensor): Tensor {
  const matrix = checkSquare('eigvals', a);
  const packed = decompose(matrix, false);
  const [n] = sizesOf(matrix);
  return stack([takePart(packed, 0, 1, n), takePart(packed, n, 1, n)], -1).squeeze(-3);
}
