// Products of Householder reflections I − τ v vᵀ.
import type { Block, Rows } from '../kernels/kernels.ts';
import { blockAt, strideFor, transposeBlock, type Workspace } from '../kernels/workspace.ts';
import { addScaled, dot } from './dense.ts';

/** Reflections that are applied together. */
const blockSize = 32;

/** Reflections whose vectors are rows: that of number k begins at column k + `shift`. */
export interface ReflectionRows {
  readonly offset: number;
  readonly stride: number;
  readonly shift: number;
  readonly taus: Float64Array;
  /** The number of reflections. */
  readonly count: number;
}

/** The lengths of the arrays that {@link formProduct} allocates, for vectors of n numbers and products of `rows` rows. */
export function productArrays(rows: number, n: number): number[] {
  const wide = blockSize * strideFor(n);
  return [wide, wide, rows * strideFor(blockSize), 2 * blockSize * blockSize];
}

/** Replaces z, zeros at first, by the first rows of the product of the reflections in reverse order, H₍ₖ₋₁₎ ⋯ H₁ · H₀. */
export function formProduct(workspace: Workspace, z: Rows, reflections: ReflectionRows): void {
  const { values } = workspace;
  for (let i = 0; i < Math.min(z.rows, z.columns); i++) values[z.offset + i * z.stride + i] = 1;
  applyReflections(workspace, z, reflections, true);
}

/**
 * Multiplies z by the product of the reflections in reverse order, H₍ₖ₋₁₎ ⋯ H₁ · H₀, by blocks of reflections (Schreiber and Van
 * Loan, A storage-efficient WY representation for products of Householder transformations, 1989).
 * @param isIdentity whether z is the identity.
 */
export function applyReflections(workspace: Workspace, z: Rows, reflections: ReflectionRows, isIdentity = false): void {
  if (z.columns < blockSize / 2) return applyEach(workspace.values, z, reflections, isIdentity);
  const { values, kernels } = workspace;
  const { shift, taus, count } = reflections;
  const stride = strideFor(z.columns);
  const vectors = workspace.allocate(blockSize * stride);
  const images = workspace.allocate(blockSize * stride);
  const sumStride = strideFor(blockSize);
  const sums = workspace.allocate(z.rows * sumStride);
  const small = workspace.allocate(2 * blockSize * blockSize);
  for (let first = Math.floor((count - 1) / blockSize) * blockSize; first >= 0; first -= blockSize) {
    const size = Math.min(blockSize, count - first);
    const corner = first + shift;
    // Rows of the identity before the corner are 0 behind it.
    const top = isIdentity ? corner : 0;
    const width = z.columns - corner;
    const height = z.rows - top;
    if (width <= 0 || height <= 0) continue;
    for (let i = 0; i < size; i++) {
      const from = reflections.offset + (first + i) * reflections.stride + corner;
      const row = vectors + i * stride;
      values.fill(0, row, row + i);
      values.copyWithin(row + i, from + i, from + width);
    }
    const v = blockAt(vectors, stride);
    const y = blockAt(images, stride);
    values.fill(0, images, images + size * stride);
    const gram = blockAt(small, blockSize);
    const factors = blockAt(small + blockSize * blockSize, blockSize);
    for (const { offset } of [gram, factors]) values.fill(0, offset, offset + size * blockSize);
    kernels.addGram(gram, transposeBlock(v), [width, size], 1);
    multiplyReflections(values, gram.offset, factors.offset, taus.subarray(first, first + size));
    kernels.addProduct(y, transposeBlock(factors), v, [size, size, width], 1);
    const part = blockAt(z.offset, z.stride, top, corner);
    const w: Block = blockAt(sums, sumStride);
    values.fill(0, sums, sums + height * sumStride);
    kernels.addProduct(w, part, transposeBlock(v), [height, width, size], 1);
    kernels.addProduct(part, w, y, [height, size, width], -1);
  }
}

/** As {@link applyReflections}, one reflection after the other. */
function applyEach(
  values: Float64Array,
  z: Rows,
  { offset, stride, shift, taus, count }: ReflectionRows,
  isIdentity: boolean,
): void {
  for (let k = count - 1; k >= 0; k--) {
    const corner = k + shift;
    const v = offset + k * stride + corner;
    const width = z.columns - corner;
    for (let i = isIdentity ? corner : 0; i < z.rows; i++) {
      const row = z.offset + i * z.stride + corner;
      addScaled(values, row, -taus[k]! * dot(values, row, values, v, width), values, v, width);
    }
  }
}

/** The upper triangular t with H₀ · H₁ ⋯ = I − vᵀ · t · v, for vectors in rows with the products `gram` of each other. */
function multiplyReflections(z: Float64Array, gram: number, t: number, taus: Float64Array): void {
  taus.forEach((tau, j) => {
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let l = i; l < j; l++) sum += z[t + i * blockSize + l]! * z[gram + l * blockSize + j]!;
      z[t + i * blockSize + j] = -tau * sum;
    }
    z[t + j * blockSize + j] = tau;
  });
}
