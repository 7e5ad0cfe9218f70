import { argumentError, show, unknownValue } from '@thetagrad/core/backend';

/**
 * What a file may cost at most. A decoder compares these limits with what the file announces, before it takes memory
 * or time for it. Each is a positive integer, or Infinity for no limit.
 */
export interface Limits {
  /** Bytes of a file as it is stored. Default: 2 GiB. */
  readonly fileBytes: number;
  /**
   * Bytes that a file expands to: decompressed, in all entries of an archive, and in the decoders of their images.
   * Default: 1 GiB.
   */
  readonly expandedBytes: number;
  /** These bytes, divided by those that are stored. Up to 64 MiB, any ratio is accepted. Default: 200. */
  readonly expansion: number;
  /** Pixels of an image. Default: 2^26. */
  readonly pixels: number;
  /** Height and width of an image. Default: 65,535. */
  readonly side: number;
  /** Scans of a progressive JPEG image. Default: 32. */
  readonly scans: number;
  /** Entries of an archive or folder, and files in an image folder. Default: 2^20. */
  readonly entries: number;
  /** Bytes of all images of a data set, after resizing. Default: 4 GiB. */
  readonly datasetBytes: number;
}

/** Limits of all decoders, where their options do not say otherwise. */
export const defaultLimits: Limits = {
  fileBytes: 2 ** 31,
  expandedBytes: 2 ** 30,
  expansion: 200,
  pixels: 2 ** 26,
  side: 65_535,
  scans: 32,
  entries: 2 ** 20,
  datasetBytes: 2 ** 32,
};

/** Options of every decoder. */
export interface DecodeOptions {
  /** Name of the file in error messages. */
  readonly name?: string;
  /** What the file may cost at most. Default: {@link defaultLimits}, also for those that are left out. */
  readonly limits?: Partial<Limits>;
}

/**
 * Checks the names of options, and completes their limits.
 *
 * @param known Names of the options besides `limits`.
 * @throws {TypeError | RangeError} if an option or limit is unknown, or a limit is not a positive integer or Infinity.
 */
export function resolveLimits(
  operation: string,
  options: { readonly limits?: Partial<Limits> },
  known: readonly string[],
): Limits {
  checkNames(operation, 'options', 'option', options, [...known, 'limits']);
  const { limits = {} } = options;
  checkNames(operation, 'limits', 'limit', limits, Object.keys(defaultLimits));
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (value === Infinity || (Number.isInteger(value) && value >= 1)) continue;
    throw argumentError(operation, `limits.${name}`, 'a positive integer or Infinity', value);
  }
  return { ...defaultLimits, ...Object.fromEntries(given) };
}

function checkNames(operation: string, what: string, kind: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${operation}: ${what} must be an object, got ${show(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw unknownValue(operation, kind, name, known.join(', '));
  }
}
