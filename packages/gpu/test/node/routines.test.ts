// A routine that core gains has to be lowered here, too. (It looks at files: not for browsers.)
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Primitive } from '@thetagrad/core/backend';
import { expect, test } from 'vitest';
import { routines } from '../../src/lower/index.ts';

const folder = fileURLToPath(new URL('../../../core/src/ops/', import.meta.url));

test('every routine of core has a kernel, and nothing else has', async () => {
  const names: string[] = [];
  for (const file of readdirSync(folder)) {
    const exported = (await import(/* @vite-ignore */ `${folder}${file}`)) as Readonly<Record<string, unknown>>;
    for (const value of Object.values(exported) as Partial<Primitive>[]) {
      if (value?.kind === 'routine') names.push(value.name!);
    }
  }
  expect(names).toContain('matmul');
  expect(Object.keys(routines).sort()).toEqual([...new Set(names)].sort());
});
