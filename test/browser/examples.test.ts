// Runs the page in docs/browsers.md on the sources.
import { expect, inject, test } from 'vitest';
import { commands } from 'vitest/browser';
import { openFrame } from './frames.ts';

test('the page without a build', async () => {
  const [, page] = /```html\n(.*?)```/s.exec(await commands.readFile('docs/browsers.md'))!;
  const frame = openFrame(
    page!.replaceAll(/\.\/node_modules\/@thetagrad\/([\w-]+)\/dist\/(index|backend)\.js/g, '/packages/$1/src/$2.ts'),
  );
  const output = (): string | undefined => frame.window.document.querySelector('output')?.textContent;
  await expect.poll(output, { timeout: 10_000 }).toMatch(/./);
  expect(output()).toContain('∇f(x) = [2, 4, 6]');
  expect(output()).toMatch(inject('isolated') ? /shared memory/ : /wasm: 1 thread; unshared memory/);
  frame.close();
});
