// The device of webgpu: acquired through gpu.js, so that its kernels and ours share it, but with all that the adapter has.
import { WebGPUContext, type DeviceContext } from './gpujs.ts';

/** Kept for the life of the process: Dawn ends with the object that `create` returns. */
let native: GPU | undefined;

/**
 * The browser's WebGPU, or in Node the one of the package `webgpu`.
 * @throws {Error} that says what to install.
 */
async function provider(): Promise<GPU> {
  const own = globalThis.navigator?.gpu as GPU | undefined;
  if (own) return own;
  if (native) return native;
  if (globalThis.process?.versions?.node === undefined) {
    throw new Error(
      `gpu: this browser has no WebGPU (navigator.gpu); pages must be served over https or from localhost`,
    );
  }
  // Not a literal, so that bundlers leave it to Node.
  const name = 'webgpu';
  let dawn: { create(options: readonly string[]): GPU; globals: object };
  try {
    dawn = (await import(/* @vite-ignore */ name)) as typeof dawn;
  } catch (cause) {
    throw new Error(`gpu: webgpu in Node needs the package 'webgpu': npm install webgpu`, { cause });
  }
  Object.assign(globalThis, dawn.globals);
  return (native = dawn.create([]));
}

/**
 * The device that all kernels of gpu.js share, with the adapter's features and limits; where gpu.js has one already, that.
 * @throws {Error} if there is no WebGPU, or no adapter.
 */
export async function acquire(): Promise<DeviceContext> {
  const gpu = await provider();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new Error(
      'gpu: WebGPU is there, but no adapter: no GPU with a driver for Vulkan, Metal or Direct3D 12 was found',
    );
  }
  // gpu.js asks for few limits: it is shown an adapter that gives more.
  const generous = {
    info: adapter.info,
    limits: adapter.limits,
    requestDevice: () =>
      adapter.requestDevice({
        requiredFeatures: [...adapter.features].filter((feature) => feature === 'timestamp-query') as GPUFeatureName[],
        requiredLimits: limitsOf(adapter),
      }),
  };
  return withNavigator({ ...gpuOf(gpu), requestAdapter: async () => generous }, () => WebGPUContext.acquire());
}

function gpuOf(gpu: GPU): object {
  return { wgslLanguageFeatures: gpu.wgslLanguageFeatures };
}

/** The limits that kernels may want raised. */
function limitsOf({ limits }: GPUAdapter): Record<string, number> {
  const names = [
    'maxStorageBuffersPerShaderStage',
    'maxStorageBufferBindingSize',
    'maxBufferSize',
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupsPerDimension',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, limits[name]]));
}

/** What f gives while `navigator.gpu` is this object; gpu.js looks there. */
async function withNavigator<Result>(gpu: object, f: () => Promise<Result>): Promise<Result> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const shown: object = Object.create(globalThis.navigator ?? null, { gpu: { value: gpu } }) as object;
  Object.defineProperty(globalThis, 'navigator', { value: shown, configurable: true, writable: true });
  try {
    return await f();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}
