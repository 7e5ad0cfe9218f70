// Builds and serves the page, and opens it in headless Chromium.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { build, preview, type InlineConfig, type Plugin } from 'vite';
import { launchOptions } from '../../test/browser/chromium.ts';
import type { Bench, Machine, Outcome, Request } from './settings.ts';

export interface BenchPage extends Bench {
  /** Name and version of the browser. */
  readonly browser: string;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL('page', import.meta.url));
const outDir = fileURLToPath(new URL('../../node_modules/.cache/bench-gpu', import.meta.url));
/** Isolates the page, whose clock then has a resolution of 5 µs. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

const config: InlineConfig = {
  root,
  base: './',
  configFile: false,
  logLevel: 'error',
  resolve: { conditions: ['@thetagrad/source', 'module', 'browser', 'production'] },
  plugins: [stubMissing('@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu', '@jax-js/jax')],
  build: { outDir, emptyOutDir: true, target: 'esnext', chunkSizeWarningLimit: Infinity },
  preview: { host: 'localhost', port: 0, headers },
};

/** Makes importing a missing package fail in the page as it does in Node. */
function stubMissing(...names: readonly string[]): Plugin {
  const { resolve } = createRequire(import.meta.url);
  const missing = names.filter((name) => {
    try {
      resolve(name);
      return false;
    } catch {
      return true;
    }
  });
  const error = `throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' });`;
  return {
    name: 'stub missing packages',
    enforce: 'pre',
    resolveId: (id) =>
      missing.some((name) => id === name || id.startsWith(`${name}/`)) ? `\0missing:${id}` : undefined,
    load: (id) => (id.startsWith('\0missing:') ? `${error}\nexport {};` : undefined),
  };
}

/**
 * Opens the page.
 *
 * @param flags Additional flags for Chromium.
 * @throws {Error} if there is no Chromium, or the page does not load.
 */
export async function openBenchPage(flags: readonly string[]): Promise<BenchPage> {
  const { args = [], ...launch } = launchOptions();
  await build(config);
  const server = await preview(config);
  const browser = await chromium.launch({ ...launch, args: [...args, '--js-flags=--expose-gc', ...flags] });
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  const crashed = new Promise<never>((_, reject) => {
    page.on('crash', () => reject(new Error('the page has crashed')));
  });
  crashed.catch(() => undefined);
  const close = async (): Promise<void> => {
    await browser.close();
    await server.close();
  };
  try {
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.waitForFunction(() => 'bench' in globalThis);
  } catch (error) {
    await close();
    throw new Error(`the page does not load: ${errors.join('; ') || (error as Error).message}`, { cause: error });
  }
  return {
    browser: `Chromium ${browser.version()}`,
    start: () => page.evaluate((): Promise<Machine> => bench.start()),
    measure: (request: Request) =>
      Promise.race([page.evaluate((request): Promise<Outcome> => bench.measure(request), request), crashed]),
    close,
  };
}
