// The loops of decompositions, in WebAssembly and in TypeScript.
import { random } from '@thetagrad/core';
import { afterEach, expect, test, vi } from 'vitest';
import { factorCholesky } from '../src/algorithms/cholesky.ts';
import { decomposeSymmetric } from '../src/algorithms/symmetricEigen.ts';
import { decomposeThin } from '../src/algorithms/thinSvd.ts';
import { rotatedColumns, type Kernels } from '../src/kernels/kernels.ts';
import { createPortableKernels } from '../src/kernels/portable.ts';
import { createSimdKernels, instantiate, reserved } from '../src/kernels/simd.ts';
import { blockAt, transposeBlock } from '../src/kernels/workspace.ts';

const size = 2 ** 14;

type Indices = [number, number, number, number, number, number, number];

/** The workspace after a kernel, in both languages. What precedes `reserved` is left out. */
function run(kernel: (kernels: Kernels, start: number, z: Float64Array) => void): {
  readonly simd: number[];
  readonly portable: number[];
} {
  const { memory, exports } = instantiate()!;
  memory.grow(Math.ceil((8 * (reserved + size)) / 2 ** 16));
  const simd = new Float64Array(memory.buffer);
  const portable = new Float64Array(reserved + size);
  const numbers = random.normal(random.key(7), [size], { dtype: 'float64' }).dataSync();
  simd.set(numbers, reserved);
  portable.set(numbers, reserved);
  kernel(createSimdKernels(simd, exports), reserved, simd);
  kernel(createPortableKernels(portable), reserved, portable);
  return { simd: [...simd.subarray(reserved, reserved + size)], portable: [...portable.subarray(reserved)] };
}

function expectSame({ simd, portable }: ReturnType<typeof run>): void {
  const changed = portable.findIndex((x, i) => Math.abs(x - simd[i]!) > 1e-12 * (1 + Math.abs(x)));
  expect(changed).toBe(-1);
}

const stride = 40;
const second = 80 * stride;

test.for([
  [1, 1, 1],
  [4, 3, 4],
  [7, 9, 5],
  [70, 12, 30],
] as const)('products of [%i, %i] and [, %i]', ([m, k, n]) => {
  expectSame(
    run((kernels, start) => {
      const c = blockAt(start, stride);
      const a = blockAt(start + second, stride, 1, 1);
      const b = blockAt(start + 2 * second, stride);
      kernels.addProduct(c, a, b, [m, k, n], -0.5);
      kernels.addProduct(c, transposeBlock(a), b, [m, k, n], 1);
      kernels.addProduct(c, a, transposeBlock(b), [m, k, n], 2);
    }),
  );
});

test.for([
  [3, 1],
  [5, 9],
  [30, 40],
] as const)('the product of [%i, %i] with itself', ([k, n]) => {
  const upper = run((kernels, start, z) => {
    const c = blockAt(start, stride);
    kernels.addGram(c, blockAt(start + second, stride), [k, n], 2);
    kernels.addGram(c, transposeBlock(blockAt(start + second, stride)), [k, Math.min(k, n)], -1);
    // What is below the diagonal may be any.
    for (let i = 0; i < n; i++) z.fill(0, start + i * stride, start + i * stride + i);
  });
  expectSame(upper);
});

test('products of more than the packed rows, terms and columns', () => {
  expectSame(
    run((kernels, start) =>
      kernels.addProduct(blockAt(start, 600), blockAt(start + 900, 300), blockAt(start + 2000, 1), [1, 300, 600], 1),
    ),
  );
});

test.for([
  [1, 1],
  [8, 5],
  [5, 8],
] as const)('%i rows of %i columns of a triangular system', ([rows, columns]) => {
  expectSame(
    run((kernels, start) => {
      const t = { offset: start + second + 8 * (stride + 1), row: -stride, column: -1 };
      kernels.solveRows(blockAt(start + second, stride), blockAt(start, stride), [rows, columns], false);
      kernels.solveRows(t, blockAt(start, stride), [rows, columns], true);
    }),
  );
});

test.for([
  [1, 1],
  [4, 8],
  [5, 7],
] as const)('updates of [%i, %i]', ([rows, columns]) => {
  expectSame(
    run((kernels, start, z) => {
      const a = { offset: start, stride, rows, columns };
      const [p, q, r, s, x, left, to] = Array.from({ length: 7 }, (_, i) => start + second + i * stride) as Indices;
      // Rows and vectors go on with zeros.
      for (const row of [q, s, x, to, ...Array.from({ length: rows }, (_, i) => start + i * stride)]) {
        z.fill(0, row + columns, row + columns + 4);
      }
      kernels.updateAndMultiplyLeft(a, { p, q, r, s }, left, to);
      kernels.updateAndMultiply(a, { p, q, r, s }, x, r);
      kernels.multiply(a, to, p);
    }),
  );
});

test.for([1, 16, 20])('chains of rotations of %i columns', (columns) => {
  expectSame(
    run((kernels, start) => {
      const down = { offset: start, step: stride, count: 5, rotations: start + second };
      const up = { offset: start + 6 * stride, step: -2 * stride, count: 3, rotations: start + second + 7 };
      // Rows have room for a multiple of the columns that are rotated together.
      kernels.rotateRows([down, up], Math.ceil(columns / rotatedColumns) * rotatedColumns);
    }),
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

test('without WebAssembly', async () => {
  const compile = vi.spyOn(WebAssembly, 'Module').mockImplementation(function refuse() {
    throw new WebAssembly.CompileError('refused');
  });
  vi.resetModules();
  const { factorCholesky: factor } = await import('../src/algorithms/cholesky.ts');
  const { decomposeSymmetric: decompose } = await import('../src/algorithms/symmetricEigen.ts');
  const { decomposeThin: decomposeInTwo } = await import('../src/algorithms/thinSvd.ts');
  for (const n of [1, 20, 70]) {
    const numbers = random.normal(random.key(n), [n, n], { dtype: 'float64' });
    const gram = numbers.matmul(numbers.transpose()).dataSync();
    const matrix = { values: gram, offset: 0, rowStride: n, columnStride: 1 };
    for (const [first, second] of [
      [factorCholesky, factor].map((f) => {
        const result = new Float64Array(n * n);
        expect(f(result, matrix, n)).toBe(0);
        return result;
      }),
      [decomposeSymmetric, decompose].map((f) => {
        const result = new Float64Array(n + n * n);
        f(Float64Array.from(gram), n, result.subarray(0, n), result.subarray(n));
        return result;
      }),
      [decomposeThin, decomposeInTwo].map((f) => f(Float64Array.from(gram), n, n).values),
    ]) {
      const difference = first!.map((x, i) => Math.abs(x - second![i]!)).reduce((x, y) => Math.max(x, y));
      expect(difference).toBeLessThan(1e-8);
    }
  }
  expect(compile).toHaveBeenCalledOnce();
});
