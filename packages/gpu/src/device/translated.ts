// The modes in which gpu.js translates kernels from JavaScript and runs them at once: memory is arrays.
import type { DType, TypedArray, View } from '@thetagrad/core/backend';
import { outOfRange, type Code, type IndexCheck } from '../code/code.ts';
import { floatsPerElement } from '../code/javascript.ts';
import { valueTypeOf } from '../code/writer.ts';
import { javaScript, type Language } from '../lower/language.ts';
import type { Device, Memory } from './device.ts';
import { KernelCache } from './kernelCache.ts';
import { gpuJs, type Translator } from './gpujs.ts';
import { Held } from './held.ts';

type Kernel = ReturnType<Translator['createKernel']>;

/** float32 numbers as they are, int32 in halves, bool as 0 or 1. */
type Floats = Held<Float32Array>;

export type TranslatedMode = 'cpu' | 'webasm';

const kernelClasses = { cpu: gpuJs.CPUKernel, webasm: gpuJs.WebAssemblyKernel } as const;

const descriptions: Record<TranslatedMode, string> = {
  cpu: 'gpu.js cpu: JavaScript on one thread',
  webasm: 'gpu.js webasm: WebAssembly on one thread',
};

export class TranslatedDevice implements Device {
  readonly mode: TranslatedMode;
  readonly language: Language = javaScript;
  readonly isSynchronous = true;
  /** Its memory is the collector's. */
  readonly bytes = 0;
  readonly bytesInUse = 0;
  readonly #translator: Translator;
  readonly #kernels = new KernelCache<Kernel>();

  constructor(mode: TranslatedMode) {
    this.mode = mode;
    this.#translator = new gpuJs.GPU({ mode });
  }

  get description(): string {
    return descriptions[this.mode];
  }

  upload(values: TypedArray, dtype: DType): Memory {
    // Kernels take no empty arrays.
    const floats = new Float32Array(Math.max(1, values.length * floatsPerElement(valueTypeOf(dtype))));
    if (dtype === 'int32') {
      for (let i = 0; i < values.length; i++) {
        floats[2 * i] = values[i]! & 0xffff;
        floats[2 * i + 1] = values[i]! >> 16;
      }
    } else floats.set(values);
    return new Held(floats, 0);
  }

  begin(): void {}

  compute(code: Code, inputs: readonly Memory[], check: IndexCheck | undefined): Memory {
    const arrays = inputs.map((memory) => (memory as Floats).content);
    if (check) checkIndices(arrays[check.input]!, check);
    const kernel = this.#kernelFor(code, arrays);
    let result: Float32Array | Float32Array[];
    try {
      result = kernel(...arrays) as Float32Array | Float32Array[];
    } catch (cause) {
      throw new Error(`gpu: the kernel '${code.name}' failed: ${(cause as Error).message}`, { cause });
    }
    // gpu.js goes to JavaScript where a mode cannot do something, with no more than a warning.
    if (!(kernel.kernel instanceof kernelClasses[this.mode])) {
      throw new Error(
        `gpu: gpu.js does not run '${code.name}' in mode '${this.mode}'` +
          `${kernel.fallbackReason ? ` (${kernel.fallbackReason})` : ''}:\n${code.source}`,
      );
    }
    return new Held(flat(result, code.output.size), 0);
  }

  end(): void {}

  free(memory: Memory): void {
    (memory as Floats).free();
  }

  async read(memory: Memory, dtype: DType, size: number): Promise<TypedArray> {
    return this.readSync(memory, dtype, size);
  }

  readSync(memory: Memory, dtype: DType, size: number): TypedArray {
    const { content: values } = memory as Floats;
    if (dtype === 'float32') return values.slice(0, size);
    if (dtype === 'bool') return Uint8Array.from(values.subarray(0, size));
    return Int32Array.from({ length: size }, (_, i) => integerAt(values, i));
  }

  rest(): undefined {}

  #kernelFor(code: Code, arrays: readonly Float32Array[]): Kernel {
    const { source, output, inputs, width, helpers = [] } = code;
    const size = output.size * floatsPerElement(valueTypeOf(output.dtype));
    const shape = width === undefined ? [size] : [width, size / width];
    // Sizes are compiled into kernels.
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

/** The elements of a result, in rows or not. */
function flat(result: Float32Array | Float32Array[], size: number): Float32Array {
  if (result instanceof Float32Array) return result;
  const { buffer } = result[0]!;
  // Rows in WebAssembly are parts of one array.
  if (buffer.byteLength === 4 * size) return new Float32Array(buffer);
  const elements = new Float32Array(size);
  result.forEach((row, y) => elements.set(row, y * row.length));
  return elements;
}

function integerAt(values: Float32Array, i: number): number {
  return (values[2 * i + 1]! << 16) | values[2 * i]!;
}

/** Looks at indices before they are used: a kernel cannot throw. */
function checkIndices(values: Float32Array, { operation, axis, length, view }: IndexCheck): void {
  eachPlace(view, (place) => {
    const index = integerAt(values, place);
    if (index < -length || index >= length) throw outOfRange(operation, index, axis, length);
  });
}

function eachPlace({ shape, strides, offset }: View, visit: (place: number) => void, axis = 0): void {
  if (axis === shape.length) return visit(offset);
  for (let i = 0; i < shape[axis]!; i++) {
    eachPlace({ shape, strides, offset: offset + i * strides[axis]! }, visit, axis + 1);
  }
}
