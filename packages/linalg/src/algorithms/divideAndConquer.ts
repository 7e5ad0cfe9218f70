import type { Rows } from '../kernels/kernels.ts';
import { blockAt, type Workspace } from '../kernels/workspace.ts';
import { epsilon, largestMagnitude } from './dense.ts';
import { solveSecular } from './secular.ts';

/** Solves a small tridiagonal problem: replaces the diagonal by ascending eigenvalues, and sets the rows of eigenvectors. */
export type SolveSmall = (d: Float64Array, e: Float64Array, rows: Rows) => void;

/** The largest problem that is not divided. */
export const smallProblem = 32;

/** The lengths of the arrays that {@link DivideAndConquer} allocates, for rows at a distance. */
export function conquerArrays(n: number, stride: number): number[] {
  return [n * stride, n * stride, n * stride];
}

/**
 * Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by divide and conquer (Cuppen, 1981; Gu and Eisenstat, A
 * divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem, 1995; with the deflation of LAPACK's dlaed2).
 */
export class DivideAndConquer {
  readonly #workspace: Workspace;
  readonly #rows: Rows;
  readonly #solveSmall: SolveSmall;
  /** Rows to be multiplied, what they are multiplied by, and their products. */
  readonly #gathered: number;
  readonly #factors: number;
  readonly #products: number;

  constructor(workspace: Workspace, rows: Rows, solveSmall: SolveSmall) {
    this.#workspace = workspace;
    this.#rows = rows;
    this.#solveSmall = solveSmall;
    const size = rows.rows * rows.stride;
    this.#gathered = workspace.allocate(size);
    this.#factors = workspace.allocate(size);
    this.#products = workspace.allocate(size);
  }

  /** Replaces the diagonal d by the eigenvalues, ascending, and the rows, zeros at first, by the eigenvectors. Destroys e. */
  solve(d: Float64Array, e: Float64Array): void {
    const scale = 2 ** Math.floor(Math.log2(Math.max(largestMagnitude(d), largestMagnitude(e)) || 1));
    for (let i = 0; i < d.length; i++) {
      d[i]! /= scale;
      // Where all of a part is tiny its squares would underflow.
      e[i] = Math.abs(e[i]!) <= epsilon * epsilon * scale ? 0 : e[i]! / scale;
    }
    this.#solvePart(d, e, 0, d.length);
    for (let i = 0; i < d.length; i++) d[i]! *= scale;
  }

  #solvePart(d: Float64Array, e: Float64Array, first: number, last: number): void {
    const n = last - first;
    if (n <= smallProblem) {
      const { offset: start, stride } = this.#rows;
      const rows = { offset: start + first * (stride + 1), stride, rows: n, columns: n };
      return this.#solveSmall(d.subarray(first, last), e.slice(first, last), rows);
    }
    const middle = first + (n >> 1);
    const coupling = e[middle - 1]!;
    d[middle - 1]! -= Math.abs(coupling);
    d[middle]! -= Math.abs(coupling);
    this.#solvePart(d, e, first, middle);
    this.#solvePart(d, e, middle, last);
    this.#merge(d, coupling, [first, middle, last]);
  }

  /** Eigenvalues and rows of diag(d) + ρ z zᵀ, for z of length 1. */
  #merge(d: Float64Array, coupling: number, [first, middle, last]: readonly [number, number, number]): void {
    const { values: x } = this.#workspace;
    const { offset: start, stride } = this.#rows;
    const z = new Float64Array(d.length);
    for (let i = first; i < last; i++) {
      const row = start + i * stride;
      z[i] = (i < middle ? x[row + middle - 1]! : Math.sign(coupling) * x[row + middle]!) * Math.SQRT1_2;
    }
    const rho = 2 * Math.abs(coupling);
    const { kept, deflated } = this.#deflate(d, z, rho, [first, middle, last]);
    const places = placesOf(kept);
    const eigenvalues = this.#solveCoupled(d, z, rho, kept, places);
    const size = last - first;
    const gathered = this.#gathered;
    const gather = (row: number, place: number): void => {
      const from = start + row * stride + first;
      x.copyWithin(gathered + place * stride, from, from + size);
    };
    kept.forEach(({ row }, i) => gather(row, places[i]!));
    // Behind the rows that are multiplied are those that stay.
    deflated.forEach((row, i) => gather(row, kept.length + i));
    this.#multiply(kept, middle - first, size);
    const found = [...eigenvalues, ...deflated.map((row) => d[row]!)];
    const order = found.map((_, i) => i).sort((i, j) => found[i]! - found[j]!);
    order.forEach((from, i) => {
      d[first + i] = found[from]!;
      const source = (from < kept.length ? this.#products : gathered) + from * stride;
      x.copyWithin(start + (first + i) * stride + first, source, source + size);
    });
  }

  /** The rows that take part, and those that are eigenvectors already. Rotates rows of equal eigenvalues such that one is. */
  #deflate(
    d: Float64Array,
    z: Float64Array,
    rho: number,
    [first, middle, last]: readonly [number, number, number],
  ): { readonly kept: readonly Part[]; readonly deflated: readonly number[] } {
    const tolerance = 8 * epsilon * Math.max(largestMagnitude(d, first, last - first), largestMagnitude(z));
    const order = Array.from({ length: last - first }, (_, i) => first + i).sort((i, j) => d[i]! - d[j]!);
    const kept: Part[] = [];
    const deflated: number[] = [];
    let waiting: Part | undefined;
    for (const row of order) {
      if (rho * Math.abs(z[row]!) <= tolerance) {
        deflated.push(row);
        continue;
      }
      const part: Part = { row, isLeft: row < middle, isRight: row >= middle };
      if (waiting && this.#combine(d, z, waiting.row, row, tolerance)) {
        deflated.push(waiting.row);
        part.isLeft ||= waiting.isLeft;
        part.isRight ||= waiting.isRight;
      } else if (waiting) kept.push(waiting);
      waiting = part;
    }
    if (waiting) kept.push(waiting);
    return { kept, deflated };
  }

  /** Rotates two rows such that the first no longer takes part, if that changes the matrix by no more than the tolerance. */
  #combine(d: Float64Array, z: Float64Array, first: number, second: number, tolerance: number): boolean {
    const length = Math.hypot(z[first]!, z[second]!);
    const c = z[second]! / length;
    const s = -z[first]! / length;
    const [low, high] = [d[first]!, d[second]!];
    if (Math.abs((high - low) * c * s) > tolerance) return false;
    z[first] = 0;
    z[second] = length;
    d[first] = low * c * c + high * s * s;
    d[second] = low * s * s + high * c * c;
    const { values } = this.#workspace;
    const { offset: start, stride, columns } = this.#rows;
    for (let j = 0; j < columns; j++) {
      const x = values[start + first * stride + j]!;
      const y = values[start + second * stride + j]!;
      values[start + first * stride + j] = c * x + s * y;
      values[start + second * stride + j] = c * y - s * x;
    }
    return true;
  }

  /**
   * The eigenvalues of the parts that are kept, with their eigenvectors in the rows of `#factors`, whose columns are in the order of
   * `places`.
   */
  #solveCoupled(
    d: Float64Array,
    z: Float64Array,
    rho: number,
    kept: readonly Part[],
    places: Int32Array,
  ): Float64Array {
    const { values: x } = this.#workspace;
    const { stride } = this.#rows;
    const n = kept.length;
    const poles = Float64Array.from(kept, ({ row }) => d[row]!);
    const weights = Float64Array.from(kept, ({ row }) => rho * z[row]! ** 2);
    const eigenvalues = new Float64Array(n);
    const differences = (j: number): Float64Array =>
      x.subarray(this.#factors + j * stride, this.#factors + j * stride + n);
    for (let j = 0; j < n; j++) eigenvalues[j] = solveSecular(poles, weights, j, differences(j));
    // The z for which these are the exact eigenvalues, so that eigenvectors are orthogonal.
    const exact = new Float64Array(n).fill(1);
    for (let j = 0; j < n; j++) {
      const row = differences(j);
      const pole = poles[j]!;
      for (let i = 0; i < j; i++) exact[i]! *= row[i]! / (poles[i]! - pole);
      exact[j]! *= -row[j]!;
      for (let i = j + 1; i < n; i++) exact[i]! *= row[i]! / (poles[i]! - pole);
    }
    for (let i = 0; i < n; i++) exact[i] = Math.sqrt(Math.max(0, exact[i]!)) * (z[kept[i]!.row]! < 0 ? -1 : 1);
    const vector = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      const row = differences(j);
      let square = 0;
      for (let i = 0; i < n; i++) {
        const element = exact[i]! / row[i]!;
        vector[i] = element;
        square += element * element;
      }
      const length = Math.sqrt(square);
      for (let i = 0; i < n; i++) row[places[i]!] = vector[i]! / length;
    }
    return eigenvalues;
  }

  /** The products of the factors and the gathered rows, of which the left `half` of `size` columns is 0 for some and the right for others. */
  #multiply(kept: readonly Part[], half: number, size: number): void {
    const { values, kernels } = this.#workspace;
    const { stride } = this.#rows;
    const n = kept.length;
    for (let i = 0; i < n; i++) values.fill(0, this.#products + i * stride, this.#products + i * stride + size);
    const leftEnd = kept.filter(({ isLeft }) => isLeft).length;
    const rightStart = n - kept.filter(({ isRight }) => isRight).length;
    const product = (from: number, to: number, column: number, width: number): void =>
      kernels.addProduct(
        blockAt(this.#products, stride, 0, column),
        blockAt(this.#factors, stride, 0, from),
        blockAt(this.#gathered, stride, from, column),
        [n, to - from, width],
        1,
      );
    product(0, leftEnd, 0, half);
    product(rightStart, n, half, size - half);
  }
}

/** A row that takes part in a merge, and the halves of columns in which it is not 0. */
interface Part {
  readonly row: number;
  isLeft: boolean;
  isRight: boolean;
}

/** Where each part is among them in the order left, both, right. */
function placesOf(kept: readonly Part[]): Int32Array {
  const groups = [
    (part: Part) => part.isLeft && !part.isRight,
    (part: Part) => part.isLeft && part.isRight,
    (part: Part) => !part.isLeft,
  ];
  const places = new Int32Array(kept.length);
  let next = 0;
  for (const isIn of groups) {
    kept.forEach((part, i) => {
      if (isIn(part)) places[i] = next++;
    });
  }
  return places;
}
