// The page of equivalents has no hole: every name of the other libraries has a row, every row is true, and every operation of
// ours is in one.
import { readFileSync } from 'node:fs';
import { Tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { isFunction } from './docstrings.ts';
import { libraries, pageFile, readRows, renderPage, type Library } from './page.ts';

const rows = readRows();
const packages = ['core', 'func', 'ops', 'special', 'linalg', 'fft', 'conv', 'image', 'random', 'nn'] as const;
/** Packages all of whose functions are operations. */
const families = packages.filter((name) => name !== 'core' && name !== 'nn');

const modules = new Map(
  await Promise.all(
    packages.map(async (name) => [name, (await import(`@thetagrad/${name}`)) as Record<string, unknown>] as const),
  ),
);
const functionsOf = (name: string): string[] =>
  Object.entries(modules.get(name as (typeof packages)[number]) ?? {}).flatMap(([key, value]) =>
    isFunction(value) ? [key] : [],
  );

/** Whether a row's name, such as `sum`, `x.shape` or `random.normal`, is there. */
function exists(section: string, name: string): boolean {
  const module = modules.get(section as (typeof packages)[number]);
  const [first, second] = name.split('.') as [string, string?];
  if (second === undefined) return module !== undefined && first in module;
  if (first === 'x') return second in Tensor.prototype || ['shape', 'dtype'].includes(second);
  return second in ((module?.[first] ?? {}) as object);
}

test.for(Object.keys(libraries) as Library[])('every function of %s has one row', (library) => {
  const file = new URL(`names/${library}.txt`, import.meta.url);
  const names = readFileSync(file, 'utf8').trim().split('\n');
  const listed = rows.flatMap((row) => row[library]);
  const inNumpy = library === 'jax' ? rows.flatMap(({ numpy }) => numpy.map((name) => `numpy.${name}`)) : [];
  expect(names.filter((name) => !listed.includes(name) && !inNumpy.includes(name))).toEqual([]);
  expect(listed.filter((name, i) => listed.indexOf(name) !== i || !names.includes(name))).toEqual([]);
});

test('our names in the rows exist', () => {
  expect(rows.flatMap(({ section, ours }) => ours.filter((name) => !exists(section, name)))).toEqual([]);
});

test('what is absent has a reason', () => {
  expect(rows.filter(({ ours, note }) => ours.length === 0 && note === '')).toEqual([]);
});

test('the page is that of the rows', () => {
  expect(readFileSync(pageFile, 'utf8')).toBe(renderPage(rows));
});

describe.for(families)('%s', (name) => {
  const functions = functionsOf(name);

  test('every operation is in a row', () => {
    const listed = rows.filter(({ section }) => section === name).flatMap(({ ours }) => ours);
    expect(functions.filter((f) => !listed.includes(f))).toEqual([]);
  });
});
