// The smallest runtime for tests and measurements: one thread, one memory, chunks in any order.
import type { Slot } from '@thetagrad/core/backend';
import type { Command, KernelCode, Scratch, Word } from '../src/command.ts';
import { kernelModule } from '../src/emit/kernelModule.ts';

export type Contents = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface Linked {
  /** Runs all commands; `order` gives the order of a command's chunks. */
  run(order?: (chunks: number) => Iterable<number>): void;
  /** The contents of a slot, as an array like the one that was put there. */
  read<T extends Contents>(slot: Slot | Scratch, like: T): T;
}

type KernelFunction = (args: number, chunk: number, workspace: number) => void;

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
const pageBytes = 65_536;

/** A slot of `size` elements. */
export function slot(dtype: Slot['dtype'], size: number): Slot {
  return { kind: 'input', index: 0, dtype, size };
}

/** Puts buffers with their contents into memory and links the commands. All other memory is NaN at first. */
export function link(commands: readonly Command[], buffers: ReadonlyMap<Slot | Scratch, Contents>): Linked {
  const all = new Set(commands);
  for (const { words } of all) for (const word of words) if (isRecord(word) && 'argsOf' in word) all.add(word.argsOf);
  const words = [...all].flatMap((command) => command.words);
  const functions = new Map<string, KernelCode>();
  for (const { code } of commands) functions.set(code.key, code);
  for (const word of words) if (isRecord(word) && 'code' in word) functions.set(word.code.key, word.code);

  let bytes = 1024;
  const allocate = (size: number): number => {
    const at = bytes;
    // Space for vector loads past the end.
    bytes += align(size) + 64;
    return at;
  };
  const addresses = new Map<Slot | Scratch, number>();
  for (const [slot, { byteLength }] of buffers) addresses.set(slot, allocate(byteLength));
  for (const word of words) {
    if (!isRecord(word) || !('slot' in word) || addresses.has(word.slot)) continue;
    if (word.slot.kind !== 'scratch') throw new Error('link: a slot without a buffer');
    addresses.set(word.slot, allocate(word.slot.bytes));
  }
  const blocks = new Map<Command, number>();
  for (const command of all) blocks.set(command, allocate(4 * command.words.length));
  const workspace = allocate(Math.max(0, ...commands.map(({ workspaceBytes }) => workspaceBytes)));

  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Float32Array(memory.buffer).fill(Number.NaN);
  const module = kernelModule(true);
  const slots = new Map([...functions.keys()].map((key, i) => [key, 1 + i]));
  for (const [key, code] of functions) module.export(String(slots.get(key)), code.assemble(module));
  const kernelAt = (index: number): KernelFunction => exports[index] as KernelFunction;
  const invoke = (index: number, ...args: Parameters<KernelFunction>): void => kernelAt(index)(...args);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory, invoke } });

  for (const [slot, contents] of buffers) bytesAt(addresses.get(slot)!, contents.byteLength).set(asBytes(contents));
  const view = new DataView(memory.buffer);
  const write = (at: number, word: Word): void => {
    if (typeof word === 'number') view.setInt32(at, word, true);
    else if ('float' in word) view.setFloat32(at, word.float, true);
    else if ('slot' in word) view.setInt32(at, addresses.get(word.slot)! + word.byteOffset, true);
    else if ('code' in word) view.setInt32(at, slots.get(word.code.key)!, true);
    else view.setInt32(at, blocks.get(word.argsOf)!, true);
  };
  for (const [command, at] of blocks) command.words.forEach((word, i) => write(at + 4 * i, word));

  const steps = commands.map((command) => ({
    chunks: command.chunks,
    args: blocks.get(command)!,
    run: kernelAt(slots.get(command.code.key)!),
  }));
  return {
    run(order = inOrder) {
      for (const { run, args, chunks } of steps) for (const chunk of order(chunks)) run(args, chunk, workspace);
    },
    read<T extends Contents>(slot: Slot | Scratch, like: T): T {
      const copy = bytesAt(addresses.get(slot)!, like.byteLength).slice();
      return new (like.constructor as new (buffer: ArrayBuffer) => T)(copy.buffer);
    },
  };

  function bytesAt(at: number, length: number): Uint8Array {
    return new Uint8Array(memory.buffer, at, length);
  }
}

function isRecord(word: Word): word is Exclude<Word, number> {
  return typeof word === 'object';
}

function asBytes({ buffer, byteOffset, byteLength }: Contents): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function* inOrder(chunks: number): Iterable<number> {
  for (let chunk = 0; chunk < chunks; chunk++) yield chunk;
}

export function* backwards(chunks: number): Iterable<number> {
  for (let chunk = chunks - 1; chunk >= 0; chunk--) yield chunk;
}
