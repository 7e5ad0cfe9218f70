// Finds kernels of a plan that can run together, row by row.
import { operandsOf, sizeOf, type Kernel, type Slot } from '@thetagrad/core/backend';
import type { Command, RowPart, SlotAddress } from '../command.ts';
import { countChunks } from '../emit/units.ts';
import { chainCommand } from './chainCommand.ts';
import { accessesOf, beginTogether, bytesOf, isSameMemory, keepsRows, relate, type Access } from './rowAccess.ts';

/** A kernel and its commands; `undefined` if it runs on the host. */
export interface LoweredKernel {
  readonly kernel: Kernel;
  readonly commands: readonly Command[] | undefined;
}

/** An input and an output that must not share memory for a chain to run. */
export interface Alias {
  readonly input: number;
  readonly inputBytes: number;
  readonly output: number;
  readonly outputBytes: number;
  /** Whether they may be the same memory, as long as both begin at the same address. */
  readonly mayCoincide: boolean;
}

/** Kernels that run together: the command computes row after row, of each row the results of all of them in order. */
export interface RowChain {
  readonly command: Command;
  /** The numbers of its kernels in the plan. */
  readonly members: readonly number[];
  readonly aliases: readonly Alias[];
}

/** What is worth a chain. */
export interface ChainLimits {
  /** The memory that a row of all operands takes, in bytes, at most: it stays in the first-level cache. */
  readonly maxRowBytes: number;
  /** The same where all rows take more than third-level caches hold: a row stays in the second-level cache. */
  readonly maxLongRowBytes: number;
  /** The number of operations for a row and kernel, on average, that outweighs the beginning of its loop. */
  readonly minPartWork: number;
  /** The number of operations in the smallest chunk that is worth another thread's attention. */
  readonly minChunkWork: number;
  /** With fewer chunks, kernels one by one have more work for threads. */
  readonly minChunks: number;
}

export const defaultLimits: ChainLimits = {
  maxRowBytes: 24 * 1024,
  maxLongRowBytes: 256 * 1024,
  minPartWork: 1 << 12,
  minChunkWork: 1 << 17,
  minChunks: 8,
};

/** What third-level caches hold, in bytes. */
const cacheBytes = 2 ** 25;
/** The number of operations in a chunk, approximately. */
const chunkWork = 1 << 21;
/** With at least this many chunks, threads have about the same work. */
const enoughChunks = 32;
/** Chunks of many rows begin at whole cache lines of results that are one to a row. */
const rowMultiple = 16;
const maxMembers = 24;
/** How many kernels between those of a chain are searched. */
const maxSkipped = 16;

/**
 * The chains of a plan. Kernels join the chain of an earlier one if they read or write the same rows, and all that they depend
 * on is computed by then; those between them that do not join run afterwards. The results are those of the kernels one
 * by one.
 */
export function findRowChains(kernels: readonly LoweredKernel[], limits: ChainLimits): RowChain[] {
  const taken = new Set<number>();
  const chains: RowChain[] = [];
  const candidates = kernels.map(candidateOf);
  const readers = readersOf(kernels);
  candidates.forEach((first, start) => {
    if (!first?.rowPart || taken.has(start)) return;
    const builder = new ChainBuilder(first, limits);
    for (let i = start + 1; i < candidates.length && !builder.isFull; i++) {
      const candidate = candidates[i];
      if (!candidate) break;
      if (taken.has(i) || !builder.join(candidate)) builder.skip(candidate);
    }
    const chain = builder.finish(readers);
    if (!chain) return;
    chains.push(chain);
    for (const number of chain.members) taken.add(number);
  });
  return chains;
}

/** A kernel that chains may pass over. */
interface Candidate {
  readonly number: number;
  readonly kernel: Kernel;
  readonly accesses: readonly Access[];
  /** What it computes for a row, of so many rows, if it can be a member. */
  readonly rowPart: ((rows: number) => RowPart | undefined) | undefined;
}

/** `undefined` for a kernel that may fail, or runs on the host: it keeps its place among all others. */
function candidateOf({ kernel, commands }: LoweredKernel, number: number): Candidate | undefined {
  if (kernel.kind === 'routine' || !commands) return undefined;
  if (commands.some(({ code }) => code.hostFunctions !== undefined)) return undefined;
  const rowPart = commands.length === 1 && sizeOf(kernel.shape) > 0 ? commands[0]!.rowPart : undefined;
  return { number, kernel, accesses: accessesOf(kernel), rowPart: rowPart && memoize(rowPart) };
}

/** The numbers of the kernels that read each slot. */
function readersOf(kernels: readonly LoweredKernel[]): ReadonlyMap<Slot, readonly number[]> {
  const readers = new Map<Slot, number[]>();
  kernels.forEach(({ kernel }, number) => {
    for (const { slot } of operandsOf(kernel)) {
      const known = readers.get(slot);
      if (known) known.push(number);
      else readers.set(slot, [number]);
    }
  });
  return readers;
}

function memoize<Value>(f: (rows: number) => Value): (rows: number) => Value {
  const known = new Map<number, Value>();
  return (rows) => {
    const value = known.get(rows) ?? f(rows);
    known.set(rows, value);
    return value;
  };
}

/** The numbers of rows along the first axes. */
function rowCounts({ shape }: Kernel): number[] {
  const counts = shape.map((_, axis) => sizeOf(shape.slice(0, axis + 1)));
  return [...new Set(counts)].filter((rows) => rows > 1);
}

class ChainBuilder {
  readonly #limits: ChainLimits;
  readonly #members: Candidate[];
  readonly #skipped: Candidate[] = [];
  /** The numbers of rows that suit all members. */
  #rowCounts: number[];

  constructor(first: Candidate, limits: ChainLimits) {
    this.#limits = limits;
    this.#members = [first];
    this.#rowCounts = rowCounts(first.kernel);
  }

  get isFull(): boolean {
    return this.#rowCounts.length === 0 || this.#members.length === maxMembers || this.#skipped.length > maxSkipped;
  }

  skip(candidate: Candidate): void {
    this.#skipped.push(candidate);
  }

  /** Adds a kernel to the end, if it can run before those that were skipped. */
  join(candidate: Candidate): boolean {
    const { accesses, rowPart } = candidate;
    const rowCounts = this.#rowCounts.filter((rows) => {
      const part = this.#sharesRows(accesses, rows) && rowPart?.(rows);
      const parts = part ? this.#parts(rows) : [];
      if (!part || parts.length < this.#members.length) return false;
      const bytes = rowBytes([...parts, part]);
      const { maxRowBytes, maxLongRowBytes } = this.#limits;
      return bytes <= (bytes * rows > cacheBytes ? maxLongRowBytes : maxRowBytes);
    });
    if (rowCounts.length === 0) return false;
    if (somePair(this.#skipped, accesses, (a, b) => relate(a, b) === 'conflicting')) return false;
    this.#rowCounts = rowCounts;
    this.#members.push(candidate);
    return true;
  }

  /** @param readers the numbers of the kernels that read a slot. */
  finish(readers: ReadonlyMap<Slot, readonly number[]>): RowChain | undefined {
    if (this.#members.length < 2) return undefined;
    const work = (rows: number): number => this.#parts(rows).reduce((sum, part) => sum + part.work, 0);
    return this.#rowCounts
      .filter((rows) => work(rows) >= this.#limits.minPartWork * this.#members.length)
      .toSorted((a, b) => b - a)
      .map((rows) => this.#chain(rows, work(rows), readers))
      .find((chain) => chain !== undefined);
  }

  /** `undefined` if there are too few chunks. */
  #chain(rows: number, work: number, readers: ReadonlyMap<Slot, readonly number[]>): RowChain | undefined {
    const wanted = Math.min(chunkWork / work, Math.max(rows / enoughChunks, this.#limits.minChunkWork / work));
    const unitsInChunk = wanted < rowMultiple ? Math.max(1, Math.floor(wanted)) : wanted - (wanted % rowMultiple);
    const units = { units: rows, unitsInChunk };
    if (countChunks(units) < this.#limits.minChunks) return undefined;
    const members = this.#members.map(({ number }) => number);
    const isInner = (slot: Slot): boolean =>
      slot.kind === 'arena' && (readers.get(slot) ?? []).every((number) => members.includes(number));
    const inner = this.#members.map(({ kernel }) => kernel.output).filter(isInner);
    return { command: chainCommand(this.#parts(rows), units, inner), members, aliases: this.#aliases(rows) };
  }

  /** What the members compute for a row, except for those of which it is more than a single loop. */
  #parts(rows: number): RowPart[] {
    return this.#members.map(({ rowPart }) => rowPart?.(rows)).filter((part) => part !== undefined);
  }

  /** Whether each row is independent of other rows of the members, and some memory is common to both. */
  #sharesRows(accesses: readonly Access[], rows: number): boolean {
    const isIndependent = (a: Access, b: Access): boolean =>
      relate(a, b) !== 'conflicting' || (beginTogether(a, b) && keepsRows(a, b, rows));
    return (
      somePair(this.#members, accesses, (a, b) => isSameMemory(a, b) && keepsRows(a, b, rows)) &&
      !somePair(this.#members, accesses, (a, b) => !isIndependent(a, b))
    );
  }

  #aliases(rows: number): Alias[] {
    const aliases = new Map<string, Alias>();
    const add = (a: Access, b: Access, mayCoincide: boolean): void => {
      if (relate(a, b) !== 'aliasing') return;
      const [input, output] = a.slot.kind === 'input' ? [a.slot, b.slot] : [b.slot, a.slot];
      if (input.kind !== 'input' || output.kind !== 'output') return;
      const key = `${input.index} ${output.index}`;
      aliases.set(key, {
        input: input.index,
        inputBytes: bytesOf(input),
        output: output.index,
        outputBytes: bytesOf(output),
        mayCoincide: mayCoincide && (aliases.get(key)?.mayCoincide ?? true),
      });
    };
    const addAll = (kernels: readonly Candidate[], accesses: readonly Access[], areMembers: boolean): void => {
      for (const kernel of kernels) {
        for (const a of kernel.accesses) for (const b of accesses) add(a, b, areMembers && keepsRows(a, b, rows));
      }
    };
    this.#members.forEach(({ accesses }, i) => {
      addAll(this.#members.slice(0, i), accesses, true);
      addAll(this.#skipped, accesses, false);
    });
    return [...aliases.values()];
  }
}

/** The memory that the parts read and write for a row, in bytes. */
function rowBytes(parts: readonly RowPart[]): number {
  const bytes = new Map<SlotAddress['slot'], number>();
  for (const { count, to, operands } of parts) {
    const rows = [
      { at: to.at, length: to.rowStride },
      ...operands.map(({ at, step }) => ({ at, length: count * step })),
    ];
    for (const { at, length } of rows) {
      bytes.set(at.slot, Math.max(bytes.get(at.slot) ?? 0, Math.abs(length)));
    }
  }
  return Array.from(bytes.values()).reduce((sum, each) => sum + each, 0);
}

/** Whether the test holds for an access of the kernels and one of `accesses`. */
function somePair(
  kernels: readonly Candidate[],
  accesses: readonly Access[],
  test: (a: Access, b: Access) => boolean,
): boolean {
  return kernels.some((kernel) => kernel.accesses.some((a) => accesses.some((b) => test(a, b))));
}
