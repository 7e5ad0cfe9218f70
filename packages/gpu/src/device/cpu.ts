// The modes webasm and cpu, in which gpu.js translates kernels from JavaScript and runs them at once on arrays.
import type { DType, TypedArray } from '@thetagrad/core/backend';
import { checkIndices, type Code, type IndexCheck } from '../code/command.ts';
import { floatsPerElement } from '../code/javascript.ts';
import { valueTypeOf } from '../code/writer.ts';
import { javaScript, type Language } from '../code/language.ts';
import type { Device, DeviceBuffer } from './device.ts';
import { JavaScriptKernel, outputOf, WasmKernel, type CpuKernel, type CpuMode } from './hostKernels.ts';
import { Handle } from './handle.ts';
import { KernelCache } from './kernelCache.ts';
import { WasmMemory } from './wasmMemory.ts';

/** float32 as it is, int32 as two halves, bool as 0 or 1. */
type FloatBuffer = Handle<Float32Array>;

const descriptions: Record<CpuMode, string> = {
  cpu: 'gpu.js cpu: JavaScript on one thread',
  webasm: 'gpu.js webasm: WebAssembly on one thread',
};

export class CpuDevice implements Device {
  readonly mode: CpuMode;
  readonly language: Language = javaScript;
  readonly isSynchronous = true;
  /** Its memory is garbage-collected. */
  readonly bytesAllocated = 0;
  readonly bytesInUse = 0;
  readonly #kernels: KernelCache<CpuKernel>;
  readonly #memory = new WasmMemory();

  constructor(mode: CpuMode, maxKernelBytes: number) {
    this.mode = mode;
    this.#kernels = new KernelCache(maxKernelBytes);
  }

  get kernelBytes(): number {
    return this.#kernels.bytes;
  }

  get description(): string {
    return descriptions[this.mode];
  }

  upload(values: TypedArray, dtype: DType): DeviceBuffer {
    // gpu.js rejects empty arrays.
    const floats = new Float32Array(Math.max(1, values.length * floatsPerElement(valueTypeOf(dtype))));
    if (dtype === 'int32') {
      for (let i = 0; i < values.length; i++) {
        floats[2 * i] = values[i]! & 0xffff;
        floats[2 * i + 1] = values[i]! >> 16;
      }
    } else floats.set(values);
    return new Handle(floats, 0);
  }

  begin(): void {}

  dispatch(code: Code, inputs: readonly DeviceBuffer[]): DeviceBuffer {
    const arrays = inputs.map((input) => (input as FloatBuffer).content);
    try {
      return new Handle(this.#kernelFor(code, arrays).run(arrays), 0);
    } catch (cause) {
      throw new Error(`gpu: the kernel '${code.name}' failed: ${(cause as Error).message}`, { cause });
    }
  }

  checkIndices(indices: DeviceBuffer, check: IndexCheck): void {
    const { content } = indices as FloatBuffer;
    checkIndices((position) => integerAt(content, position), check);
  }

  end(): void {}

  abort(): void {}

  free(buffer: DeviceBuffer): void {
    (buffer as FloatBuffer).free();
  }

  async read(buffer: DeviceBuffer, dtype: DType, size: number): Promise<TypedArray> {
    return this.readSync(buffer, dtype, size);
  }

  readSync(buffer: DeviceBuffer, dtype: DType, size: number): TypedArray {
    const { content: values } = buffer as FloatBuffer;
    if (dtype === 'float32') return values.slice(0, size);
    if (dtype === 'bool') return Uint8Array.from(values.subarray(0, size));
    return Int32Array.from({ length: size }, (_, i) => integerAt(values, i));
  }

  throttle(): undefined {}

  destroy(): void {
    this.#kernels.clear();
    this.#memory.free();
  }

  #kernelFor(code: Code, inputs: readonly Float32Array[]): CpuKernel {
    // gpu.js compiles the sizes of arrays into kernels.
    const key = `${outputOf(code).join()} ${inputs.map(({ length }) => length).join()} ${code.source}`;
    return this.#kernels.get(key, () =>
      this.mode === 'cpu' ? new JavaScriptKernel(code, inputs) : new WasmKernel(code, inputs, this.#memory),
    );
  }
}

function integerAt(values: Float32Array, i: number): number {
  return (values[2 * i + 1]! << 16) | values[2 * i]!;
}
