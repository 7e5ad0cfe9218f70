// Kernels that gpu.js translates from JavaScript, for the modes cpu and webasm. They are made without its `GPU`, which keeps
// each kernel for good.
import type { Code } from '../code/command.ts';
import { floatsPerElement } from '../code/javascript.ts';
import { valueTypeOf } from '../code/writer.ts';
import { gpuJs, type HostKernel, type RunElements, type TranslatorSettings } from './gpujs.ts';
import type { CachedKernel } from './kernelCache.ts';
import type { KernelMemory, WasmMemory } from './wasmMemory.ts';

export type CpuMode = 'cpu' | 'webasm';

/** A compiled kernel that runs at once. */
export interface CpuKernel extends CachedKernel {
  /** @throws {Error} if there is not enough memory. */
  run(inputs: readonly Float32Array[]): Float32Array;
}

/** The sizes of the output in threads: of each row, if threads are in rows, and their number. */
export function outputOf({ output, width }: Code): number[] {
  const size = output.size * floatsPerElement(valueTypeOf(output.dtype));
  return width === undefined ? [size] : [width, size / width];
}

function settingsOf(code: Code, mode: CpuMode): TranslatorSettings {
  return {
    output: outputOf(code),
    precision: 'single',
    pipeline: true,
    immutable: true,
    argumentTypes: code.inputs.map(() => 'Array' as const),
    functions: code.helpers ?? [],
    canvas: {},
    context: {},
    onRequestFallback() {
      const reason = this.fallbackReason ? ` (${this.fallbackReason})` : '';
      throw new Error(`gpu.js does not run it in mode '${mode}'${reason}:\n${code.source}`);
    },
  };
}

/** The memory of a kernel without its code, and that of a character of source or a byte of WebAssembly: measured in Node. */
const kernelOverhead = { cpu: 4096, webasm: 16_384 };
const bytesPerCharacter = { cpu: 20, webasm: 8 };
const bytesPerCodeByte = 4;

/** JavaScript. */
export class JavaScriptKernel implements CpuKernel {
  readonly bytes: number;
  readonly #kernel: HostKernel;
  readonly #size: number;

  /** @param inputs Arrays of the sizes that the kernel will get. */
  constructor(code: Code, inputs: readonly Float32Array[]) {
    const settings = settingsOf(code, 'cpu');
    const kernel = new gpuJs.CPUKernel(code.source, settings);
    kernel.build(...inputs);
    this.#kernel = kernel;
    this.#size = settings.output.reduce((size, length) => size * length);
    this.bytes = kernelOverhead.cpu + bytesPerCharacter.cpu * kernel.kernelString.length;
  }

  run(inputs: readonly Float32Array[]): Float32Array {
    const result = this.#kernel.run(...inputs);
    if (result instanceof Float32Array) return result;
    const elements = new Float32Array(this.#size);
    result.forEach((row, y) => elements.set(row, y * row.length));
    return elements;
  }
}

interface Instance {
  readonly memory: WebAssembly.Memory;
  readonly run: RunElements;
  readonly runSimd: RunElements | null;
}

/** WebAssembly. In gpu.js each kernel has a memory of a MiB or more; these share one. */
export class WasmKernel extends gpuJs.WebAssemblyKernel implements CpuKernel {
  readonly bytes: number;
  readonly #memory: WasmMemory;
  #module!: WebAssembly.Module;
  #imports!: Readonly<Record<string, (...x: never[]) => number>>;
  #pages = 0;
  #codeBytes = 0;
  /** The positions of the inputs and the output in memory, in floats. */
  #offsets: readonly number[] = [];
  #outputOffset = 0;
  /** The module in the memory in which it ran last. */
  #instance: Instance | undefined;

  /** @param inputs Arrays of the sizes that the kernel will get. */
  constructor(code: Code, inputs: readonly Float32Array[], memory: WasmMemory) {
    super(code.source, settingsOf(code, 'webasm'));
    this.#memory = memory;
    this.build(...inputs);
    // Megabytes in all kernels together.
    this.functionBuilder = this.tracedFunctions = null;
    this.bytes =
      kernelOverhead.webasm + bytesPerCharacter.webasm * code.source.length + bytesPerCodeByte * this.#codeBytes;
  }

  override _instantiate(_key: string, inputs: readonly Float32Array[]): void {
    const layout = this.computeLayout(inputs);
    const { bytes, initial } = this._assembleModule(layout, this.#elements, false);
    this.#module = new WebAssembly.Module(bytes);
    this.#imports = Object.fromEntries([...this.usedMathImports].map((name) => [`math_${name}`, Math[name]]));
    this.#pages = initial;
    this.#codeBytes = bytes.length;
    this.#offsets = Object.values(layout.arrays).map(({ offset }) => offset / 4);
    this.#outputOffset = layout.outputOffset / 4;
  }

  run(inputs: readonly Float32Array[]): Float32Array {
    const kernelMemory = this.#memory.reserve(this.#pages);
    const { run, runSimd } = this.#instanceIn(kernelMemory);
    const { floats } = kernelMemory;
    inputs.forEach((input, i) => floats.set(input, this.#offsets[i]!));
    gpuJs.WebAssemblyKernel.dispatchSpans(run, runSimd, this.#elements, this.threadDim[0], 0);
    return floats.slice(this.#outputOffset, this.#outputOffset + this.#elements);
  }

  get #elements(): number {
    const [x, y, z] = this.threadDim;
    return x * y * z;
  }

  #instanceIn({ memory, isKept }: KernelMemory): Instance {
    if (this.#instance?.memory === memory) return this.#instance;
    const { exports } = new WebAssembly.Instance(this.#module, { env: { memory, ...this.#imports } });
    const { run, run_simd: runSimd = null } = exports as { run: RunElements; run_simd?: RunElements };
    const instance = { memory, run, runSimd };
    if (isKept) this.#instance = instance;
    return instance;
  }
}
