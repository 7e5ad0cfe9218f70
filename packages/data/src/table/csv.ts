import Papa from 'papaparse';
import { argumentError, isPlainObject, resolveLimits, show, unknownValue } from '@thetagrad/core/backend';
import { checkText, checkTexts } from '../checks.ts';
import { DataFileError } from '../formats/error.ts';
import { FileBudget } from '../formats/fileBudget.ts';
import { defaultLimits, type DecodeOptions } from '../limits.ts';
import { type Column, Table } from './table.ts';

/** Options of `parseCsv`. */
export interface CsvOptions extends DecodeOptions {
  /** Whether the first row has the names of the columns. Default: true; else they are '0', '1', … */
  readonly header?: boolean;
  /** Character between cells. Default: ','. */
  readonly delimiter?: string;
  /** Texts of a missing value, without spaces around them. Default: '', 'NA', 'NaN', and 'null'. */
  readonly missing?: readonly string[];
  /** What a column holds. Default: numbers if each cell that is not missing is one, and some are; else texts. */
  readonly types?: Readonly<Record<string, 'number' | 'string'>>;
}

const optionNames = ['name', 'header', 'delimiter', 'missing', 'types'] as const;

/**
 * Reads a CSV file (RFC 4180): cells may be quoted, with "" for a quote and line breaks inside; lines end in LF, CRLF or CR. Spaces
 * around numbers are ignored. Blank lines are left out. Messages count rows from 1, without that of the names.
 *
 * @param text Contents of the file.
 * @throws {DataFileError} if rows differ in length, a quote is not closed, names repeat, a cell of a column of numbers is
 *   none, or the file exceeds a limit (`entries` bounds its rows).
 * @throws {TypeError | RangeError} if an option is unknown or of the wrong kind.
 */
export function parseCsv(text: string, options: CsvOptions = {}): Table {
  const limits = resolveLimits('parseCsv', options, defaultLimits, optionNames);
  checkText('parseCsv', text);
  const {
    name = 'CSV data',
    header = true,
    delimiter = ',',
    missing = ['', 'NA', 'NaN', 'null'],
    types = {},
  } = options;
  checkText('parseCsv', name, 'name');
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    throw argumentError('parseCsv', 'delimiter', 'one character, no quote or line break', delimiter);
  }
  if (typeof header !== 'boolean') throw argumentError('parseCsv', 'header', 'true or false', header, false);
  checkTexts('parseCsv', missing, 'missing');
  if (!isPlainObject(types)) {
    throw argumentError('parseCsv', 'types', "an object of 'number' or 'string' by column", types, false);
  }
  const budget = new FileBudget(name, limits, text.length);
  const rows = parseRows(text.replace(/^\u{feff}/u, ''), { delimiter, header }, budget);
  const names = header ? (rows.shift() ?? []) : (rows[0] ?? []).map((_, at) => String(at));
  checkNames(names, name);
  for (const [column, type] of Object.entries(types)) {
    if (type !== 'number' && type !== 'string')
      throw unknownValue('parseCsv', `types.${column}`, type, 'number, string');
    if (!names.includes(column))
      throw new RangeError(`parseCsv: types names a column ${show(column)}; there are ${show(names)}`);
  }
  rows.forEach(({ length }, row) => {
    if (length === names.length) return;
    throw new DataFileError(name, `row ${row + 1} has ${length} cells, expected ${names.length}, one for each column`);
  });
  const isMissing = (cell: string): boolean => missing.includes(cell.trim());
  return new Table(
    names.map((column, at) => {
      const cells = rows.map((row) => row[at]!);
      return [
        column,
        toColumn(
          cells,
          Object.hasOwn(types, column) ? types[column] : undefined,
          isMissing,
          (row) => `${name}: row ${row + 1}, column ${show(column)}`,
        ),
      ] as const;
    }),
  );
}

function parseRows(
  text: string,
  { delimiter, header }: { readonly delimiter: string; readonly header: boolean },
  budget: FileBudget,
): string[][] {
  const rows: string[][] = [];
  const lines = joinLines(text, delimiter);
  if (lines === '') return rows;
  Papa.parse<string[]>(lines, {
    delimiter,
    newline: '\n',
    step: ({ data, errors: [error] }) => {
      if (error) {
        const row = header && rows.length === 0 ? 'the row of names' : `row ${rows.length + (header ? 0 : 1)}`;
        throw new DataFileError(budget.name, `${row}: ${error.message.toLowerCase()}`);
      }
      rows.push(data);
      budget.check('entries', rows.length, `has ${rows.length} rows or more`);
    },
  });
  return rows;
}

/** Makes each line end in LF, whatever it ends in, without blank lines; quoted cells stay as they are. */
function joinLines(text: string, delimiter: string): string {
  let isQuoted = false;
  let closing = -1;
  const opensCell = (at: number): boolean => at === 0 || `\r\n${delimiter}`.includes(text.charAt(at - 1));
  const lines = text.replaceAll(/"|[\r\n]+/g, (match, at: number) => {
    if (match !== '"') return isQuoted ? match : '\n';
    // A quote right after the one that closes a cell makes both a quote in it.
    if (!isQuoted) isQuoted = opensCell(at) || at === closing + 1;
    else [isQuoted, closing] = [false, at];
    return match;
  });
  return lines.replaceAll(/^\n|\n$/g, '');
}

function checkNames(names: readonly string[], file: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new DataFileError(file, `two columns are named ${show(name)}`);
    seen.add(name);
  }
}

const numberPattern = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)$/i;

function toColumn(
  cells: readonly string[],
  type: 'number' | 'string' | undefined,
  isMissing: (cell: string) => boolean,
  describe: (row: number) => string,
): Column {
  const wrong = cells.findIndex((cell) => !isMissing(cell) && !numberPattern.test(cell.trim()));
  if (type === 'number' && wrong >= 0)
    throw new DataFileError(describe(wrong), `${show(cells[wrong])} is not a number`);
  const isNumeric = type === undefined ? wrong < 0 && !cells.every(isMissing) : type === 'number';
  if (!isNumeric) return cells.map((cell) => (isMissing(cell) ? '' : cell));
  return Float64Array.from(cells, (cell) => (isMissing(cell) ? NaN : parseNumber(cell.trim())));
}

const parseNumber = (text: string): number =>
  /inf/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
