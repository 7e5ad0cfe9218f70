// Installs Debian's Chromium if there is none, and the Vulkan loader for its driver, on machines that run the checks. Needs
// root and apt-get.
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
