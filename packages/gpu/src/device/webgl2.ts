// The modes webgl2 and headlessgl: generated GLSL, in kernels of gpu.js, on textures. Each command is submitted at once, and
// runs later.
import type { DType, TypedArray } from '@thetagrad/core/backend';
import type { Code, Layers } from '../code/command.ts';
import { glsl, glslInNode, type Language } from '../code/language.ts';
import { deviceLostError, listKernels, type Device, type DeviceBuffer } from './device.ts';
import type { GlMode } from './glContext.ts';
import { GlslKernel } from './glslKernel.ts';
import type { FragmentKernel } from './gpujs.ts';
import { Handle } from './handle.ts';
import { KernelCache } from './kernelCache.ts';
import { Pool, type Block } from './pool.ts';
import {
  bytesPerElement,
  canReadOneChannel,
  firstChannel,
  textureAllocator,
  textureReader,
  writeTexture,
  type Texture,
  type TextureReader,
} from './textures.ts';
import { fromWords, toWords } from './words.ts';

/** The number of evaluations that may be pending before the next one waits for the device. */
const maxPending = 8;

type PooledTexture = Handle<Block<Texture>>;

export class WebGl2Device implements Device {
  readonly mode: GlMode;
  readonly language: Language;
  readonly isSynchronous = true;
  readonly maxInputs: number;
  readonly #gl: WebGL2RenderingContext;
  readonly #owner: FragmentKernel;
  readonly #pool: Pool<Texture>;
  readonly #kernels: KernelCache<GlslKernel>;
  /** The number of channels to read; undefined until the driver was asked. */
  #channels: 1 | 4 | undefined;
  #isTimed = false;
  /** Whether the sequence has created memory or kernels, which the driver may refuse. */
  #hasCreated = false;
  /** The names of the commands in the sequence. */
  #names: string[] = [];
  #pending = 0;

  /** @param owner A kernel of gpu.js on the context. */
  constructor(
    mode: GlMode,
    owner: FragmentKernel,
    maxKernelBytes: number,
    language: Language = mode === 'webgl2' ? glsl : glslInNode,
  ) {
    this.mode = mode;
    this.language = language;
    this.#kernels = new KernelCache(maxKernelBytes);
    this.#owner = owner;
    const gl = (this.#gl = owner.context!);
    this.maxInputs = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS) as number;
    this.#pool = new Pool(textureAllocator(gl));
  }

  get description(): string {
    const gl = this.#gl;
    const names = gl.getExtension('WEBGL_debug_renderer_info');
    return `gpu.js ${this.mode}: ${gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER) as string}`;
  }

  get bytesAllocated(): number {
    return this.#pool.bytesAllocated;
  }

  get bytesInUse(): number {
    return this.#pool.bytesInUse;
  }

  get kernelBytes(): number {
    return this.#kernels.bytes;
  }

  get failure(): Error | undefined {
    return this.#gl.isContextLost() ? deviceLostError() : undefined;
  }

  upload(values: TypedArray, dtype: DType): DeviceBuffer {
    this.#checkUsable();
    const buffer = this.#allocate(values.length, 'an upload');
    const words = toWords(values, dtype);
    if (words.length > 0) writeTexture(this.#gl, buffer.content.resource, words);
    return buffer;
  }

  begin(isTimed: boolean): void {
    this.#checkUsable();
    this.#isTimed = isTimed;
    this.#hasCreated = false;
    this.#pool.takeCreated();
    this.#names = [];
    if (isTimed) this.#gl.finish();
  }

  dispatch(code: Code, inputs: readonly DeviceBuffer[]): DeviceBuffer {
    const output = this.#submit(code, inputs as readonly PooledTexture[]);
    // Only reading waits for the device: `gl.finish` does not in browsers.
    if (this.#isTimed) this.#readWordsSync(output, 1);
    return output;
  }

  end(): void {
    const gl = this.#gl;
    gl.flush();
    this.#pending++;
    // `getError` waits for the driver, and only new memory and kernels can be refused.
    const error = this.#hasCreated ? gl.getError() : gl.NO_ERROR;
    if (error === gl.NO_ERROR || error === gl.CONTEXT_LOST_WEBGL) {
      this.#hasCreated = false;
      return;
    }
    const what = error === gl.OUT_OF_MEMORY ? 'is out of memory' : `reports an error (${error})`;
    throw new Error(`gpu: the device ${what} in an evaluation of the kernels ${listKernels(this.#names)}`);
  }

  abort(): void {
    if (!this.#hasCreated) return;
    this.#kernels.clear();
    // Forgets the error of commands that were submitted.
    this.#gl.getError();
  }

  free(buffer: DeviceBuffer): void {
    this.#pool.free((buffer as PooledTexture).free());
    this.#pool.trim();
  }

  async read(buffer: DeviceBuffer, dtype: DType, size: number): Promise<TypedArray> {
    this.#checkUsable();
    // The package `gl` lacks asynchronous reads.
    if (this.mode === 'headlessgl') return this.readSync(buffer, dtype, size);
    return fromWords(await this.#readWords(buffer as PooledTexture, size), dtype);
  }

  readSync(buffer: DeviceBuffer, dtype: DType, size: number): TypedArray {
    this.#checkUsable();
    return fromWords(this.#readWordsSync(buffer as PooledTexture, size), dtype);
  }

  throttle(): Promise<void> | undefined {
    this.#checkUsable();
    if (this.#pending < maxPending) return undefined;
    this.#pending = 0;
    return this.#fence().catch(() => this.#checkUsable());
  }

  destroy(): void {
    this.#pool.destroy();
    this.#kernels.clear();
  }

  #submit(code: Code, inputs: readonly PooledTexture[]): PooledTexture {
    this.#names.push(code.name);
    const textures = inputs.map(({ content }) => content.resource);
    const kernel = this.#kernels.get(code.source, () => {
      this.#hasCreated = true;
      return new GlslKernel(code, this.#gl);
    });
    const { size, layers } = code.output;
    const output = this.#allocate(size, `the kernel '${code.name}'`, layers);
    kernel.submit(textures, output.content.resource);
    return output;
  }

  /** @param user What the memory is for, for the error. */
  #allocate(size: number, user: string, layers?: Layers): PooledTexture {
    const bytes = size * bytesPerElement(layers);
    const allocate = (): PooledTexture => {
      const block = this.#pool.allocate(bytes, layers);
      return new Handle(block, block.bytes);
    };
    let buffer: PooledTexture;
    try {
      buffer = allocate();
    } catch (error) {
      if (error instanceof RangeError) throw error;
      // Frees idle memory and tries again.
      this.#pool.discard([]);
      this.#pool.trim();
      try {
        buffer = allocate();
      } catch {
        throw new Error(`gpu: the device is out of memory in ${user}, which takes ${bytes} bytes more`);
      }
    }
    this.#hasCreated ||= this.#pool.hasCreated;
    return buffer;
  }

  #readerOf(buffer: PooledTexture, size: number): TextureReader {
    const { resource: texture, layers } = buffer.content;
    if (layers) return textureReader(this.#gl, texture, size, 4);
    this.#channels ??= canReadOneChannel(this.#gl, texture) ? 1 : 4;
    return textureReader(this.#gl, texture, size, this.#channels);
  }

  #readWordsSync(buffer: PooledTexture, size: number): ArrayBuffer {
    const reader = this.#readerOf(buffer, size);
    const words = new Int32Array(reader.length);
    // On Mesa's llvmpipe, reading does not always wait for commands that were submitted before.
    if (this.mode === 'headlessgl') this.#gl.finish();
    reader.readInto(words);
    this.#checkUsable();
    return firstChannel(words, reader.channels, size).buffer;
  }

  async #readWords(buffer: PooledTexture, size: number): Promise<ArrayBuffer> {
    const gl = this.#gl;
    const reader = this.#readerOf(buffer, size);
    const pixels = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, pixels);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, 4 * reader.length, gl.STREAM_READ);
    reader.readInto(0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    const words = new Int32Array(reader.length);
    try {
      await this.#fence();
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, pixels);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, words);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    } finally {
      this.#checkUsable();
      gl.deleteBuffer(pixels);
    }
    return firstChannel(words, reader.channels, size).buffer;
  }

  /** Settles when all submitted work is done. */
  #fence(): Promise<void> {
    const gl = this.#gl;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!fence) return Promise.resolve();
    gl.flush();
    return this.#owner._pollFence(fence);
  }

  /** @throws {Error} if the context is lost. */
  #checkUsable(): void {
    const { failure } = this;
    if (failure) throw failure;
  }
}
