// The smallest runtime for tests and measurements: one thread, one memory, chunks in any order.
import type { Slot } from '@thetagrad/core/backend';
import { ModuleBuilder } from '../src/assembler/index.ts';
import type { Command, Features, KernelCode, Temporary, Word } from '../src/command.ts';

type Place = Slot | Temporary;
export type Contents = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface Linked {
  /** Runs all commands; `order` gives the order of a command's chunks. */
  run(order?: (chunks: number) => Iterable<number>): void;
  /** The memory at a place, as an array like the one that was put there. */
  read<T extends Contents>(place: Place, like: T): T;
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
const pageBytes = 65_536;

export const plain: Features = { relaxed: false };

/** A place for `size` elements. */
export function slot(dtype: Slot['dtype'], size: number): Slot {
  return { kind: 'input', index: 0, dtype, size };
}

/** Places buffers with their contents and links the commands. Everything else in memory starts as NaN. */
export function link(
  commands: readonly Command[],
  buffers: ReadonlyMap<Place, Contents>,
  features: Features = plain,
): Linked {
  const all = new Set(commands);
  for (const { words } of all) for (const word of words) if (isRecord(word) && 'argsOf' in word) all.add(word.argsOf);
  const words = [...all].flatMap((command) => command.words);
  const codes = new Map<string, KernelCode>();
  for (const { code } of commands) codes.set(code.key, code);
  for (const word of words) if (isRecord(word) && 'code' in word) codes.set(word.code.key, word.code);

  let bytes = 1024;
  const take = (size: number): number => {
    const at = bytes;
    // Room for vector loads behind the end.
    bytes += align(size) + 64;
    return at;
  };
  const places = new Map<Place, number>();
  for (const [place, { byteLength }] of buffers) places.set(place, take(byteLength));
  for (const word of words) {
    if (!isRecord(word) || !('place' in word) || places.has(word.place)) continue;
    if (word.place.kind !== 'temporary') throw new Error('link: a slot without a buffer');
    places.set(word.place, take(word.place.bytes));
  }
  const blocks = new Map<Command, number>();
  for (const command of all) blocks.set(command, take(4 * command.words.length));
  const scratch = take(Math.max(0, ...commands.map(({ scratchBytes }) => scratchBytes)));

  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Float32Array(memory.buffer).fill(Number.NaN);
  const table = new WebAssembly.Table({ initial: 1 + codes.size, element: 'anyfunc' });
  const module = new ModuleBuilder({ memory: { minimum: 0, maximum: 65_536, shared: true }, table: true });
  const slots = new Map([...codes.keys()].map((key, i) => [key, 1 + i]));
  module.elements(
    1,
    [...codes.values()].map((code) => code.assemble(module, features)),
  );
  new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory, table } });

  for (const [place, contents] of buffers) bytesAt(places.get(place)!, contents.byteLength).set(asBytes(contents));
  const view = new DataView(memory.buffer);
  const write = (at: number, word: Word): void => {
    if (typeof word === 'number') view.setInt32(at, word, true);
    else if ('float' in word) view.setFloat32(at, word.float, true);
    else if ('place' in word) view.setInt32(at, places.get(word.place)! + word.byteOffset, true);
    else if ('code' in word) view.setInt32(at, slots.get(word.code.key)!, true);
    else view.setInt32(at, blocks.get(word.argsOf)!, true);
  };
  for (const [command, at] of blocks) command.words.forEach((word, i) => write(at + 4 * i, word));

  const steps = commands.map((command) => ({
    chunks: command.chunks,
    args: blocks.get(command)!,
    run: table.get(slots.get(command.code.key)!) as (args: number, chunk: number, scratch: number) => void,
  }));
  return {
    run(order = inOrder) {
      for (const { run, args, chunks } of steps) for (const chunk of order(chunks)) run(args, chunk, scratch);
    },
    read<T extends Contents>(place: Place, like: T): T {
      const copy = bytesAt(places.get(place)!, like.byteLength).slice();
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
