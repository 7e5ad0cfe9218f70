// Acquires the WebGPU device through gpu.js, whose kernels share it, but with the limits of the adapter.
import { gpuJs, type DeviceContext } from './gpujs.ts';

/** Kept for the life of the process, since Dawn shuts down when the object that `create` returns is collected. */
let dawnGpu: GPU | undefined;

/**
 * The browser's WebGPU, or in Node that of the package `webgpu`.
 * @throws {Error} that says what to install.
 */
async function findGpu(): Promise<GPU> {
  const browserGpu = globalThis.navigator?.gpu as GPU | undefined;
  if (browserGpu) return browserGpu;
  if (dawnGpu) return dawnGpu;
  if (globalThis.process?.versions?.node === undefined) {
    throw new Error(
      `gpu: this browser has no WebGPU (navigator.gpu); pages must be served over https or from localhost`,
    );
  }
  // A variable, so that bundlers leave the import to Node.
  const name = 'webgpu';
  let dawn: { create(options: readonly string[]): GPU; globals: object };
  try {
    dawn = (await import(/* @vite-ignore */ name)) as typeof dawn;
  } catch (cause) {
    throw new Error(`gpu: webgpu in Node needs the package 'webgpu': npm install webgpu`, { cause });
  }
  Object.assign(globalThis, dawn.globals);
  return (dawnGpu = dawn.create([]));
}

/** @throws {Error} if there is no WebGPU, or no adapter. */
export async function findAdapter(): Promise<GPUAdapter> {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new Error(
    'gpu: WebGPU is available, but finds no adapter: no GPU with a driver for Vulkan, Metal or Direct3D 12',
  );
}

/**
 * Acquires the device that all kernels of gpu.js share, with the adapter's limits if gpu.js has no device yet.
 * @throws {Error} if there is no WebGPU, or no adapter.
 */
export async function acquireDevice(): Promise<DeviceContext> {
  const adapter = await findAdapter();
  // gpu.js requests few limits, so it gets an adapter whose devices have more.
  const wrapper = {
    info: adapter.info,
    limits: adapter.limits,
    requestDevice: () =>
      adapter.requestDevice({
        requiredLimits: limitsOf(adapter),
        requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
      }),
  };
  return withAdapter(wrapper, () => gpuJs.WebGPUContext.acquire());
}

/** Features that a device has if the adapter does. */
const features: readonly GPUFeatureName[] = ['subgroups', 'timestamp-query'];

/** The limits that devices raise to those of the adapter. */
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

/** Calls `f` while `navigator.gpu` gives this adapter, which gpu.js requests synchronously. */
function withAdapter<Result>(adapter: object, f: () => Result): Result {
  const requestAdapter = async (): Promise<object> => adapter;
  if (globalThis.navigator?.gpu) return withProperty(navigator.gpu, 'requestAdapter', requestAdapter, f);
  const gpu = { requestAdapter };
  return globalThis.navigator
    ? withProperty(navigator, 'gpu', gpu, f)
    : withProperty(globalThis, 'navigator', { gpu }, f);
}

/** Calls `f` while an object has an own property that it lacks otherwise. */
function withProperty<Result>(object: object, name: string, value: unknown, f: () => Result): Result {
  Object.defineProperty(object, name, { value, configurable: true });
  try {
    return f();
  } finally {
    Reflect.deleteProperty(object, name);
  }
}
