// Whether the packages `webgpu` and `gl` find a driver on this machine. For the configuration of tests, which runs in Node.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Debian's chromium brings a driver for Vulkan in software, which the loader does not know of. */
const software = '/usr/lib/chromium/vk_swiftshader_icd.json';
const manifests = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d'];

export interface WebGpuDriver {
  /** What must be in the environment for it to be found. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The driver there is: on macOS and Windows the system's; elsewhere one for Vulkan, if its loader is installed: one that the
 * environment names, Debian's in software, or one of the system if there is a GPU as well. Manifests alone say little, as
 * the loader's package brings those of Mesa along.
 */
export function webGpuDriver(): WebGpuDriver | undefined {
  if (process.platform === 'darwin' || process.platform === 'win32') return { env: {} };
  if (!hasVulkanLoader()) return undefined;
  if (process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES']) return { env: {} };
  if (existsSync(software)) return { env: { VK_ICD_FILENAMES: software } };
  const hasGpu = has('/dev/dri', /^renderD\d+$/) || has('/dev', /^nvidia\d+$/);
  return hasGpu && manifests.some((folder) => has(folder, /\.json$/)) ? { env: {} } : undefined;
}

const has = (folder: string, name: RegExp): boolean =>
  existsSync(folder) && readdirSync(folder).some((entry) => name.test(entry));

/** Opens it as Dawn will. Node refuses it in any case, as it is no add-on: what matters is whether it was found. */
function hasVulkanLoader(): boolean {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
    return true;
  } catch (error) {
    return !/cannot open shared object file|No such file/.test((error as Error).message);
  }
}

/** Whether the package `gl`, which is never installed along, is there, and on Linux an X server that it needs. */
export function hasHeadlessGl(): boolean {
  try {
    createRequire(new URL('../../packages/gpu/package.json', import.meta.url)).resolve('gl');
  } catch {
    return false;
  }
  return process.platform !== 'linux' || process.env['DISPLAY'] !== undefined;
}
