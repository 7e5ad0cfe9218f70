// The loops that decompositions spend their time in. They work in double precision on parts of one array, the workspace.

/** Part of a matrix: its element (i, j) is at index `offset + i · row + j · column` of the workspace. */
export interface Block {
  readonly offset: number;
  readonly row: number;
  readonly column: number;
}

/** The numbers of rows, of terms, and of columns of a product. */
export type ProductSize = readonly [m: number, k: number, n: number];

/** The most rows of `solveRows`. */
export const solvedRows = 8;

/** Columns that `rotateRows` takes at a time; rows must have room for a multiple of them. */
export const rotatedColumns = 16;

/** A matrix with contiguous rows. Kernels may read and write beyond its columns, up to a multiple of 4: zeros, which stay zeros. */
export interface Rows {
  readonly offset: number;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
}

/** Where the vectors of an update a − p qᵀ − r sᵀ are in the workspace. */
export interface RankTwo {
  readonly p: number;
  readonly q: number;
  readonly r: number;
  readonly s: number;
}

/** A chain of rotations of neighboring rows. */
export interface RotationChain {
  /** The index of the first row. */
  readonly offset: number;
  /** The distance of the next row; negative for a chain that goes up. */
  readonly step: number;
  /** The number of rotations, one less than that of rows. */
  readonly count: number;
  /** Where the cosine and the sine of each rotation are. */
  readonly rotations: number;
}

/** Indices of the workspace stand for vectors. */
export interface Kernels {
  /** c += factor · a · b. The columns of c are neighbors, and it does not overlap a or b. */
  addProduct(c: Block, a: Block, b: Block, size: ProductSize, factor: number): void;
  /**
   * c += factor · bᵀ · b for a symmetric c, of which the upper triangle counts: some of what is below it is overwritten. The columns
   * of c are neighbors, and it does not overlap b.
   */
  addGram(c: Block, b: Block, size: readonly [k: number, n: number], factor: number): void;
  /**
   * Replaces at most 8 rows b by the solution x of t · x = b with a lower triangular t, whose diagonal counts as ones if it is
   * `unitriangular`. The columns of b are neighbors.
   */
  solveRows(t: Block, b: Block, size: readonly [rows: number, columns: number], unitriangular: boolean): void;
  /** a −= p qᵀ + r sᵀ, and then to = a · x. */
  updateAndMultiply(a: Rows, update: RankTwo, x: number, to: number): void;
  /** a −= p qᵀ + r sᵀ, and then to += xᵀ · a. */
  updateAndMultiplyLeft(a: Rows, update: RankTwo, x: number, to: number): void;
  /** to = a · x. */
  multiply(a: Rows, x: number, to: number): void;
  /**
   * Rotates rows along chains, one chain after the other: the first row x of a chain and its neighbor y become c·x + s·y and
   * c·y − s·x, of which the second is rotated with the next row, and so on.
   */
  rotateRows(chains: readonly RotationChain[], columns: number): void;
}
