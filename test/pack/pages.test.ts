// The packages in a browser, without a build and with Vite's: pages are served from the folder that they are installed in.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { chromium, type Browser } from 'playwright';
import { build } from 'vite';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launchOptions } from '../browser/chromium.ts';

const consumer = inject('consumer');
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

const server = createServer(({ url }, response) => {
  try {
    const { pathname } = new URL(url!, 'http://localhost');
    const content = readFileSync(join(consumer, pathname));
    response.setHeader('Content-Type', types[extname(pathname)] ?? 'application/octet-stream').end(content);
  } catch {
    response.writeHead(404).end();
  }
});
let browser: Browser;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  browser = await chromium.launch(launchOptions());
});
afterAll(async () => {
  await browser.close();
  server.close();
});

/** What a page writes into its output. */
async function outputOf(path: string): Promise<string> {
  const page = await browser.newPage();
  try {
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/${path}`);
    const output = page.locator('output');
    await expect
      .poll(async () => [...errors.map(({ message }) => message), await output.textContent()].join(''), {
        timeout: 20_000,
      })
      .not.toBe('');
    expect(errors).toEqual([]);
    return (await output.textContent())!;
  } finally {
    await page.close();
  }
}

const documented = readFileSync(new URL('../../docs/browsers.md', import.meta.url), 'utf8');
const pages = [...documented.matchAll(/```html\n(.*?)```/gs)].map(([, html]) => html!);

test.each([
  ['WebAssembly', 0, /^∇f\(x\) = \[2, 4, 6\] on .*wasm/],
  ['a GPU', 1, /^∇f\(x\) = \[2, 4, 6\] on gpu\.js webgpu: .*; the fastest available mode$/],
])('the page in docs/browsers.md that computes on %s', async (_, index, expected) => {
  expect(pages).toHaveLength(2);
  writeFileSync(join(consumer, 'page.html'), pages[index]!);
  expect(await outputOf('page.html')).toMatch(expected);
});

test('the GPU backend in a page that Vite builds with nothing configured', async () => {
  const html = '<output></output><script type="module" src="/main.ts"></script>';
  // The strictest policy there is: neither WebAssembly nor code in strings.
  const policy = `<meta http-equiv="Content-Security-Policy" content="script-src 'self'">`;
  const root = join(consumer, 'vite');
  mkdirSync(root);
  writeFileSync(join(root, 'index.html'), `<!doctype html>${policy}${html}`);
  writeFileSync(
    join(root, 'main.ts'),
    `import { setBackend, tensor } from '@thetagrad/core';
     import { gpu } from '@thetagrad/gpu';
     const compute = async (mode: 'webgpu' | 'webgl2'): Promise<number> => {
       setBackend(await gpu({ mode }));
       return tensor([1, 2, 3]).square().sum().item();
     };
     const start = async (): Promise<string> => \`\${await compute('webgpu')} \${await compute('webgl2')}\`;
     void start().then((text) => { document.querySelector('output')!.textContent = text; });`,
  );
  await build({ root, base: './', configFile: false, logLevel: 'silent' });
  expect(await outputOf('vite/dist/index.html')).toBe('14 14');
});
