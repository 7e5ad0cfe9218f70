import { allocate, type TypedArray } from '../data/dtype.ts';

// The microkernel of matmul and convolution. Operands are packed into panels: four rows of the left factor (or four columns
// of the right one) interleaved, so that a 4×4 tile of the product reads memory sequentially.

/** Allocates panels for `count` rows (or columns) of length `depth`, of the output's type. */
export function allocatePanels(output: TypedArray, count: number, depth: number): TypedArray {
  const dtype = output instanceof Float32Array ? 'float32' : output instanceof Int32Array ? 'int32' : 'float64';
  return allocate(dtype, Math.ceil(count / 4) * 4 * depth);
}

/** The index in panels of element k of row (or column) i. */
export function panelIndex(i: number, k: number, depth: number): number {
  return ((i >> 2) * depth + k) * 4 + (i & 3);
}

/** The destination of a product: element (i, j) is written at index `offset + i · rowStride + columnOffsets[j]`. */
export interface ProductTarget {
  readonly values: TypedArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnOffsets: Int32Array;
}

/**
 * Computes Σₖ a(i, k) · b(j, k) for `rows` rows i and `count` columns j: in double precision, k in increasing order; int32
 * modulo 2³².
 */
export function multiplyPanels(
  a: TypedArray,
  b: TypedArray,
  rows: number,
  count: number,
  depth: number,
  target: ProductTarget,
): void {
  const { values: output, offset, rowStride, columnOffsets } = target;
  if (output instanceof Int32Array) return multiplyIntegers(a, b, rows, count, depth, target);
  const tile = new Float64Array(16);
  for (let i = 0; i < rows; i += 4) {
    for (let j = 0; j < count; j += 4) {
      let c00 = 0,
        c01 = 0,
        c02 = 0,
        c03 = 0;
      let c10 = 0,
        c11 = 0,
        c12 = 0,
        c13 = 0;
      let c20 = 0,
        c21 = 0,
        c22 = 0,
        c23 = 0;
      let c30 = 0,
        c31 = 0,
        c32 = 0,
        c33 = 0;
      let p = i * depth;
      let q = j * depth;
      for (let k = 0; k < depth; k++, p += 4, q += 4) {
        const a0 = a[p]!,
          a1 = a[p + 1]!,
          a2 = a[p + 2]!,
          a3 = a[p + 3]!;
        const b0 = b[q]!,
          b1 = b[q + 1]!,
          b2 = b[q + 2]!,
          b3 = b[q + 3]!;
        c00 += a0 * b0;
        c01 += a0 * b1;
        c02 += a0 * b2;
        c03 += a0 * b3;
        c10 += a1 * b0;
        c11 += a1 * b1;
        c12 += a1 * b2;
        c13 += a1 * b3;
        c20 += a2 * b0;
        c21 += a2 * b1;
        c22 += a2 * b2;
        c23 += a2 * b3;
        c30 += a3 * b0;
        c31 += a3 * b1;
        c32 += a3 * b2;
        c33 += a3 * b3;
      }
      tile[0] = c00;
      tile[1] = c01;
      tile[2] = c02;
      tile[3] = c03;
      tile[4] = c10;
      tile[5] = c11;
      tile[6] = c12;
      tile[7] = c13;
      tile[8] = c20;
      tile[9] = c21;
      tile[10] = c22;
      tile[11] = c23;
      tile[12] = c30;
      tile[13] = c31;
      tile[14] = c32;
      tile[15] = c33;
      const height = Math.min(4, rows - i);
      const width = Math.min(4, count - j);
      for (let r = 0; r < height; r++) {
        const row = offset + (i + r) * rowStride;
        for (let c = 0; c < width; c++) output[row + columnOffsets[j + c]!] = tile[r * 4 + c]!;
      }
    }
  }
}

/** {@link multiplyPanels} of int32, one element at a time. */
function multiplyIntegers(
  a: TypedArray,
  b: TypedArray,
  rows: number,
  count: number,
  depth: number,
  { values: output, offset, rowStride, columnOffsets }: ProductTarget,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < count; j++) {
      const [p, q] = [panelIndex(i, 0, depth), panelIndex(j, 0, depth)];
      let sum = 0;
      for (let k = 0; k < 4 * depth; k += 4) sum = (sum + Math.imul(a[p + k]!, b[q + k]!)) | 0;
      output[offset + i * rowStride + columnOffsets[j]!] = sum;
    }
  }
}
