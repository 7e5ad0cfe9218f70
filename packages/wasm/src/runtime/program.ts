// A plan that is ready to run: its functions in the table, its commands and their argument blocks in memory.
import { FreeList, type Kernel, type Plan, type RoutineKernel } from '@thetagrad/core/backend';
import type { Command, KernelCode, Lower, Scratch, SlotAddress, Word } from '../command.ts';
import { roundUpToBlock, type Heap } from '../memory/heap.ts';
import { commandEntry } from '../threads/layout.ts';
import type { CodeCache, LinkedModule } from './codeCache.ts';
import { LinkedLoop, loopOf, type Places } from './loop.ts';
import { findRowChains, type Alias, type ChainLimits } from './rowChains.ts';

/** A row chain in the list of commands, which runs it, or its members one by one: the others have no chunks then. */
interface ListedChain {
  readonly aliases: readonly Alias[];
  readonly command: ListedCommand;
  readonly members: readonly ListedCommand[];
}

/** The number of a command in the list, and of its chunks. */
interface ListedCommand {
  readonly number: number;
  readonly chunks: number;
}

/** A kernel and the range of its commands in the program's list, which is empty if it runs on the host. */
export interface Part {
  readonly kernel: Kernel;
  readonly first: number;
  readonly count: number;
  readonly onHost: boolean;
  /** The loop that the kernel is. */
  readonly loop?: LinkedLoop;
}

export class Program {
  readonly parts: readonly Part[];
  /** The memory that a run needs: the plan's arena, followed by scratch. */
  readonly regionBytes: number;
  /** The memory that each thread needs. */
  readonly workspaceBytes: number;
  /** The modules of its functions. */
  readonly modules: readonly LinkedModule[];
  /** The names of the commands' functions, for messages. */
  readonly names: readonly string[];
  /** The address of its list of commands. */
  readonly list: number;
  readonly #heap: Heap;
  readonly #bytes: number;
  readonly #loops: readonly LinkedLoop[];
  /** Where the region of loops begins in the region. */
  readonly #loopOffset: number;
  readonly #inputs: Relocation[] = [];
  readonly #outputs: Relocation[] = [];
  readonly #region = new Relocation();
  /** For each output the first command that may write it. */
  readonly #firstWriters: number[] = [];
  readonly #chains: readonly ListedChain[];
  #isReleased = false;

  /** @param limits those of chains; `undefined` for none. */
  constructor(plan: Plan, lower: Lower, heap: Heap, cache: CodeCache, limits?: ChainLimits) {
    const link = (body: Plan): Program => new Program(body, lower, heap, cache, limits);
    const { parts, commands, chains } = lowerPlan(plan, lower, link, limits);
    const loops = parts.flatMap(({ loop }) => loop ?? []);
    const groups = commands.map(withEpilogues);
    const all = new Set(groups.flat());
    const functions: KernelCode[] = [];
    for (const command of all) {
      checkWords(command);
      addFunctions(functions, command);
    }
    const { indexOf, modules } = cache.link(functions);
    const scratch = placeScratch(groups);
    const arenaBytes = roundUpToBlock(plan.arenaBytes);
    this.parts = parts;
    this.#chains = chains;
    this.modules = [...modules, ...loops.flatMap(({ body }) => body.modules)];
    this.workspaceBytes = Math.max(
      0,
      ...Array.from(all, ({ workspaceBytes }) => workspaceBytes),
      ...loops.map(({ body }) => body.workspaceBytes),
    );
    this.#loops = loops;
    this.#loopOffset = roundUpToBlock(arenaBytes + scratch.bytes);
    this.regionBytes = this.#loopOffset + Math.max(0, ...loops.map(({ regionBytes }) => regionBytes));
    this.names = commands.map(({ code }) => code.name);

    let bytes = commandEntry.bytes * commands.length;
    const offsets = new Map<Command, number>();
    for (const command of all) {
      offsets.set(command, bytes);
      bytes += Math.ceil(command.words.length / 4) * 16;
    }
    this.#heap = heap;
    this.#bytes = bytes;
    this.list = heap.allocate(bytes);
    const words = heap.words.subarray(this.list / 4, (this.list + bytes) / 4);
    const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
    const addressOf = (command: Command): number => this.list + offsets.get(command)!;
    commands.forEach((command, i) => {
      const used: KernelCode[] = [];
      for (const part of groups[i]!) {
        addFunctions(used, part);
        for (const slot of slotsOf(part)) if (slot.kind === 'output') this.#firstWriters[slot.index] ??= i;
      }
      const isMainOnly = used.some(({ hostFunctions }) => hostFunctions !== undefined);
      words.set([indexOf(command.code), addressOf(command), command.chunks, isMainOnly ? 1 : 0], 4 * i);
    });
    for (const command of all) {
      command.words.forEach((word, i) => {
        const at = offsets.get(command)! / 4 + i;
        if (typeof word === 'number') words[at] = word;
        else if ('float' in word) floats[at] = word.float;
        else if ('code' in word) words[at] = indexOf(word.code);
        else if ('argsOf' in word) words[at] = addressOf(word.argsOf);
        else this.#addRelocation(word, this.list + 4 * at, arenaBytes, scratch.offsets);
      });
    }
  }

  /** The address of the region of its loops, of which one runs at a time. */
  loopRegion(region: number): number {
    return region + this.#loopOffset;
  }

  /**
   * Sets the addresses of inputs, outputs, and of the region that holds the arena, scratch and the region of loops.
   * @param mayChain whether kernels may run together.
   */
  relocate({ inputs, outputs, region }: Places, mayChain: boolean): void {
    for (const { aliases, command, members } of this.#chains) {
      const isChained = mayChain && aliases.every((alias) => isHarmless(alias, inputs, outputs));
      this.#enable(command, isChained);
      for (const member of members) this.#enable(member, !isChained);
    }
    this.#inputs.forEach((relocation, i) => relocation.apply(this.#heap, inputs[i]!));
    this.#outputs.forEach((relocation, i) => relocation.apply(this.#heap, outputs[i]!));
    this.#region.apply(this.#heap, region);
  }

  /** The outputs that may have been written once these numbers of commands and parts have begun. */
  outputsWritten(commands: number, parts: number): number[] {
    const written = new Set(this.#firstWriters.flatMap((first, output) => (first < commands ? [output] : [])));
    this.parts.slice(0, parts).forEach(({ kernel, onHost }) => {
      if (onHost && kernel.output.kind === 'output') written.add(kernel.output.index);
    });
    return [...written];
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Frees its memory. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#heap.free(this.list, this.#bytes);
    for (const { body } of this.#loops) body.release();
  }

  /** Lets a command run, or leaves it without chunks. */
  #enable({ number, chunks }: ListedCommand, isEnabled: boolean): void {
    this.#heap.words[(this.list + commandEntry.bytes * number + commandEntry.chunks) / 4] = isEnabled ? chunks : 0;
  }

  #addRelocation(
    { slot, byteOffset }: SlotAddress,
    address: number,
    arenaBytes: number,
    scratchOffsets: ReadonlyMap<Scratch, number>,
  ): void {
    switch (slot.kind) {
      case 'input':
        return (this.#inputs[slot.index] ??= new Relocation()).add(address, byteOffset);
      case 'output':
        return (this.#outputs[slot.index] ??= new Relocation()).add(address, byteOffset);
      case 'arena':
        return this.#region.add(address, slot.byteOffset + byteOffset);
      case 'scratch':
        return this.#region.add(address, arenaBytes + scratchOffsets.get(slot)! + byteOffset);
    }
  }
}

/** Words that hold addresses relative to one base, which may differ between runs. */
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

/** Whether an alias of a chain leaves its results as they are, with inputs and outputs at these addresses. */
function isHarmless(
  { input, inputBytes, output, outputBytes, mayCoincide }: Alias,
  inputs: readonly number[],
  outputs: readonly number[],
): boolean {
  const [from, to] = [inputs[input]!, outputs[output]!];
  return from === to ? mayCoincide : from + inputBytes <= to || to + outputBytes <= from;
}

interface LoweredPlan {
  readonly parts: readonly Part[];
  readonly commands: readonly Command[];
  readonly chains: readonly ListedChain[];
}

function lowerPlan(
  { kernels }: Plan,
  lower: Lower,
  link: (body: Plan) => Program,
  limits: ChainLimits | undefined,
): LoweredPlan {
  const codes = new Map<string, KernelCode>();
  const lowered = kernels.map((kernel) => {
    const loop = loopOf(kernel);
    if (loop && !(kernel.kind === 'routine' && kernel.epilogue)) {
      const linked = new LinkedLoop(kernel as RoutineKernel, loop, link(loop.plan));
      return { kernel, commands: undefined, loop: linked };
    }
    const shared = new Map<Command, Command>();
    return { kernel, commands: lower(kernel)?.map((command) => shareCode(command, codes, shared)) };
  });
  const chains = limits ? findRowChains(lowered, limits) : [];
  const beginning = new Map(chains.map(({ members, command }) => [members[0], command]));
  const commands: Command[] = [];
  const chainEntries = new Map<Command, number>();
  const parts = lowered.map(({ kernel, commands: own, loop }, number): Part => {
    const first = commands.length;
    const chain = beginning.get(number);
    if (chain) chainEntries.set(chain, commands.push(chain) - 1);
    for (const command of own ?? []) if (command.chunks > 0) commands.push(command);
    return { kernel, first, count: commands.length - first, onHost: !own, ...(loop && { loop }) };
  });
  const listed = chains.map(({ command, members, aliases }): ListedChain => {
    // The only command of a member is the last of its part.
    const numbers = members.map((member) => parts[member]!.first + parts[member]!.count - 1);
    return {
      aliases,
      command: { number: chainEntries.get(command)!, chunks: command.chunks },
      members: numbers.map((number) => ({ number, chunks: commands[number]!.chunks })),
    };
  });
  return { parts, commands, chains: listed };
}

/**
 * A command with the first of all equal functions, so that the others can be collected while a long plan is lowered.
 * @param codes the functions by key.
 * @param shared the result for each command so far.
 */
function shareCode(command: Command, codes: Map<string, KernelCode>, shared: Map<Command, Command>): Command {
  const known = shared.get(command);
  if (known) return known;
  const first = (code: KernelCode): KernelCode => {
    const same = codes.get(code.key);
    if (!same) codes.set(code.key, code);
    return same ?? code;
  };
  const words = command.words.map((word) => {
    if (!isRecord(word)) return word;
    if ('code' in word) return { code: first(word.code) };
    return 'argsOf' in word ? { argsOf: shareCode(word.argsOf, codes, shared) } : word;
  });
  const result = { ...command, code: first(command.code), words };
  shared.set(command, result);
  return result;
}

function checkWords({ code, words }: Command): void {
  for (const word of words) {
    if (typeof word !== 'number' || (Number.isInteger(word) && word >= -(2 ** 31) && word < 2 ** 32)) continue;
    throw new RangeError(`wasm: ${word} is not a 32-bit integer, in the arguments of ${code.name}`);
  }
}

function isRecord(word: Word): word is Exclude<Word, number> {
  return typeof word === 'object';
}

/** Adds the functions that a command calls. */
function addFunctions(functions: KernelCode[], { code, words }: Command): void {
  functions.push(code);
  for (const word of words) if (isRecord(word) && 'code' in word) functions.push(word.code);
}

/** The memory whose addresses are among the words of a command. */
function slotsOf({ words }: Command): SlotAddress['slot'][] {
  const slots: SlotAddress['slot'][] = [];
  for (const word of words) if (isRecord(word) && 'slot' in word) slots.push(word.slot);
  return slots;
}

/** The command, and those whose argument blocks it refers to. */
function withEpilogues(command: Command): Command[] {
  const group = [command];
  // Reaches what is added meanwhile.
  for (const { words } of group) {
    for (const word of words) {
      if (isRecord(word) && 'argsOf' in word && !group.includes(word.argsOf)) group.push(word.argsOf);
    }
  }
  return group;
}

/** Lays out scratch so that regions that are alive at the same time do not overlap. */
function placeScratch(groups: readonly (readonly Command[])[]): { offsets: Map<Scratch, number>; bytes: number } {
  const lastUse = new Map<Scratch, number>();
  const usedBy = groups.map((group, i) => {
    const used = new Set<Scratch>();
    for (const command of group) for (const slot of slotsOf(command)) if (slot.kind === 'scratch') used.add(slot);
    for (const scratch of used) lastUse.set(scratch, i);
    return used;
  });
  const free = new FreeList();
  const offsets = new Map<Scratch, number>();
  usedBy.forEach((used, i) => {
    for (const scratch of used) {
      if (!offsets.has(scratch)) offsets.set(scratch, free.allocate(roundUpToBlock(scratch.bytes)));
    }
    for (const scratch of used) {
      if (lastUse.get(scratch) === i) free.free(offsets.get(scratch)!, roundUpToBlock(scratch.bytes));
    }
  });
  return { offsets, bytes: free.extent };
}
