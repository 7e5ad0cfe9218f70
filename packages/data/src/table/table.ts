import { type Tensor, tensor } from '@thetagrad/core';
import { argumentError, show, unknownValue } from '@thetagrad/core/backend';
import { areTexts, checkList, checkTexts } from '../checks.ts';

/** A column of a table: numbers, NaN where one is missing, or texts, '' where one is missing. */
export type Column = Float64Array | readonly string[];

/** Columns of one length with names, in memory. */
export class Table {
  /** Names of the columns, in order. */
  readonly names: readonly string[];
  /** Number of rows. */
  readonly rows: number;
  readonly #columns: ReadonlyMap<string, Column>;

  /**
   * @throws {TypeError} if a column is neither a Float64Array nor an array of strings.
   * @throws {RangeError} if columns differ in length, or two have the same name.
   */
  constructor(columns: Readonly<Record<string, Column>> | Iterable<readonly [name: string, column: Column]>) {
    if (typeof columns !== 'object' || columns === null) {
      throw argumentError('Table', 'columns', 'columns by name', columns, false);
    }
    const byName = new Map<string, Column>();
    for (const [name, column] of isIterable(columns) ? columns : Object.entries(columns)) {
      if (!(column instanceof Float64Array) && !areTexts(column)) {
        throw argumentError('Table', `column ${show(name)}`, 'a Float64Array or an array of strings', column, false);
      }
      if (byName.has(name)) throw new RangeError(`Table: two columns are named ${show(name)}`);
      byName.set(name, column);
    }
    this.#columns = byName;
    this.names = [...byName.keys()];
    this.rows = this.#columns.get(this.names[0] ?? '')?.length ?? 0;
    for (const [name, { length }] of this.#columns) {
      if (length === this.rows) continue;
      throw new RangeError(
        `Table: column ${show(name)} has ${length} rows, column ${show(this.names[0])} ${this.rows}`,
      );
    }
  }

  /**
   * A column by its name.
   * @throws {RangeError} if there is none of that name.
   */
  column(name: string): Column {
    const column = this.#columns.get(name);
    if (column === undefined) throw new RangeError(`column: no column ${show(name)}; there are ${show(this.names)}`);
    return column;
  }

  /**
   * Columns of numbers as a tensor of shape [rows, columns]. Default: all columns of numbers, of dtype float32.
   *
   * @throws {RangeError} if there is no such column, or none of numbers.
   * @throws {TypeError} if a column has texts, which `categories` numbers, or an argument is of the wrong kind.
   */
  tensor(names?: readonly string[], dtype: 'float32' | 'float64' = 'float32'): Tensor {
    if (names !== undefined) checkTexts('tensor', names, 'names');
    if (dtype !== 'float32' && dtype !== 'float64') throw unknownValue('tensor', 'dtype', dtype, 'float32, float64');
    const chosen = names ?? this.names.filter((name) => this.column(name) instanceof Float64Array);
    if (chosen.length === 0) throw new RangeError('tensor: the table has no columns of numbers');
    const columns = chosen.map((name) => {
      const column = this.column(name);
      if (column instanceof Float64Array) return column;
      throw new TypeError(`tensor: column ${show(name)} has texts; number them by table.categories(${show(name)})`);
    });
    const values = new (dtype === 'float32' ? Float32Array : Float64Array)(this.rows * columns.length);
    columns.forEach((column, at) => {
      for (let row = 0; row < this.rows; row++) values[row * columns.length + at] = column[row]!;
    });
    return tensor(values, { shape: [this.rows, columns.length] });
  }

  /**
   * A column as labels, int32 of shape [rows], from 0 to the number of classes − 1, and the class of each label: the distinct values
   * in order, numbers by value and texts by code units.
   *
   * @throws {RangeError} if there is no such column, or a number is missing.
   */
  categories(name: string): { readonly label: Tensor; readonly classNames: readonly string[] } {
    const column = this.column(name);
    const missing = column.findIndex((value: number | string) => Number.isNaN(value));
    if (missing >= 0) throw new RangeError(`categories: column ${show(name)} has no number in row ${missing}`);
    const distinct =
      column instanceof Float64Array
        ? Array.from(new Set(column)).toSorted((a, b) => a - b)
        : [...new Set(column)].toSorted();
    const labels = new Map<number | string, number>(distinct.map((value, label) => [value, label]));
    const label = Int32Array.from({ length: this.rows }, (_, row) => labels.get(column[row]!)!);
    return { label: tensor(label), classNames: distinct.map(String) };
  }

  /**
   * The rows at the given indices, in that order, with repeats.
   * @throws {TypeError} if the indices are not an array.
   * @throws {RangeError} if an index is out of range.
   */
  subset(indices: ArrayLike<number>): Table {
    checkList('subset', indices, 'indices');
    for (const index of Array.from(indices)) {
      if (!Number.isInteger(index) || index < 0 || index >= this.rows) {
        throw argumentError('subset', 'indices', `integers from 0 to ${this.rows - 1}`, index);
      }
    }
    const select = (column: Column): Column =>
      column instanceof Float64Array
        ? Float64Array.from(indices, (index) => column[index]!)
        : Array.from(indices, (index) => column[index]!);
    return new Table(Array.from(this.#columns, ([name, column]) => [name, select(column)] as const));
  }
}

const isIterable = (value: object): value is Iterable<never> => Symbol.iterator in value;
