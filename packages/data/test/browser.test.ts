import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('only the entry for Node uses Node', () => {
  const source = new URL('../src/', import.meta.url);
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const users = files.filter((file) =>
    /node:|\bBuffer\b|\bprocess\./.test(readFileSync(new URL(file, source), 'utf8')),
  );
  expect(users.sort()).toEqual(['files.ts', 'node.ts']);
  const importers = files.filter((file) =>
    /'\.+\/(?:files|node)\.ts'/.test(readFileSync(new URL(file, source), 'utf8')),
  );
  expect(importers).toEqual(['node.ts']);
});
