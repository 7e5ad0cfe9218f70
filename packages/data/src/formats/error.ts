import { argumentError, escapeControls, typedArrayType } from '@thetagrad/core/backend';

/**
 * Reports a data file that is missing, damaged, or of another format. The message begins with the name of the file,
 * shortened beyond 200 characters.
 */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';
  /** Name of the file, or of the file within an archive, in full. */
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    // Names in archives may have control characters, which a terminal would obey, and any length.
    super(escapeControls(`${shorten(file)}: ${shorten(problem, 1000)}`), options);
    this.file = file;
  }
}

/** A text of which the middle is left out if it is longer than `max` characters. Default: 200, for names. */
export function shorten(text: string, max = 200): string {
  return text.length <= max ? text : `${text.slice(0, max / 2)}…${text.slice(-max / 2)}`;
}

/** @throws {TypeError} if the contents of a file are not a Uint8Array. */
export function checkBytes(operation: string, bytes: Uint8Array): void {
  if (typedArrayType(bytes) !== 'Uint8Array') throw argumentError(operation, 'bytes', 'a Uint8Array', bytes, false);
}

/** Message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs a decoder of another library and turns whatever it throws into a `DataFileError`. */
export function runDecoder<T>(file: string, what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    const problem = `cannot decode this ${what}, the file is damaged: ${messageOf(cause)}`;
    throw new DataFileError(file, problem, { cause });
  }
}
