import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const source = new URL('../src/', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const textOf = (file: string): string => readFileSync(new URL(file, source), 'utf8');

test('nothing imports what only Node has', () => {
  const imported = files.flatMap((file) => [
    ...textOf(file).matchAll(/(?:\bfrom |\bimport\(|^import )'([\w@.:/-]+)'/gm),
  ]);
  const outside = imported.map(([, name]) => name!).filter((name) => !name.startsWith('.'));
  expect(new Set(outside)).toEqual(new Set(['@thetagrad/core', '@thetagrad/core/backend']));
});

test('what only Node has is asked for, not taken for granted', () => {
  for (const file of files) {
    expect([file, ...textOf(file).matchAll(/\bBuffer\.|(?<!globalThis\.)\bprocess\b[.?]/g)]).toEqual([file]);
  }
});
