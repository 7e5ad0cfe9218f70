import { zeros } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCsv } from '../src/table/csv.ts';
import { Table } from '../src/table/table.ts';

const iris = 'length,width,species\n5.1,3.5,setosa\n7.0, NA ,"versi""color"\r\n\n6.3,-1e-3,"two\nlines, here"\n';

test('reads numbers, texts, missing values, quotes and line breaks', async () => {
  const table = parseCsv(iris);
  expect(table.names).toEqual(['length', 'width', 'species']);
  expect(table.rows).toBe(3);
  expect(table.column('length')).toEqual(Float64Array.of(5.1, 7, 6.3));
  expect(table.column('width')).toEqual(Float64Array.of(3.5, NaN, -0.001));
  expect(table.column('species')).toEqual(['setosa', 'versi"color', 'two\nlines, here']);
  expect(table.tensor().shape).toEqual([3, 2]);
  expect(await table.tensor(['width', 'length'], 'float64').data()).toEqual(
    Float64Array.of(3.5, 5.1, NaN, 7, -0.001, 6.3),
  );
  const { label, classNames } = table.categories('species');
  expect(await label.data()).toEqual(Int32Array.of(0, 2, 1));
  expect(classNames).toEqual(['setosa', 'two\nlines, here', 'versi"color']);
  expect(table.subset([2, 0, 2]).column('length')).toEqual(Float64Array.of(6.3, 5.1, 6.3));
});

test('options', () => {
  const table = parseCsv('1;x\n?;2', { header: false, delimiter: ';', missing: ['?'] });
  expect(table.names).toEqual(['0', '1']);
  expect(table.column('0')).toEqual(Float64Array.of(1, NaN));
  expect(table.column('1')).toEqual(['x', '2']);
  expect(parseCsv('id\n007', { types: { id: 'string' } }).column('id')).toEqual(['007']);
  expect(parseCsv('\u{feff}a\n-inf\n', {}).column('a')).toEqual(Float64Array.of(-Infinity));
  expect(parseCsv('a,b').rows).toBe(0);
  expect(parseCsv('').names).toEqual([]);
  expect(parseCsv('\n').names).toEqual([]);
  expect(parseCsv('constructor\n1').column('constructor')).toEqual(Float64Array.of(1));
  // A quoted cell without text is a missing value; a line without cells is none.
  expect(parseCsv('a\n""\n\n1').column('a')).toEqual(Float64Array.of(NaN, 1));
});

test.for(['a,b\r\n1,x\n2,y\n', '\na,b\n1,x\r\n\r\n2,y', 'a,b\r1,x\r2,y\r', '"a","b"\r\n"1",x\r\n"2","y"'])(
  'ends of lines %j',
  (text) => {
    const table = parseCsv(text);
    expect(table.names.map((name) => table.column(name))).toEqual([Float64Array.of(1, 2), ['x', 'y']]);
  },
);

test('reads what was written', () => {
  const cell = fc.string().filter((text) => text !== '');
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const text = ['a,b', ...rows.map((row) => row.map(quote).join(','))].join('\r\n');
      const table = parseCsv(text, { types: { a: 'string', b: 'string' }, missing: [] });
      expect([table.column('a'), table.column('b')]).toEqual([rows.map(([a]) => a), rows.map(([, b]) => b)]);
    }),
  );
});

describe('refuses', () => {
  const table = parseCsv(iris);
  test.for<[string, () => unknown, string]>([
    ['a short row', () => parseCsv('a,b\n1', { name: 'x.csv' }), 'x.csv: row 1 has 1 cells, expected 2'],
    ['an open quote', () => parseCsv('a\n"1'), 'CSV data: row 1: quoted field unterminated'],
    ['an open quote in a name', () => parseCsv('a,"b\n1'), 'CSV data: the row of names: quoted field unterminated'],
    ['a name twice', () => parseCsv('a,a\n1,2'), "two columns are named 'a'"],
    [
      'a text among numbers',
      () => parseCsv('a\n1\nx', { types: { a: 'number' } }),
      "CSV data: row 2, column 'a': 'x' is not a number",
    ],
    [
      'too many rows',
      () => parseCsv('a\n1\n2', { limits: { entries: 2 } }),
      'has 3 rows or more, above the limit of 2',
    ],
    ['a type', () => parseCsv('a\n1', { types: { a: 'int' as never } }), `types.a`],
    [
      'a type of no column',
      () => parseCsv('a\n1', { types: { b: 'number' } }),
      "parseCsv: types names a column 'b'; there are ['a']",
    ],
    ['a delimiter', () => parseCsv('a', { delimiter: '' }), 'delimiter must be one character'],
    ['an option', () => parseCsv('a', { headers: true } as never), 'header'],
    ['a flag', () => parseCsv('a', { header: 1 as never }), 'header must be true or false'],
    [
      'a missing value',
      () => parseCsv('a', { missing: 'NA' as never }),
      "missing must be an array of strings, got 'NA'",
    ],
    ['types', () => parseCsv('a', { types: null as never }), 'parseCsv: types must be an object of'],
    ['a name of a file', () => parseCsv('a', { name: 5 as never }), 'parseCsv: name must be a string, got 5'],
    ['bytes', () => parseCsv(Uint8Array.of(1) as never), 'text must be a string'],
    ['no column', () => table.column('x'), "column: no column 'x'; there are ['length', 'width', 'species']"],
    [
      'texts as numbers',
      () => table.tensor(['species']),
      "tensor: column 'species' has texts; number them by table.categories('species')",
    ],
    ['a missing category', () => table.categories('width'), "categories: column 'width' has no number in row 1"],
    ['an index', () => table.subset([3]), 'subset: indices must be integers from 0 to 2, got 3'],
    ['names', () => table.tensor('width' as never), "tensor: names must be an array of strings, got 'width'"],
    ['a dtype', () => table.tensor(['width'], 'int32' as never), "tensor: unknown dtype 'int32'"],
    [
      'a tensor of indices',
      () => table.subset(zeros([1]) as never),
      'subset: indices must be an array or a typed array',
    ],
    [
      'a list of numbers',
      () => new Table({ a: [1] as never }),
      "Table: column 'a' must be a Float64Array or an array of",
    ],
    ['columns', () => new Table('a' as never), "Table: columns must be columns by name, got 'a'"],
    [
      'a column twice',
      () =>
        new Table([
          ['a', []],
          ['a', []],
        ]),
      "Table: two columns are named 'a'",
    ],
    ['lengths', () => new Table({ a: ['x'], b: [] }), "Table: column 'b' has 0 rows, column 'a' 1"],
  ])('%s', ([, call, message]) => {
    expect(call).toThrow(message);
  });
});
