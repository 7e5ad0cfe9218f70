import type { Block, Kernels } from './kernels.ts';
import { createPortableKernels } from './portable.ts';
import { createSimdKernels, instantiate, reserved, type SimdInstance } from './simd.ts';

const pageBytes = 2 ** 16;

/** A memory of more numbers than this is dropped after use. */
const keptNumbers = 2 ** 23;

/** Memory in which one decomposition computes. */
export class Workspace {
  readonly values: Float64Array;
  readonly kernels: Kernels;
  #used: number;

  constructor(values: Float64Array, kernels: Kernels, used: number) {
    this.values = values;
    this.kernels = kernels;
    this.#used = used;
  }

  /** The index of the first of `count` zeros. */
  allocateZeros(count: number): number {
    const start = this.allocate(count);
    this.values.fill(0, start, start + count);
    return start;
  }

  /** The index of the first of `count` numbers, which may be any. */
  allocate(count: number): number {
    const start = this.#used;
    // The next begins at a multiple of 64 bytes.
    this.#used += Math.ceil(count / 8) * 8;
    if (this.#used > this.values.length) throw new RangeError('a workspace is too small');
    return start;
  }
}

/** Memory with kernels that compute in it. */
interface Memory {
  readonly values: Float64Array;
  readonly kernels: Kernels;
  /** The numbers at the start that kernels use themselves. */
  readonly reserved: number;
}

let instance: SimdInstance | undefined;
let current: Memory | undefined;

/**
 * Runs a computation in a workspace that has room for some arrays. Computations do not nest.
 * @param counts the lengths of the arrays that the computation allocates.
 */
export function withWorkspace<T>(counts: readonly number[], compute: (workspace: Workspace) => T): T {
  const total = counts.reduce((sum, count) => sum + Math.ceil(count / 8) * 8, 0);
  if (!current || current.values.length < current.reserved + total) current = createMemory(total);
  const { values, kernels } = current;
  try {
    return compute(new Workspace(values, kernels, current.reserved));
  } finally {
    if (values.length > keptNumbers) instance = current = undefined;
  }
}

function createMemory(count: number): Memory {
  instance ??= instantiate();
  if (!instance || !hasRoom(instance.memory, 8 * (reserved + count))) {
    const values = new Float64Array(count);
    return { values, kernels: createPortableKernels(values), reserved: 0 };
  }
  const { memory, exports } = instance;
  const values = new Float64Array(memory.buffer);
  return { values, kernels: createSimdKernels(values, exports), reserved };
}

/** Grows a memory to a number of bytes. Returns false if that is more than the engine allows. */
function hasRoom(memory: WebAssembly.Memory, bytes: number): boolean {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
  try {
    if (missing > 0) memory.grow(missing);
  } catch {
    return false;
  }
  return true;
}

/**
 * The distance of rows of n numbers: an odd number of cache lines, so that a column is spread over the cache, with room for 16
 * numbers at a time and 8 more.
 */
export function strideFor(n: number): number {
  return Math.ceil(n / 16) * 16 + 8;
}

/** The block from row i and column j of rows at a distance. */
export function blockAt(offset: number, stride: number, i = 0, j = 0): Block {
  return { offset: offset + i * stride + j, row: stride, column: 1 };
}

export function transposeBlock({ offset, row, column }: Block): Block {
  return { offset, row: column, column: row };
}

/** The length from which a row is faster copied as a whole. */
const longRow = 16;

/** Copies n elements of an array, from one index to another of another array. */
function copyRow(target: Float64Array, to: number, source: Float64Array, from: number, n: number): void {
  if (n >= longRow) target.set(source.subarray(from, from + n), to);
  else for (let i = 0; i < n; i++) target[to + i] = source[from + i]!;
}

/** Copies the rows of an [m, n] matrix to rows at a distance. */
export function copyIn(
  { values }: Workspace,
  to: number,
  stride: number,
  from: Float64Array,
  m: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) copyRow(values, to + i * stride, from, i * n, n);
}

/** Copies rows at a distance to an [m, n] matrix. */
export function copyOut(
  to: Float64Array,
  m: number,
  n: number,
  { values }: Workspace,
  from: number,
  stride: number,
): void {
  for (let i = 0; i < m; i++) copyRow(to, i * n, values, from + i * stride, n);
}
