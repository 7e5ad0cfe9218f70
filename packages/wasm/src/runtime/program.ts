// From commands to what the threads run: functions in the table, a list of commands and their argument blocks in memory.
import { FreeList, type Kernel, type Plan } from '@thetagrad/core/backend';
import { ModuleBuilder, type FunctionRef } from '../assembler/index.ts';
import { padded, type Heap } from './heap.ts';
import { tableSlots, type Pool } from '../threads/pool.ts';
import type { Command, Features, KernelCode, Lower, Temporary, Word } from '../command.ts';
import { listed } from '../threads/runtimeModule.ts';

/** The functions in the table, by their keys. It has a bound: when it is full, all are forgotten. */
export class CodeCache {
  /** Of the slots that it gave: those of an older generation are void. */
  generation = 0;
  readonly #pool: Pool;
  readonly #features: Features;
  readonly #shared: boolean;
  readonly #imported: WebAssembly.ModuleImports;
  readonly #slots = new Map<string, number>();

  /** `imported` are the JavaScript functions that host-only codes call. */
  constructor(pool: Pool, features: Features, shared: boolean, imported: WebAssembly.ModuleImports) {
    this.#pool = pool;
    this.#features = features;
    this.#shared = shared;
    this.#imported = imported;
  }

  /**
   * The slots of all these functions; those that are missing are assembled into one module.
   * @throws {RangeError} if there are more than the table holds.
   */
  slotsOf(codes: readonly KernelCode[]): ReadonlyMap<string, number> {
    const wanted = new Map(codes.map((code) => [code.key, code]));
    if (wanted.size >= tableSlots) {
      throw new RangeError(`wasm: a plan needs ${wanted.size} different functions, at most ${tableSlots - 1} fit`);
    }
    const isMissing = ({ key }: KernelCode): boolean => !this.#slots.has(key);
    let missing = [...wanted.values()].filter(isMissing);
    if (1 + this.#slots.size + missing.length > tableSlots) {
      this.#slots.clear();
      this.#pool.forget();
      this.generation++;
      missing = [...wanted.values()];
    }
    const isAlone = ({ alone, hostOnly }: KernelCode): boolean => alone === true || hostOnly === true;
    const common = missing.filter((code) => !isAlone(code));
    if (common.length > 0) this.#link(common, (bytes) => this.#pool.load(bytes));
    for (const code of missing.filter(isAlone)) {
      this.#link([code], (bytes) =>
        code.hostOnly ? this.#pool.loadHere(bytes, this.#imported) : this.#pool.load(bytes),
      );
    }
    return this.#slots;
  }

  /** Loads a module that puts these functions into the next slots. */
  #link(codes: readonly KernelCode[], load: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    const module = new ModuleBuilder({ memory: { minimum: 1, maximum: 65_536, shared: this.#shared }, table: true });
    const first = 1 + this.#slots.size;
    const functions = codes.map((code): FunctionRef => code.assemble(module, this.#features));
    module.elements(first, functions);
    load(module.toBytes());
    codes.forEach(({ key }, i) => this.#slots.set(key, first + i));
  }
}

/** Words that hold addresses relative to one base, which may move between runs. */
class Relocation {
  readonly #words: number[] = [];
  readonly #offsets: number[] = [];
  #base = 0;

  add(address: number, offset: number): void {
    this.#words.push(address >>> 2);
    this.#offsets.push(offset);
  }

  apply(heap: Heap, base: number): void {
    if (base === this.#base) return;
    this.#base = base;
    const { words } = heap;
    this.#words.forEach((word, i) => (words[word] = base + this.#offsets[i]!));
  }
}

/** A kernel and its commands, as numbers in the program's list; without them if the host runs it. */
export interface Part {
  readonly kernel: Kernel;
  readonly first: number;
  readonly count: number;
  readonly onHost: boolean;
}

/** A plan that is ready to run, once its addresses are set. */
export class Program {
  readonly parts: readonly Part[];
  /** How much memory it needs during a run: the plan's arena, then its temporaries. */
  readonly regionBytes: number;
  /** For each thread. */
  readonly scratchBytes: number;
  readonly generation: number;
  /** Of the functions of the commands, for messages. */
  readonly keys: readonly string[];
  /** Where its list of commands is. */
  readonly list: number;
  readonly #heap: Heap;
  readonly #bytes: number;
  readonly #inputs: Relocation[] = [];
  readonly #outputs: Relocation[] = [];
  readonly #region = new Relocation();

  constructor(plan: Plan, lower: Lower, heap: Heap, cache: CodeCache) {
    const commands: Command[] = [];
    this.parts = plan.kernels.map((kernel): Part => {
      const lowered = lower(kernel);
      const first = commands.length;
      if (lowered) commands.push(...lowered.filter(({ chunks }) => chunks > 0));
      return { kernel, first, count: commands.length - first, onHost: !lowered };
    });
    const all = withTails(commands);
    const slots = cache.slotsOf(all.flatMap(codesOf));
    this.generation = cache.generation;
    this.scratchBytes = Math.max(0, ...all.map(({ scratchBytes }) => scratchBytes));
    const temporaries = placeTemporaries(commands);
    const arenaBytes = padded(plan.arenaBytes);
    this.regionBytes = arenaBytes + temporaries.bytes;

    let bytes = listed.bytes * commands.length;
    const offsets = new Map<Command, number>();
    for (const command of all) {
      offsets.set(command, bytes);
      bytes += Math.ceil(command.words.length / 4) * 16;
    }
    this.#heap = heap;
    this.#bytes = bytes;
    this.list = heap.take(bytes);
    const words = heap.words.subarray(this.list / 4, (this.list + bytes) / 4);
    const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
    const slotOf = (code: KernelCode): number => slots.get(code.key)!;
    const addressOf = (command: Command): number => this.list + offsets.get(command)!;
    commands.forEach((command, i) => {
      const mainOnly = withTails([command])
        .flatMap(codesOf)
        .some(({ hostOnly }) => hostOnly);
      words.set([slotOf(command.code), addressOf(command), command.chunks, mainOnly ? 1 : 0], 4 * i);
    });
    this.keys = commands.map(({ code }) => code.key);
    for (const command of all) {
      command.words.forEach((word, i) => {
        const at = offsets.get(command)! / 4 + i;
        if (typeof word === 'number') words[at] = checkedWord(word, command);
        else if ('float' in word) floats[at] = word.float;
        else if ('code' in word) words[at] = slotOf(word.code);
        else if ('argsOf' in word) words[at] = addressOf(word.argsOf);
        else this.#relocationOf(word, at, arenaBytes, temporaries.places);
      });
    }
  }

  /** Sets the addresses of inputs, outputs, and of memory for the arena and temporaries. */
  place(inputs: readonly number[], outputs: readonly number[], region: number): void {
    this.#inputs.forEach((relocation, i) => relocation.apply(this.#heap, inputs[i]!));
    this.#outputs.forEach((relocation, i) => relocation.apply(this.#heap, outputs[i]!));
    this.#region.apply(this.#heap, region);
  }

  /** Gives its memory back. */
  release(): void {
    this.#heap.give(this.list, this.#bytes);
  }

  #relocationOf(
    { place, byteOffset }: Extract<Word, { place: unknown }>,
    at: number,
    arenaBytes: number,
    temporaries: ReadonlyMap<Temporary, number>,
  ): void {
    const address = this.list + 4 * at;
    switch (place.kind) {
      case 'input':
        return (this.#inputs[place.index] ??= new Relocation()).add(address, byteOffset);
      case 'output':
        return (this.#outputs[place.index] ??= new Relocation()).add(address, byteOffset);
      case 'arena':
        return this.#region.add(address, place.byteOffset + byteOffset);
      case 'temporary':
        return this.#region.add(address, arenaBytes + temporaries.get(place)! + byteOffset);
    }
  }
}

function checkedWord(word: number, { code }: Command): number {
  if (Number.isInteger(word) && word >= -(2 ** 31) && word < 2 ** 32) return word;
  throw new RangeError(`wasm: ${word} is no 32-bit integer, in the arguments of ${code.key}`);
}

function codesOf({ code, words }: Command): KernelCode[] {
  return [code, ...words.flatMap((word) => (typeof word === 'object' && 'code' in word ? [word.code] : []))];
}

function argsOf({ words }: Command): Command[] {
  return words.flatMap((word) => (typeof word === 'object' && 'argsOf' in word ? [word.argsOf] : []));
}

/** The commands, and those whose arguments they name. */
function withTails(commands: readonly Command[]): Command[] {
  // A set's loop reaches what is added during the loop.
  const all = new Set(commands);
  for (const command of all) for (const tail of argsOf(command)) all.add(tail);
  return [...all];
}

/** Lays temporaries out so that those alive at the same time do not overlap. */
function placeTemporaries(commands: readonly Command[]): { places: Map<Temporary, number>; bytes: number } {
  const lastUse = new Map<Temporary, number>();
  const named = commands.map((command, i) => {
    const words = withTails([command]).flatMap((each) => each.words);
    const temporaries = words.flatMap((word) =>
      typeof word === 'object' && 'place' in word && word.place.kind === 'temporary' ? [word.place] : [],
    );
    for (const temporary of temporaries) lastUse.set(temporary, i);
    return new Set(temporaries);
  });
  const free = new FreeList();
  const places = new Map<Temporary, number>();
  named.forEach((temporaries, i) => {
    for (const temporary of temporaries) {
      if (!places.has(temporary)) places.set(temporary, free.take(padded(temporary.bytes)));
    }
    for (const temporary of temporaries) {
      if (lastUse.get(temporary) === i) free.give(places.get(temporary)!, padded(temporary.bytes));
    }
  });
  return { places, bytes: free.extent };
}
