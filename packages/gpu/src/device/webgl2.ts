// The modes webgl2 and headlessgl: our own GLSL, in kernels of gpu.js. Memory is textures; programs are submitted at once, and
// run later.
import type { DType, TypedArray } from '@thetagrad/core/backend';
import { outOfRange, type Code, type Command, type IndexCheck, type Place } from '../code/code.ts';
import { glsl, type Language } from '../lower/language.ts';
import { lowerCheck } from '../lower/check.ts';
import { arrayOf, wordsOf } from './arrays.ts';
import type { Device, Memory } from './device.ts';
import { GlslKernel } from './glslKernel.ts';
import type { GlMode } from './glContext.ts';
import type { FragmentKernel } from './gpujs.ts';
import { Held } from './held.ts';
import { KernelCache } from './kernelCache.ts';
import { Pool, type Block } from './pool.ts';
import { elementsOf, isReadTight, readingOf, texturesOf, write, type Reading, type Texture } from './textures.ts';

/** So many evaluations may wait for the device before the next one does. */
const mostAhead = 8;
/** So many checks of indices may be unread. */
const mostChecks = 64;

type Resident = Held<Block<Texture>>;

/** What a check of indices has found, which is not known yet. */
interface Finding {
  readonly check: IndexCheck;
  readonly memory: Resident;
}

export class WebGl2Device implements Device {
  readonly mode: GlMode;
  readonly language: Language = glsl;
  readonly isSynchronous = true;
  readonly mostInputs: number;
  readonly #gl: WebGL2RenderingContext;
  readonly #owner: FragmentKernel;
  readonly #pool: Pool<Texture>;
  readonly #kernels = new KernelCache<GlslKernel>();
  readonly #checks = new WeakMap<IndexCheck, readonly Command[]>();
  #findings: Finding[] = [];
  /** Once it is known. */
  #isReadTight: boolean | undefined;
  #isTimed = false;
  /** Whether the running sequence has taken memory or kernels that the driver may refuse. */
  #isNew = false;
  #names: string[] = [];
  #outcome: Promise<Error> | undefined;
  #ahead = 0;

  /** @param owner A kernel of gpu.js on the context. */
  constructor(mode: GlMode, owner: FragmentKernel) {
    this.mode = mode;
    this.#owner = owner;
    const gl = (this.#gl = owner.context!);
    this.mostInputs = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS) as number;
    this.#pool = new Pool(texturesOf(gl));
  }

  get description(): string {
    const gl = this.#gl;
    const names = gl.getExtension('WEBGL_debug_renderer_info');
    return `gpu.js ${this.mode}: ${gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER) as string}`;
  }

  get bytes(): number {
    return this.#pool.bytes;
  }

  get bytesInUse(): number {
    return this.#pool.bytesInUse;
  }

  upload(values: TypedArray, dtype: DType): Memory {
    this.#checkUsable();
    const memory = this.#take(values.length, 'an upload');
    const words = wordsOf(values, dtype);
    if (words.length > 0) write(this.#gl, memory.content.piece, words);
    return memory;
  }

  begin(isTimed: boolean): void {
    this.#checkUsable();
    this.#isTimed = isTimed;
    this.#isNew = false;
    this.#names = [];
    if (isTimed) this.#gl.finish();
  }

  compute(code: Code, inputs: readonly Memory[], check: IndexCheck | undefined): Memory {
    if (check) this.#look(check, inputs[check.input] as Resident);
    const output = this.#run(code, inputs as readonly Resident[]);
    // Reading waits, which nothing else does in browsers.
    if (this.#isTimed) this.#readNow(output, 1);
    return output;
  }

  end(): void {
    const gl = this.#gl;
    gl.flush();
    this.#ahead++;
    // Asking for errors waits for the driver, and nothing but what is new can be refused.
    const error = this.#isNew ? gl.getError() : gl.NO_ERROR;
    this.#outcome = undefined;
    if (error === gl.NO_ERROR || error === gl.CONTEXT_LOST_WEBGL) return;
    this.#kernels.clear();
    const what = error === gl.OUT_OF_MEMORY ? 'is out of memory' : `reports an error (${error})`;
    const failure = new Error(`gpu: the device ${what} in an evaluation of the kernels ${this.#names.join(', ')}`);
    this.#outcome = Promise.resolve(failure);
  }

  outcome(): Promise<Error | undefined> | undefined {
    return this.#outcome;
  }

  free(memory: Memory): void {
    this.#pool.give((memory as Resident).free());
    this.#pool.trim();
  }

  async read(memory: Memory, dtype: DType, size: number): Promise<TypedArray> {
    this.#checkUsable();
    // The package `gl` has no reading that can be waited for.
    if (this.mode === 'headlessgl') return this.readSync(memory, dtype, size);
    const words = await this.#readLater(memory as Resident, size);
    this.#readFindings();
    return arrayOf(words, dtype);
  }

  readSync(memory: Memory, dtype: DType, size: number): TypedArray {
    this.#checkUsable();
    const words = this.#readNow(memory as Resident, size);
    this.#readFindings();
    return arrayOf(words, dtype);
  }

  yieldToCollector(): Promise<void> | undefined {
    this.#checkUsable();
    if (this.#ahead < mostAhead) return undefined;
    this.#ahead = 0;
    return this.#fence().catch(() => this.#checkUsable());
  }

  #run(code: Code, inputs: readonly Resident[]): Resident {
    this.#names.push(code.name);
    const textures = inputs.map(({ content }) => content.piece);
    const kernel = this.#kernels.get(code.source, () => {
      this.#isNew = true;
      return new GlslKernel(code, this.#gl);
    });
    const output = this.#take(code.output.size, `the kernel '${code.name}'`);
    kernel.submit(textures, output.content.piece);
    return output;
  }

  #take(size: number, user: string): Resident {
    const take = (): Resident => {
      const block = this.#pool.take(4 * size);
      return new Held(block, block.bytes);
    };
    let memory: Resident;
    try {
      memory = take();
    } catch (error) {
      if (error instanceof RangeError) throw error;
      // Once more, without what lies idle.
      this.#pool.discard([]);
      this.#pool.trim();
      try {
        memory = take();
      } catch {
        throw new Error(`gpu: the device is out of memory in ${user}, which takes ${4 * size} bytes more`);
      }
    }
    if (this.#pool.made().length > 0) this.#isNew = true;
    return memory;
  }

  /** Starts looking for indices out of range. */
  #look(check: IndexCheck, indices: Resident): void {
    let commands = this.#checks.get(check);
    if (!commands) this.#checks.set(check, (commands = lowerCheck(check)));
    const memory = new Map<Place, Resident>([[check.indices, indices]]);
    try {
      for (const { code, inputs, output } of commands) {
        memory.set(
          output,
          this.#run(
            code,
            inputs.map((input) => memory.get(input)!),
          ),
        );
      }
      const { output } = commands.at(-1)!;
      this.#findings.push({ check, memory: memory.get(output)! });
      memory.delete(output);
    } finally {
      memory.delete(check.indices);
      for (const one of memory.values()) this.free(one);
    }
    // Those were computed long ago.
    if (this.#findings.length > mostChecks) this.#readFindings();
  }

  /** Throws the first that was found. */
  #readFindings(): void {
    let failure: Error | undefined;
    for (const { check, memory } of this.#findings.splice(0)) {
      const [number, index] = new Int32Array(this.#readNow(memory, 2));
      this.free(memory);
      if (number! > 0) failure ??= outOfRange(check.operation, index!, check.axis, check.length);
    }
    if (failure) throw failure;
  }

  #readingOf(memory: Resident, size: number): Reading {
    const { piece } = memory.content;
    this.#isReadTight ??= isReadTight(this.#gl, piece);
    return readingOf(this.#gl, piece, size, this.#isReadTight);
  }

  #readNow(memory: Resident, size: number): ArrayBuffer {
    const reading = this.#readingOf(memory, size);
    const words = new Int32Array(reading.length);
    reading.into(words);
    this.#checkUsable();
    return elementsOf(words, reading.step, size).buffer;
  }

  async #readLater(memory: Resident, size: number): Promise<ArrayBuffer> {
    const gl = this.#gl;
    const reading = this.#readingOf(memory, size);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, 4 * reading.length, gl.STREAM_READ);
    reading.into(0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    const words = new Int32Array(reading.length);
    try {
      await this.#fence();
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, words);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    } finally {
      this.#checkUsable();
      gl.deleteBuffer(buffer);
    }
    return elementsOf(words, reading.step, size).buffer;
  }

  /** Settles when all that was submitted is done. */
  #fence(): Promise<void> {
    const gl = this.#gl;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!fence) return Promise.resolve();
    gl.flush();
    return this.#owner._pollFence(fence);
  }

  #checkUsable(): void {
    if (this.#gl.isContextLost()) {
      throw new Error('gpu: the device was lost, and all values on it; take a new one with setBackend(await gpu())');
    }
  }
}
