import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the main entry uses no Node', () => {
  const entry = new URL('../src/index.ts', import.meta.url);
  const sources = new Map<string, string>();
  const visit = (url: URL): void => {
    if (sources.has(url.href)) return;
    const source = readFileSync(url, 'utf8');
    sources.set(url.href, source);
    for (const [, path] of source.matchAll(/^(?:import|export|\}) .*from '(\.[^']+)';$/gm)) visit(new URL(path!, url));
  };
  visit(entry);
  expect(sources.size).toBeGreaterThan(30);
  const users = [...sources].filter(([, source]) => /node:|\bBuffer\b|\bprocess\./.test(source));
  expect(users.map(([path]) => path)).toEqual([]);
});
