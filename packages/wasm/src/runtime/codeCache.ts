import { ModuleBuilder } from '../assembler/index.ts';
import type { KernelCode } from '../command.ts';
import { tableSize, type ThreadPool } from '../threads/pool.ts';

/** The functions in the table, by key. The table's size is fixed: when it is full, all functions are dropped. */
export class CodeCache {
  /** Incremented when functions are dropped: indices of an older generation are invalid. */
  generation = 0;
  readonly #pool: ThreadPool;
  readonly #shared: boolean;
  readonly #imported: WebAssembly.ModuleImports;
  readonly #indices = new Map<string, number>();

  /** @param imported The JavaScript functions that host-only kernel functions call. */
  constructor(pool: ThreadPool, shared: boolean, imported: WebAssembly.ModuleImports) {
    this.#pool = pool;
    this.#shared = shared;
    this.#imported = imported;
  }

  /**
   * The table indices of these functions, by key. Missing ones are assembled into one module.
   * @throws {RangeError} if there are more than the table holds.
   */
  indicesOf(functions: readonly KernelCode[]): ReadonlyMap<string, number> {
    const wanted = new Map(functions.map((each) => [each.key, each]));
    if (wanted.size >= tableSize) {
      throw new RangeError(`wasm: a plan needs ${wanted.size} different functions, at most ${tableSize - 1} fit`);
    }
    const isMissing = ({ key }: KernelCode): boolean => !this.#indices.has(key);
    let missing = [...wanted.values()].filter(isMissing);
    if (1 + this.#indices.size + missing.length > tableSize) {
      this.#indices.clear();
      this.#pool.forget();
      this.generation++;
      missing = [...wanted.values()];
    }
    const isAlone = ({ alone, hostOnly }: KernelCode): boolean => alone === true || hostOnly === true;
    const common = missing.filter((each) => !isAlone(each));
    if (common.length > 0) this.#link(common, (bytes) => this.#pool.load(bytes));
    for (const each of missing.filter(isAlone)) {
      this.#link([each], (bytes) =>
        each.hostOnly ? this.#pool.loadHere(bytes, this.#imported) : this.#pool.load(bytes),
      );
    }
    return this.#indices;
  }

  /** Assembles and loads a module that puts these functions at the next indices of the table. */
  #link(functions: readonly KernelCode[], load: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    const module = new ModuleBuilder({ memory: { minimum: 1, maximum: 65_536, shared: this.#shared }, table: true });
    const first = 1 + this.#indices.size;
    module.elements(
      first,
      functions.map((each) => each.assemble(module)),
    );
    load(module.toBytes());
    functions.forEach(({ key }, i) => this.#indices.set(key, first + i));
  }
}
