// Finds the system's Chromium for browser tests. Downloads nothing.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { LaunchOptions } from 'playwright';

/** The executable that CHROMIUM names, or the first one on the PATH with a common name. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const files = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return (CHROMIUM ? [CHROMIUM] : files).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The options to launch Chromium with, for the pages of all backends.
 * @param wide whether V8 pairs vectors into wider ones.
 * @throws {Error} if no Chromium is found.
 */
export function launchOptions({ wide = false }: { readonly wide?: boolean } = {}): LaunchOptions {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    const { CHROMIUM } = process.env;
    throw new Error(
      `${CHROMIUM ? `CHROMIUM is ${CHROMIUM}, which is not executable` : 'there is no Chromium on the PATH'}; the browser ` +
        'tests need one. On Debian: apt-get install chromium. Elsewhere set CHROMIUM to the path of a Chromium or Chrome.',
    );
  }
  // Headless Chromium on Linux disables WebGPU by default. With the flag it falls back to a software driver.
  return { executablePath, args: ['--enable-unsafe-webgpu', ...(wide ? ['--js-flags=--wasm-revectorize'] : [])] };
}
