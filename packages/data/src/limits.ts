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
