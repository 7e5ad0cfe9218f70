// The Chromium that browser tests run in. Nothing is downloaded: it is the system's.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { LaunchOptions } from 'playwright';

/** The file that CHROMIUM names, or the first of the usual names that is on the PATH. */
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
 * How it is launched, for the pages of all backends.
 * @throws {Error} where there is none.
 */
export function launchOptions(): LaunchOptions {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    const { CHROMIUM } = process.env;
    throw new Error(
      `${CHROMIUM ? `CHROMIUM is ${CHROMIUM}, which cannot be run` : 'there is no Chromium on the PATH'}; the browser ` +
        'tests need one. On Debian: apt-get install chromium. Elsewhere set CHROMIUM to the path of a Chromium or Chrome.',
    );
  }
  // WebGPU is off in headless Chromium on Linux; with the flag it takes a software driver where there is no other.
  return { executablePath, args: ['--enable-unsafe-webgpu'] };
}
