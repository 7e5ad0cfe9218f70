/** A data file is missing, damaged, or not what it should be. The message begins with the file's name. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';
  /** The file, or the file within an archive. */
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.file = file;
  }
}

/** Runs a decoder of another library and turns whatever it throws into a `DataFileError`. */
export function decoding<T>(file: string, what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFileError(file, `cannot decode this ${what}, the file is damaged: ${reason}`, { cause });
  }
}
