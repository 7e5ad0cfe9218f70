import { assembleKernels, type Exports } from './assemble.ts';
import {
  rotatedColumns,
  solvedRows,
  type Block,
  type Kernels,
  type ProductSize,
  type RankTwo,
  type Rows,
} from './kernels.ts';

/** The numbers of rows, of terms and of columns that a product packs at a time, such that they stay in the caches. */
const blockSize = { m: 64, k: 256, n: 512 } as const;

/** Numbers at the start of the memory that the kernels use themselves: packed rows, packed columns, and a triangle. */
const packedRows = blockSize.m * blockSize.k;
const packedColumns = blockSize.k * blockSize.n;
const triangle = packedRows + packedColumns;
export const reserved: number = triangle + solvedRows * solvedRows;

/** An instance of the kernels with its memory. */
export interface SimdInstance {
  readonly memory: WebAssembly.Memory;
  readonly exports: Exports;
}

let compiled: WebAssembly.Module | 'refused' | undefined;

/** An instance with an empty memory; `undefined` where WebAssembly is not allowed, or has no vectors. */
export function instantiate(): SimdInstance | undefined {
  compiled ??= compile();
  if (compiled === 'refused') return undefined;
  const memory = new WebAssembly.Memory({ initial: 0 });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { memory, exports: exports as unknown as Exports };
}

function compile(): WebAssembly.Module | 'refused' {
  try {
    return new WebAssembly.Module(assembleKernels());
  } catch {
    return 'refused';
  }
}

/** The kernels of an instance; z is its memory. */
export function createSimdKernels(z: Float64Array, kernels: Exports): Kernels {
  const update = (
    name: 'updateRight' | 'updateLeft' | 'right',
    a: Rows,
    { p, q, r, s }: RankTwo,
    x: number,
    to: number,
  ) => {
    if (a.rows === 0 || a.columns === 0) return;
    const columns = Math.ceil(a.columns / 4) * 4;
    kernels[name](8 * a.offset, 8 * a.stride, a.rows, columns, 8 * p, 8 * q, 8 * r, 8 * s, 8 * x, 8 * to);
  };
  return {
    addProduct: (c, a, b, size, factor) => addProduct(kernels, { c, a, b }, size, factor),
    addGram: (c, b, size, factor) => addGram(kernels, c, b, size, factor),
    solveRows: (t, b, [rows, columns], unitriangular) => {
      for (let i = 0; i < rows; i++) {
        const row = triangle + i * solvedRows;
        for (let l = 0; l <= i; l++) z[row + l] = z[t.offset + i * t.row + l * t.column]!;
        if (unitriangular) z[row + i] = 1;
      }
      kernels.solve(8 * triangle, 8 * b.offset, 8 * b.row, rows, columns);
    },
    updateAndMultiply: (a, change, x, to) => update('updateRight', a, change, x, to),
    updateAndMultiplyLeft: (a, change, x, to) => update('updateLeft', a, change, x, to),
    multiply: (a, x, to) => update('right', a, noUpdate, x, to),
    rotateRows: (chains, columns) => {
      for (let j = 0; j < columns; j += rotatedColumns) {
        for (const { offset, step, count, rotations } of chains) {
          kernels.rotate(8 * (offset + j), 8 * step, count, 8 * rotations);
        }
      }
    },
  };
}

const noUpdate: RankTwo = { p: 0, q: 0, r: 0, s: 0 };

function addProduct(
  kernels: Exports,
  { c, a, b }: { readonly c: Block; readonly a: Block; readonly b: Block },
  [m, k, n]: ProductSize,
  factor: number,
): void {
  for (let j = 0; j < n; j += blockSize.n) {
    const columns = Math.min(blockSize.n, n - j);
    for (let l = 0; l < k; l += blockSize.k) {
      const depth = Math.min(blockSize.k, k - l);
      const right = b.offset + l * b.row + j * b.column;
      kernels.pack(8 * packedRows, 8 * right, 8 * b.column, 8 * b.row, columns, depth);
      for (let i = 0; i < m; i += blockSize.m) {
        const rows = Math.min(blockSize.m, m - i);
        const left = a.offset + i * a.row + l * a.column;
        kernels.pack(0, 8 * left, 8 * a.row, 8 * a.column, rows, depth);
        const target = c.offset + i * c.row + j;
        kernels.product(8 * target, 8 * c.row, 0, 8 * packedRows, rows, columns, depth, factor);
      }
    }
  }
}

/** Rows of a triangle that are computed together. */
const gramRows = 8;

function addGram(kernels: Exports, c: Block, b: Block, [k, n]: readonly [number, number], factor: number): void {
  for (let j = 0; j < n; j += blockSize.n) {
    const columns = Math.min(blockSize.n, n - j);
    // Rows above the columns' own.
    const left = { offset: b.offset, row: b.column, column: b.row };
    const above = { ...c, offset: c.offset + j };
    addProduct(kernels, { c: above, a: left, b: { ...b, offset: b.offset + j * b.column } }, [j, k, columns], factor);
    for (let l = 0; l < k; l += blockSize.k) {
      const depth = Math.min(blockSize.k, k - l);
      const from = b.offset + l * b.row + j * b.column;
      kernels.pack(8 * packedRows, 8 * from, 8 * b.column, 8 * b.row, columns, depth);
      // Both factors are the same columns.
      for (let i = 0; i < columns; i += gramRows) {
        const rows = Math.min(gramRows, columns - i);
        const packed = 8 * (packedRows + i * depth);
        const target = c.offset + (j + i) * (c.row + 1);
        kernels.product(8 * target, 8 * c.row, packed, packed, rows, columns - i, depth, factor);
      }
    }
  }
}
