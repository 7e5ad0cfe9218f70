// The device of webgpu: acquired through gpu.js, so that its kernels and ours share it, but with the limits of the adapter.
import { gpuJs, type DeviceContext } from './gpujs.ts';

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

/** @throws {Error} if there is no WebGPU, or no adapter. */
export async function findAdapter(): Promise<GPUAdapter> {
  const gpu = await provider();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new Error(
    'gpu: WebGPU is there, but no adapter: no GPU with a driver for Vulkan, Metal or Direct3D 12 was found',
  );
}

/**
 * The device that all kernels of gpu.js share, with the adapter's limits; where gpu.js has one already, that.
 * @throws {Error} if there is no WebGPU, or no adapter.
 */
export async function acquire(): Promise<DeviceContext> {
  const adapter = await findAdapter();
  // gpu.js asks for few limits: it is shown an adapter that gives more.
  const generous = {
    info: adapter.info,
    limits: adapter.limits,
    requestDevice: () =>
      adapter.requestDevice({
        requiredLimits: limitsOf(adapter),
        requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
      }),
  };
  return shownTo(generous, () => gpuJs.WebGPUContext.acquire());
}

/** What a device has where the adapter does. */
const features: readonly GPUFeatureName[] = ['timestamp-query'];

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

/** What f gives while `navigator.gpu` has this adapter: gpu.js asks there, as soon as it is called. */
function shownTo<Result>(adapter: object, f: () => Result): Result {
  const requestAdapter = async (): Promise<object> => adapter;
  if (globalThis.navigator?.gpu) return having(navigator.gpu, 'requestAdapter', requestAdapter, f);
  const gpu = { requestAdapter };
  return globalThis.navigator ? having(navigator, 'gpu', gpu, f) : having(globalThis, 'navigator', { gpu }, f);
}

/** What f gives while an object has a property of its own that it has not otherwise. */
function having<Result>(object: object, name: string, value: unknown, f: () => Result): Result {
  Object.defineProperty(object, name, { value, configurable: true });
  try {
    return f();
  } finally {
    Reflect.deleteProperty(object, name);
  }
}
