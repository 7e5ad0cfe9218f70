import type { Limits } from '../limits.ts';
import { DataFileError } from './error.ts';

/** Bytes that any file may expand to, however small it is. */
const freeBytes = 2 ** 26;

/** Name of a file in error messages, and what decoding it may cost. */
export class FileBudget {
  readonly name: string;
  readonly limits: Limits;
  readonly #archive: FileBudget;
  readonly #storedBytes: number;
  #expandedBytes = 0;

  /** @throws {DataFileError} if the file is larger than `limits.fileBytes`. */
  constructor(name: string, limits: Limits, storedBytes: number, archive?: FileBudget) {
    this.name = name;
    this.limits = limits;
    this.#storedBytes = storedBytes;
    this.#archive = archive ?? this;
    this.check('fileBytes', storedBytes, `has ${storedBytes} bytes`);
  }

  /** Budget of a file in this archive: what it expands to is part of what the archive does. */
  entry(name: string, storedBytes: number): FileBudget {
    return new FileBudget(name, this.limits, storedBytes, this);
  }

  /** @throws {DataFileError} if the value exceeds the limit. */
  check(limit: keyof Limits, value: number, description: string): void {
    if (value <= this.limits[limit]) return;
    const problem = `${description}, above the limit of ${this.limits[limit]}`;
    throw new DataFileError(this.name, `${problem}; if you trust the file, raise limits.${limit}`);
  }

  /** @throws {DataFileError} if an image has no pixels or too many, or a side is too long. */
  checkSize(width: number, height: number): void {
    const size = `has ${width} × ${height} pixels (width × height)`;
    if (width === 0 || height === 0) throw new DataFileError(this.name, `damaged: ${size}`);
    this.check('pixels', width * height, size);
    this.check('side', Math.max(width, height), size);
  }

  /**
   * Accounts for memory that content of the file is about to take.
   * @throws {DataFileError} if it is too much, in all or for the size of the file.
   */
  expand(bytes: number): void {
    if (this.#archive !== this) {
      this.#archive.expand(bytes);
      return;
    }
    this.#expandedBytes += bytes;
    const description = `expands from ${this.#storedBytes} bytes to ${this.#expandedBytes}`;
    this.check('expandedBytes', this.#expandedBytes, description);
    if (this.#expandedBytes <= freeBytes) return;
    const ratio = this.#expandedBytes / this.#storedBytes;
    this.check('expansion', ratio, `${description}, ${Math.floor(ratio)} times as many`);
  }
}
