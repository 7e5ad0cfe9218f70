import { addProduct as addRows, type Block as DenseRows } from '../algorithms/dense.ts';
import type { Block, Kernels, ProductSize, RankTwo, RotationChain, Rows } from './kernels.ts';

/** Rows of a triangle that are computed together. */
const gramRows = 32;

/** The kernels in TypeScript, for where WebAssembly is not allowed. */
export function createPortableKernels(z: Float64Array): Kernels {
  return {
    addProduct: (c, a, b, size, factor) => addProduct(z, { c, a, b }, size, factor),
    addGram: (c, b, [k, n], factor) => {
      for (let i = 0; i < n; i += gramRows) {
        const offset = b.offset + i * b.column;
        const blocks = {
          c: { ...c, offset: c.offset + i * (c.row + 1) },
          a: { offset, row: b.column, column: b.row },
          b: { ...b, offset },
        };
        addProduct(z, blocks, [Math.min(gramRows, n - i), k, n - i], factor);
      }
    },
    solveRows: (t, b, size, unitriangular) => solveRows(z, t, b, size, unitriangular),
    updateAndMultiply: (a, update, x, to) => {
      subtractRankTwo(z, a, update);
      multiply(z, a, x, to);
    },
    updateAndMultiplyLeft: (a, update, x, to) => {
      subtractRankTwo(z, a, update);
      for (let i = 0; i < a.rows; i++) {
        const factor = z[x + i]!;
        const row = a.offset + i * a.stride;
        for (let j = 0; j < a.columns; j++) z[to + j]! += factor * z[row + j]!;
      }
    },
    multiply: (a, x, to) => multiply(z, a, x, to),
    rotateRows: (chains, columns) => {
      for (const chain of chains) rotateRows(z, chain, columns);
    },
  };
}

function addProduct(
  z: Float64Array,
  { c, a, b }: { readonly c: Block; readonly a: Block; readonly b: Block },
  [m, k, n]: ProductSize,
  factor: number,
): void {
  addRows({ values: z, offset: c.offset, stride: c.row }, rowsOf(z, a, m, k), rowsOf(z, b, k, n), [m, k, n], factor);
}

/** A block with contiguous rows; a copy, if it has none. */
function rowsOf(z: Float64Array, { offset, row, column }: Block, m: number, n: number): DenseRows {
  if (column === 1) return { values: z, offset, stride: row };
  const values = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) values[i * n + j] = z[offset + i * row + j * column]!;
  return { values, offset: 0, stride: n };
}

function solveRows(
  z: Float64Array,
  t: Block,
  b: Block,
  [rows, columns]: readonly [number, number],
  unitriangular: boolean,
): void {
  for (let i = 0; i < rows; i++) {
    const row = b.offset + i * b.row;
    const left = t.offset + i * t.row;
    for (let l = 0; l < i; l++) {
      const factor = z[left + l * t.column]!;
      const known = b.offset + l * b.row;
      for (let j = 0; j < columns; j++) z[row + j]! -= factor * z[known + j]!;
    }
    const divisor = unitriangular ? 1 : z[left + i * t.column]!;
    for (let j = 0; j < columns; j++) z[row + j]! /= divisor;
  }
}

function subtractRankTwo(z: Float64Array, a: Rows, { p, q, r, s }: RankTwo): void {
  for (let i = 0; i < a.rows; i++) {
    const row = a.offset + i * a.stride;
    const first = z[p + i]!;
    const second = z[r + i]!;
    for (let j = 0; j < a.columns; j++) z[row + j]! -= first * z[q + j]! + second * z[s + j]!;
  }
}

function multiply(z: Float64Array, a: Rows, x: number, to: number): void {
  for (let i = 0; i < a.rows; i++) {
    const row = a.offset + i * a.stride;
    let even = 0;
    let odd = 0;
    let j = 0;
    for (; j + 1 < a.columns; j += 2) {
      even += z[row + j]! * z[x + j]!;
      odd += z[row + j + 1]! * z[x + j + 1]!;
    }
    if (j < a.columns) even += z[row + j]! * z[x + j]!;
    z[to + i] = even + odd;
  }
}

function rotateRows(z: Float64Array, { offset, step, count, rotations }: RotationChain, columns: number): void {
  for (let i = 0; i < count; i++) {
    const c = z[rotations + 2 * i]!;
    const s = z[rotations + 2 * i + 1]!;
    const first = offset + i * step;
    for (let j = first; j < first + columns; j++) {
      const x = z[j]!;
      const y = z[j + step]!;
      z[j] = c * x + s * y;
      z[j + step] = c * y - s * x;
    }
  }
}
