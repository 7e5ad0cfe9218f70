// Installs Debian's Chromium where there is none, and what loads its Vulkan driver in Node, for machines that run checks: as
// root, with apt-get.
import { execSync } from 'node:child_process';
import { findChromium, launchOptions } from './chromium.ts';

if (findChromium() === undefined && process.getuid?.() === 0) {
  console.log('Installing Chromium for the browser tests.');
  try {
    const packages = 'chromium libvulkan1';
    execSync(`apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes ${packages}`, { stdio: 'pipe' });
  } catch (error) {
    console.error((error as Error).message);
  }
}
launchOptions();
