import { argumentError, checkOptions, escapeControls, isPlainObject } from '@thetagrad/core/backend';
import { codeOf, getFileSystem, reasonOf, type OpenFile } from './fileSystem.ts';
import { readRegularFile } from './readFile.ts';
import { replaceFile } from './writeFile.ts';

/** What a record of a log can hold. */
export type LogValue = string | number | boolean | null;

export interface OpenLogOptions {
  /** The names of the columns of a table with tabs (TSV), which every record must have. Default: none, lines of JSON (JSONL). */
  readonly columns?: readonly string[];
}

/** The largest log that is continued, in bytes. */
const maxBytes = 2 ** 30;

/** A log of records in a file, one line for each. */
export class RecordLog {
  readonly #file: OpenFile;
  readonly #columns: readonly string[] | undefined;
  /** The writes so far. */
  #written: Promise<void> = Promise.resolve();

  /** For {@link openLog}. */
  constructor(file: OpenFile, columns: readonly string[] | undefined) {
    this.#file = file;
    this.#columns = columns;
  }

  /**
   * Appends a record. Numbers that JSON cannot hold are the strings `NaN`, `Infinity` and `-Infinity`. After an error of the system
   * no further record is written.
   * @throws {TypeError} if it is not an object of strings, numbers, booleans and null.
   * @throws {RangeError} if it does not have the columns of the table, or a string in a table contains a tab or a line break.
   * @throws {Error} of the system if it cannot be written.
   */
  write(record: Readonly<Record<string, LogValue>>): Promise<void> {
    const line = this.#columns ? formatRow(this.#columns, record) : formatRecord(record);
    return this.#append(`${line}\n`);
  }

  /** Closes the file, after all records are written. */
  async close(): Promise<void> {
    await this.#written.catch(() => {});
    await this.#file.close();
  }

  #append(text: string): Promise<void> {
    this.#written = this.#written.then(() => this.#file.writeFile(new TextEncoder().encode(text)));
    return this.#written;
  }
}

/**
 * Opens a log of records, such as the losses of a training, one line for each. A file that exists is continued; a last line that a
 * killed process left incomplete is removed.
 * @throws {TypeError} if `columns` is not an array of strings.
 * @throws {RangeError} if a name of a column contains a tab or a line break, or the file is a table of other columns.
 * @throws {Error} naming the file, if it cannot be opened.
 */
export async function openLog(path: string, options: OpenLogOptions = {}): Promise<RecordLog> {
  checkOptions('openLog', options, ['columns']);
  const { columns } = options;
  if (columns !== undefined && !(Array.isArray(columns) && columns.every((name) => typeof name === 'string'))) {
    throw argumentError('openLog', 'columns', 'an array of strings', columns, false);
  }
  const header = columns && `${columns.map((name) => checkCell('openLog', name)).join('\t')}\n`;
  const old = await readLines(path);
  if (header !== undefined && old !== '' && !old.startsWith(header)) {
    const found = escapeControls(old.slice(0, old.indexOf('\n')).replaceAll('\t', ', '));
    throw new RangeError(`openLog: '${escapeControls(path)}' has other columns, ${found}; choose another file`);
  }
  let file: OpenFile | undefined;
  try {
    file = await getFileSystem().open(path, 'a');
    if (header !== undefined && old === '') await file.writeFile(new TextEncoder().encode(header));
    return new RecordLog(file, columns);
  } catch (error) {
    await file?.close().catch(() => {});
    throw new Error(`openLog: cannot open '${escapeControls(path)}': ${reasonOf(error)}`, { cause: error });
  }
}

/** The lines of a file that exists, after an incomplete last one has been removed. */
async function readLines(path: string): Promise<string> {
  let text: string;
  try {
    text = new TextDecoder().decode(await readRegularFile(path, maxBytes));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw new Error(`openLog: cannot read '${escapeControls(path)}': ${reasonOf(error)}`, { cause: error });
  }
  const lines = text.slice(0, text.lastIndexOf('\n') + 1);
  if (lines !== text) await replaceFile('openLog', path, new TextEncoder().encode(lines));
  return lines;
}

function checkRecord(record: unknown): asserts record is Readonly<Record<string, LogValue>> {
  if (!isPlainObject(record)) throw argumentError('RecordLog.write', 'the record', 'an object', record, false);
  for (const [name, value] of Object.entries(record)) {
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) continue;
    throw argumentError('RecordLog.write', escapeControls(name), 'a string, a number, a boolean or null', value, false);
  }
}

function formatRecord(record: Readonly<Record<string, LogValue>>): string {
  checkRecord(record);
  return JSON.stringify(record, (_name, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

function formatRow(columns: readonly string[], record: Readonly<Record<string, LogValue>>): string {
  checkRecord(record);
  const names = Object.keys(record);
  if (names.length !== columns.length || !columns.every((name) => Object.hasOwn(record, name))) {
    throw new RangeError(`RecordLog.write: expected the columns ${columns.join(', ')}, got ${names.join(', ')}`);
  }
  return columns.map((name) => checkCell('RecordLog.write', String(record[name] ?? ''))).join('\t');
}

/** @throws {RangeError} if a cell of a table contains what separates cells. */
function checkCell(operation: string, cell: string): string {
  if (!/[\t\r\n]/.test(cell)) return cell;
  throw new RangeError(`${operation}: '${escapeControls(cell)}' contains a tab or a line break, which separate cells`);
}
