// Measures ours in Node in each mode of gpu.js, against plain kernels of gpu.js in the same mode.
import type { Tensor } from '@thetagrad/core';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import type * as GpuJs from 'gpu.js';
import { gpuJs } from '../../packages/gpu/src/device/gpujs.ts';
import { webGpuDriver } from '../../test/gpu/driver.ts';
import { sampleCalls } from '../sampleCalls.ts';
import type { Case, Inputs } from '../case.ts';
import type { Contender } from '../contender.ts';
import { pause } from '../measure.ts';
import { load, type Peer } from '../peers/peer.ts';
import type { Effort } from '../interleave.ts';
import { measure, Messages } from './measure.ts';
import type { Outcome } from './settings.ts';

/** An opened mode of the GPU backend. */
export interface OpenMode {
  readonly mode: GpuMode;
  readonly description: string;
  readonly measure: (benchmark: Case, effort: Effort) => Promise<Outcome>;
}

type Kernel = (...inputs: readonly unknown[]) => unknown;

const modes: readonly GpuMode[] = ['webgpu', 'webasm', 'cpu'];

/**
 * Opens the available modes.
 *
 * @param onMissing Receives the reason for each mode that is not available.
 */
export async function openModes(onMissing: (message: string) => void): Promise<readonly OpenMode[]> {
  await provideWebGpu().catch((error: Error) => onMissing(error.message));
  const library = (await load('gpu.js', import('gpu.js'))).default;
  const host = await wasm({ threads: 1 });
  const opened: OpenMode[] = [];
  for (const mode of modes) {
    try {
      const backend = await gpu({ mode });
      const wait = mode === 'webgpu' ? await createWait() : async (): Promise<void> => {};
      const peer = createPeer(library, mode, wait);
      opened.push({
        mode,
        description: backend.describe(),
        measure: (benchmark, effort) =>
          measure({ host, backend, wait, pause }, benchmark, async () => [peer], effort, new Messages()),
      });
    } catch (error) {
      onMissing(`${mode} does not start: ${(error as Error).message}`);
    }
  }
  return opened;
}

/** Defines the global `navigator.gpu` in Node, which gpu.js requires. */
async function provideWebGpu(): Promise<void> {
  Object.assign(process.env, webGpuDriver()?.env);
  const { create, globals } = await load('webgpu', import('webgpu'));
  Object.assign(globalThis, globals);
  const own = globalThis.navigator as Navigator | undefined;
  if (own?.gpu) return;
  const gpu = create([]);
  if (own) Object.defineProperty(own, 'gpu', { value: gpu });
  else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
}

/** Creates a function that waits for the submitted work of the device, which ours and gpu.js share. */
async function createWait(): Promise<() => Promise<void>> {
  const { device } = await gpuJs.WebGPUContext.acquire();
  return () => device.queue.onSubmittedWorkDone();
}

/** Creates the peer that runs plain kernels. On webgpu, inputs and results stay on the device. */
function createPeer(
  { GPU, Input }: Pick<typeof GpuJs, 'GPU' | 'Input'>,
  mode: GpuMode,
  wait: () => Promise<void>,
): Pick<Peer, 'name' | 'prepare'> {
  return {
    name: `gpu.js ${mode}, plain`,
    async prepare({ gpu }, inputs): Promise<Contender> {
      const { source, output, constants, arguments: names } = gpu!;
      const device = new GPU({ mode: mode as never });
      const pipeline = mode === 'webgpu';
      const create = (source: string, output: readonly number[], constants = {}): Kernel =>
        device.createKernel(source as never, {
          output: [...output],
          constants,
          pipeline,
          precision: 'single',
        }) as unknown as Kernel;
      const kernel = create(source, output, { ...constants });
      const own = await createInputs(inputs, Input, pipeline ? create : undefined);
      const call = async (): Promise<unknown> => {
        const result = await kernel(...names.map((name) => own[name]!));
        await wait();
        return result;
      };
      return {
        async results() {
          const result = await call();
          const rows = pipeline ? await (result as { toArray(): Promise<unknown> }).toArray() : result;
          return [{ shape: output.toReversed(), values: flatten(rows) }];
        },
        sample: (seconds) => sampleCalls(call, seconds),
        close: () => device.destroy(),
      };
    },
  };
}

/** Converts matrices to inputs of gpu.js: on a device, to the results of a kernel that copies. */
async function createInputs(
  inputs: Inputs<Tensor>,
  Input: typeof GpuJs.Input,
  create?: (source: string, output: readonly number[]) => Kernel,
): Promise<Inputs<unknown>> {
  const entries = Object.entries(inputs).map(async ([name, x]): Promise<[string, unknown]> => {
    const [rows, columns] = x.shape as [number, number];
    const matrix = new Input(x.dataSync() as unknown as number[], [columns, rows]);
    const copy = create?.('function (x) { return x[this.thread.y][this.thread.x]; }', [columns, rows]);
    return [name, copy ? await copy(matrix) : matrix];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Flattens a result to row-major order. */
function flatten(result: unknown): Float32Array {
  if (result instanceof Float32Array) return result;
  const rows = result as readonly Float32Array[];
  const values = new Float32Array(rows.length * rows[0]!.length);
  rows.forEach((row, i) => values.set(row, i * row.length));
  return values;
}
