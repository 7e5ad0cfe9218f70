// Looks for the drivers that the packages `webgpu` and `gl` need. For the configuration of tests, which runs in Node.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The software Vulkan driver of Debian's chromium, which the loader does not find by itself. */
const softwareDriver = '/usr/lib/chromium/vk_swiftshader_icd.json';
const manifests = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d'];

export interface WebGpuDriver {
  /** The environment variables that the loader needs to find it. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The driver of this machine: on macOS and Windows the system's; elsewhere, if the Vulkan loader is installed, one that the
 * environment names, Debian's software driver, or the system's if there is a GPU. Manifests alone are no evidence, since the
 * loader's package depends on Mesa's.
 */
export function webGpuDriver(): WebGpuDriver | undefined {
  if (process.platform === 'darwin' || process.platform === 'win32') return { env: {} };
  if (!hasVulkanLoader()) return undefined;
  if (process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES']) return { env: {} };
  if (existsSync(softwareDriver)) return { env: { VK_ICD_FILENAMES: softwareDriver } };
  const hasGpu = hasEntry('/dev/dri', /^renderD\d+$/) || hasEntry('/dev', /^nvidia\d+$/);
  return hasGpu && manifests.some((folder) => hasEntry(folder, /\.json$/)) ? { env: {} } : undefined;
}

const hasEntry = (folder: string, name: RegExp): boolean =>
  existsSync(folder) && readdirSync(folder).some((entry) => name.test(entry));

/** Opens the loader as Dawn does. Node rejects it in any case, as it is not an add-on; the error says whether it was found. */
function hasVulkanLoader(): boolean {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
    return true;
  } catch (error) {
    return !/cannot open shared object file|No such file/.test((error as Error).message);
  }
}

/** Whether the package `gl`, which is not a dependency, is installed, and on Linux an X server is running. */
export function hasHeadlessGl(): boolean {
  try {
    createRequire(new URL('../../packages/gpu/package.json', import.meta.url)).resolve('gl');
  } catch {
    return false;
  }
  return process.platform !== 'linux' || process.env['DISPLAY'] !== undefined;
}
