import { rotatedColumns, type RotationChain, type Rows } from '../kernels/kernels.ts';
import type { Workspace } from '../kernels/workspace.ts';

/** The number of rotations from which a queue is applied. */
const capacity = 4096;

/** The length of the array that a queue of rotations of n rows allocates. */
export function queueLength(n: number): number {
  return 2 * (capacity + n);
}

/** Collects rotations of rows, to apply them together to a few columns at a time. */
export class RotationQueue {
  readonly #workspace: Workspace;
  readonly #rows: Rows;
  readonly #start: number;
  #chains: RotationChain[] = [];
  #used = 0;
  #next: { row: number; step: number; from: number } | undefined;

  constructor(workspace: Workspace, rows: Rows) {
    this.#workspace = workspace;
    this.#rows = rows;
    this.#start = workspace.allocate(queueLength(rows.rows));
  }

  /** Begins a chain at a row, whose next rows are `step` rows apart. */
  begin(row: number, step: number): void {
    this.#end();
    if (this.#used > capacity) this.flush();
    this.#next = { row, step, from: this.#used };
  }

  /** Adds to the chain: row x and its neighbor y become c·x + s·y and c·y − s·x. */
  add(c: number, s: number): void {
    const { values } = this.#workspace;
    const at = this.#start + 2 * this.#used++;
    values[at] = c;
    values[at + 1] = s;
  }

  /** Applies the rotations in the queue. */
  flush(): void {
    this.#end();
    const columns = Math.ceil(this.#rows.columns / rotatedColumns) * rotatedColumns;
    this.#workspace.kernels.rotateRows(this.#chains, columns);
    this.#chains = [];
    this.#used = 0;
  }

  #end(): void {
    if (this.#next && this.#used > this.#next.from) {
      const { row, step, from } = this.#next;
      const { offset: start, stride } = this.#rows;
      const rotations = this.#start + 2 * from;
      this.#chains.push({ offset: start + row * stride, step: step * stride, count: this.#used - from, rotations });
    }
    this.#next = undefined;
  }
}
