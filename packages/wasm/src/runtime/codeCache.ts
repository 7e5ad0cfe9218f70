import type { KernelCode } from '../command.ts';
import { kernelModule } from '../emit/kernelModule.ts';
import type { ThreadPool } from '../threads/pool.ts';

/** The total size of modules, in bytes, beyond which those that were not used for longest are dropped. */
const defaultMaxBytes = 4 * 2 ** 20;
/** What the engine keeps for each module besides its code. */
const overheadBytes = 16 * 2 ** 10;

/** Drops modules down to this fraction of the bound, so that the search for the oldest is rare. */
const keptFraction = 7 / 8;

/** A module whose functions are in the table. */
export interface LinkedModule {
  readonly keys: readonly string[];
  readonly indices: readonly number[];
  readonly bytes: number;
  readonly module: WebAssembly.Module;
  /** Whether its functions are still in the table. */
  isLoaded: boolean;
  lastUse: number;
}

/** Where functions are in the table. */
export interface LinkedFunctions {
  readonly indexOf: (code: KernelCode) => number;
  /** The modules that they are in. */
  readonly modules: readonly LinkedModule[];
}

/**
 * The functions in the table, by key. Modules that have not been used for longest are dropped when all together exceed a
 * bound, except for those that the current plan needs. Engines free a module as a whole, so it is dropped as a whole.
 */
export class CodeCache {
  readonly #pool: ThreadPool;
  readonly #shared: boolean;
  readonly #maxBytes: number;
  readonly #functions = new Map<string, { readonly index: number; readonly linked: LinkedModule }>();
  readonly #modules = new Set<LinkedModule>();
  /** Empty entries of the table below `#extent`. Entry 0 stays empty. */
  readonly #free: number[] = [];
  #extent = 1;
  #bytes = 0;
  #uses = 0;
  #droppedBytes = 0;

  constructor(pool: ThreadPool, shared: boolean, maxBytes: number = defaultMaxBytes) {
    this.#pool = pool;
    this.#shared = shared;
    this.#maxBytes = maxBytes;
  }

  /** Dropped since the last call, in bytes. */
  takeDroppedBytes(): number {
    const bytes = this.#droppedBytes;
    this.#droppedBytes = 0;
    return bytes;
  }

  /** Marks modules as used; false if any has been dropped. */
  use(modules: readonly LinkedModule[]): boolean {
    const now = ++this.#uses;
    let areLoaded = true;
    for (const linked of modules) {
      linked.lastUse = now;
      areLoaded &&= linked.isLoaded;
    }
    return areLoaded;
  }

  /** Finds functions in the table. Missing ones are assembled, into one module. */
  link(functions: readonly KernelCode[]): LinkedFunctions {
    const wanted = new Map(functions.map((each) => [each.key, each]));
    const modules = new Set<LinkedModule>();
    const missing: KernelCode[] = [];
    for (const each of wanted.values()) {
      const known = this.#functions.get(each.key);
      if (known) modules.add(known.linked);
      else missing.push(each);
    }
    // Keeps them from being dropped for the new ones.
    this.use([...modules]);
    const isAlone = ({ alone, hostFunctions }: KernelCode): boolean => alone === true || hostFunctions !== undefined;
    const common = missing.filter((each) => !isAlone(each));
    const groups = [...(common.length > 0 ? [common] : []), ...missing.filter(isAlone).map((each) => [each])];
    for (const group of groups) modules.add(this.#link(group));
    return { indexOf: ({ key }) => this.#functions.get(key)!.index, modules: [...modules] };
  }

  /** Assembles and loads a module of these functions. */
  #link(functions: readonly KernelCode[]): LinkedModule {
    const indices = functions.map(() => this.#free.pop() ?? this.#extent++);
    try {
      const module = kernelModule(this.#shared);
      functions.forEach((each, i) => module.export(String(indices[i]), each.assemble(module)));
      const code = module.toBytes();
      const bytes = code.length + overheadBytes;
      if (this.#bytes + bytes > this.#maxBytes) this.#drop(keptFraction * this.#maxBytes - bytes);
      const linked: LinkedModule = {
        keys: functions.map(({ key }) => key),
        indices,
        bytes,
        module: this.#pool.load(code, functions[0]!.hostFunctions),
        isLoaded: true,
        lastUse: this.#uses,
      };
      this.#modules.add(linked);
      this.#bytes += bytes;
      functions.forEach(({ key }, i) => this.#functions.set(key, { index: indices[i]!, linked }));
      return linked;
    } catch (error) {
      for (const index of indices) this.#free.push(index);
      throw error;
    }
  }

  /** Drops the modules that were not used for longest, until the others take at most `maxBytes`. */
  #drop(maxBytes: number): void {
    const oldestFirst = [...this.#modules].sort((a, b) => a.lastUse - b.lastUse);
    for (const linked of oldestFirst) {
      if (this.#bytes <= maxBytes || linked.lastUse === this.#uses) return;
      this.#pool.unload(linked.module, linked.indices);
      linked.isLoaded = false;
      this.#modules.delete(linked);
      this.#bytes -= linked.bytes;
      this.#droppedBytes += linked.bytes;
      for (const index of linked.indices) this.#free.push(index);
      for (const key of linked.keys) this.#functions.delete(key);
    }
  }
}
