// The modes webasm and cpu, in which gpu.js translates kernels from JavaScript and runs them at once on arrays.
import { indexError, positions, type DType, type TypedArray } from '@thetagrad/core/backend';
import type { Code, IndexCheck } from '../code/command.ts';
import { floatsPerElement } from '../code/javascript.ts';
import { valueTypeOf } from '../code/writer.ts';
import { javaScript, type Language } from '../code/language.ts';
import type { Device, DeviceBuffer } from './device.ts';
import { gpuJs, type Translator } from './gpujs.ts';
import { Handle } from './handle.ts';
import { KernelCache } from './kernelCache.ts';

type Kernel = ReturnType<Translator['createKernel']>;

/** float32 as it is, int32 as two halves, bool as 0 or 1. */
type FloatBuffer = Handle<Float32Array>;

export type CpuMode = 'cpu' | 'webasm';

const kernelClasses = { cpu: gpuJs.CPUKernel, webasm: gpuJs.WebAssemblyKernel } as const;

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
  readonly #translator: Translator;
  readonly #kernels = new KernelCache<Kernel>();

  constructor(mode: CpuMode) {
    this.mode = mode;
    this.#translator = new gpuJs.GPU({ mode });
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

  dispatch(code: Code, inputs: readonly DeviceBuffer[], check: IndexCheck | undefined): DeviceBuffer {
    const arrays = inputs.map((input) => (input as FloatBuffer).content);
    if (check) checkIndices(arrays[check.input]!, check);
    const kernel = this.#kernelFor(code, arrays);
    let result: Float32Array | Float32Array[];
    try {
      result = kernel(...arrays) as Float32Array | Float32Array[];
    } catch (cause) {
      throw new Error(`gpu: the kernel '${code.name}' failed: ${(cause as Error).message}`, { cause });
    }
    // gpu.js falls back to JavaScript where a mode lacks something, and only warns.
    if (!(kernel.kernel instanceof kernelClasses[this.mode])) {
      throw new Error(
        `gpu: gpu.js does not run '${code.name}' in mode '${this.mode}'` +
          `${kernel.fallbackReason ? ` (${kernel.fallbackReason})` : ''}:\n${code.source}`,
      );
    }
    return new Handle(flatten(result, code.output.size), 0);
  }

  end(): void {}

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

  #kernelFor(code: Code, arrays: readonly Float32Array[]): Kernel {
    const { source, output, inputs, width, helpers = [] } = code;
    const size = output.size * floatsPerElement(valueTypeOf(output.dtype));
    const shape = width === undefined ? [size] : [width, size / width];
    // gpu.js compiles the sizes of arrays into kernels.
    const key = `${shape.join()} ${arrays.map(({ length }) => length).join()} ${source}`;
    return this.#kernels.get(key, () =>
      this.#translator.createKernel(source, {
        output: shape,
        precision: 'single',
        pipeline: true,
        immutable: true,
        argumentTypes: inputs.map(() => 'Array' as const),
        functions: helpers,
      }),
    );
  }
}

/** The elements of a result, which may be in rows. */
function flatten(result: Float32Array | Float32Array[], size: number): Float32Array {
  if (result instanceof Float32Array) return result;
  const { buffer } = result[0]!;
  // In WebAssembly, rows are views of one array.
  if (buffer.byteLength === 4 * size) return new Float32Array(buffer);
  const elements = new Float32Array(size);
  result.forEach((row, y) => elements.set(row, y * row.length));
  return elements;
}

function integerAt(values: Float32Array, i: number): number {
  return (values[2 * i + 1]! << 16) | values[2 * i]!;
}

/** Checks indices before they are used, since kernels cannot throw. */
function checkIndices(values: Float32Array, { operation, axis, length, view }: IndexCheck): void {
  for (const position of positions(view)) {
    const index = integerAt(values, position);
    if (index < -length || index >= length) throw indexError(operation, index, length, axis);
  }
}
