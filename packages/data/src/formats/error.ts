import { escapeControls } from '@thetagrad/core/backend';

/** Reports a data file that is missing, damaged, or of another format. The message begins with the name of the file. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';
  /** Name of the file, or of the file within an archive. */
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    // Names in archives may have control characters, which a terminal would obey.
    super(escapeControls(`${file}: ${problem}`), options);
    this.file = file;
  }
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
