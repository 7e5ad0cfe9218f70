import { Bytes } from './bytes.ts';
import { Code, declareLocals, localAt } from './code.ts';
import { Body, encodings, type FunctionRef, type Locals, type Results, type ValueType } from './value.ts';

export interface ModuleOptions {
  /** Imports `env.memory`, of at least `minimum` pages of 64 KiB. A shared memory requires a `maximum`. */
  readonly memory?: { readonly minimum: number; readonly maximum?: number; readonly shared: boolean };
  /** Imports `env.table`, a table of functions. */
  readonly table?: boolean;
}

interface Signature {
  readonly params: readonly ValueType[];
  readonly results: Results;
}

const section = { type: 1, import: 2, function: 3, export: 7, element: 9, code: 10 } as const;
const kind = { function: 0, table: 1, memory: 2 } as const;
const functionReference = 0x70;

/** Builds a module: imports first, then functions, then {@link toBytes}. */
export class ModuleBuilder {
  readonly #options: ModuleOptions;
  readonly #types: string[] = [];
  readonly #imports: { readonly module: string; readonly name: string; readonly type: number }[] = [];
  /** The body is missing while the function is being written, which may define others and call itself. */
  readonly #functions: { readonly type: number; body?: Bytes }[] = [];
  readonly #exports = new Map<string, number>();
  readonly #elements: { readonly first: number; readonly functions: readonly FunctionRef[] }[] = [];

  constructor(options: ModuleOptions = {}) {
    const { memory } = options;
    if (memory?.shared && memory.maximum === undefined) {
      throw new RangeError('assembler: a shared memory must have a maximum number of pages');
    }
    if (
      memory &&
      !(memory.minimum >= 0 && memory.minimum <= (memory.maximum ?? 65_536) && (memory.maximum ?? 0) <= 65_536)
    ) {
      throw new RangeError(
        `assembler: a memory must have 0 ≤ minimum ≤ maximum ≤ 65,536 pages, got ${memory.minimum} and ${memory.maximum}`,
      );
    }
    this.#options = options;
  }

  /** @throws {Error} if a function has been defined already, because imports are numbered first. */
  importFunction<const P extends readonly ValueType[], const R extends Results>(
    module: string,
    name: string,
    params: P,
    results: R,
  ): FunctionRef<P, R> {
    if (this.#functions.length > 0) {
      throw new Error(`assembler: ${module}.${name} is imported after functions were defined; import it before`);
    }
    const index = this.#imports.push({ module, name, type: this.#typeIndex({ params, results }) }) - 1;
    return { index, params, results };
  }

  /**
   * Defines a function, which `body` writes. A function with a result must return it on every path.
   * @throws {Error} if a function with a result never returns, or two exports have one name.
   */
  function<const P extends readonly ValueType[], const R extends Results>(
    params: P,
    results: R,
    body: (code: Code, ...params: Locals<P>) => void,
    options: { readonly export?: string } = {},
  ): FunctionRef<P, R> {
    const definition: { type: number; body?: Bytes } = { type: this.#typeIndex({ params, results }) };
    const index = this.#imports.length + this.#functions.push(definition) - 1;
    const instructions = new Body({
      memory: this.#options.memory !== undefined,
      table: this.#options.table === true,
      typeIndex: (of, to) => this.#typeIndex({ params: of, results: to }),
    });
    const code = new Code(instructions, params, results);
    body(code, ...(params.map((type, i) => localAt(i, type)) as unknown as Locals<P>));
    if (results.length > 0) {
      if (!code.returned) throw new Error(`assembler: a function with a result of type ${results[0]} never returns it`);
      // The validator requires that the end of the body is unreachable.
      code.trap();
    }
    const complete = new Body(instructions.surroundings);
    declareLocals(complete, code.locals.slice(params.length));
    complete.append(instructions);
    complete.byte(0x0b);
    definition.body = complete;
    const reference = { index, params, results };
    if (options.export !== undefined) this.export(options.export, reference);
    return reference;
  }

  export(name: string, { index }: FunctionRef): void {
    if (this.#exports.has(name)) throw new Error(`assembler: two exports have the name ${name}`);
    this.#exports.set(name, index);
  }

  /**
   * Puts functions into the table from index `first` on when the module is instantiated.
   * @throws {Error} if the module has no table.
   */
  elements(first: number, functions: readonly FunctionRef[]): void {
    if (!this.#options.table) {
      throw new Error('assembler: elements for a module without a table; give ModuleBuilder the option `table`');
    }
    this.#elements.push({ first, functions });
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const { memory, table } = this.#options;
    const imports: ((to: Bytes) => void)[] = [];
    if (memory) imports.push((to) => importMemory(to, memory));
    if (table) {
      imports.push((to) => {
        to.name('env');
        to.name('table');
        to.bytes([kind.table, functionReference, 0, 0]);
      });
    }
    for (const { module, name, type } of this.#imports) {
      imports.push((to) => {
        to.name(module);
        to.name(name);
        to.byte(kind.function);
        to.unsigned(type);
      });
    }
    const bytes = new Bytes();
    bytes.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const write = <T>(id: number, items: readonly T[], item: (to: Bytes, each: T) => void): void => {
      if (items.length === 0) return;
      const content = new Bytes();
      content.unsigned(items.length);
      for (const each of items) item(content, each);
      bytes.byte(id);
      bytes.sized(content);
    };
    write(section.type, this.#types, (to, type) => writeType(to, JSON.parse(type) as Signature));
    write(section.import, imports, (to, each) => each(to));
    write(section.function, this.#functions, (to, { type }) => to.unsigned(type));
    write(section.export, [...this.#exports], (to, [name, index]) => {
      to.name(name);
      to.byte(kind.function);
      to.unsigned(index);
    });
    write(section.element, this.#elements, (to, { first, functions }) => {
      // Table 0, from a constant index: i32.const first, end.
      to.bytes([0, 0x41]);
      to.signed32(first);
      to.byte(0x0b);
      to.unsigned(functions.length);
      for (const { index } of functions) to.unsigned(index);
    });
    write(section.code, this.#functions, (to, { body }) => {
      if (!body) throw new Error('assembler: toBytes while a function is being defined');
      to.sized(body);
    });
    return bytes.toArray();
  }

  #typeIndex(signature: Signature): number {
    const key = JSON.stringify({ params: signature.params, results: signature.results });
    const known = this.#types.indexOf(key);
    return known >= 0 ? known : this.#types.push(key) - 1;
  }
}

function importMemory(to: Bytes, { minimum, maximum, shared }: NonNullable<ModuleOptions['memory']>): void {
  to.name('env');
  to.name('memory');
  to.bytes([kind.memory, (maximum === undefined ? 0 : 1) + (shared ? 2 : 0)]);
  to.unsigned(minimum);
  if (maximum !== undefined) to.unsigned(maximum);
}

function writeType(to: Bytes, { params, results }: Signature): void {
  to.byte(0x60);
  for (const types of [params, results]) {
    to.unsigned(types.length);
    for (const type of types) to.byte(encodings[type]);
  }
}
