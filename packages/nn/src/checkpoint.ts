import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { evaluate, type Tensor, type VariableHolder } from '@thetagrad/core';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import type { Stateful } from './state.ts';

/** What goes into a checkpoint, by name: the model, the optimiser, the generator of dropout. */
export type CheckpointParts = Readonly<Record<string, Stateful>>;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The metadata that holds the position in the data, as JSON. */
const positionKey = 'position';

/**
 * Saves the state of all parts, and the position in the data, in one safetensors file: `model`'s tensors are named
 * `model.…` there. What was assigned and not evaluated yet is saved too. The file is written under another name beside
 * it, flushed, and renamed: whatever happens meanwhile, there is the old file or the new one.
 * @param position where training is: any JSON value, such as the epoch and the batch.
 * @throws {Error} naming the file, if it cannot be written; the old one is left as it was.
 */
export async function saveCheckpoint(path: string, parts: CheckpointParts, position: Json = null): Promise<void> {
  const tensors: [string, Tensor][] = [];
  for (const [part, stateful] of checked('saveCheckpoint', parts)) {
    for (const [name, value] of Object.entries(stateful.stateDict())) tensors.push([`${part}.${name}`, value]);
  }
  const bytes = await encodeSafetensors(Object.fromEntries(tensors), { [positionKey]: JSON.stringify(position) });
  try {
    await replaceFile(path, bytes);
  } catch (error) {
    throw new Error(`saveCheckpoint: cannot write '${path}': ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Loads the state of the parts from a file that {@link saveCheckpoint} wrote, and stores it. The file may hold more
 * parts than are asked for.
 * @returns the position in the data.
 * @throws {Error} naming the file, if it cannot be read, is malformed, or does not fit a part; all parts are left as
 *   they were.
 */
export async function loadCheckpoint(path: string, parts: CheckpointParts): Promise<Json> {
  const all = checked('loadCheckpoint', parts);
  const loaded: (() => void)[] = [];
  try {
    const { tensors, metadata } = decodeSafetensors(await readFile(path));
    const position = JSON.parse(metadata[positionKey] ?? 'null') as Json;
    for (const [part, stateful] of all) {
      const before = stateful.stateDict();
      try {
        stateful.loadStateDict(under(`${part}.`, tensors));
      } catch (error) {
        throw new Error(`'${part}': ${(error as Error).message}`, { cause: error });
      }
      loaded.push(() => stateful.loadStateDict(before));
    }
    await evaluate(all.map(([, stateful]) => stateful).filter(isVariableHolder));
    return position;
  } catch (error) {
    for (const restore of loaded) restore();
    throw new Error(`loadCheckpoint: cannot load '${path}': ${(error as Error).message}`, { cause: error });
  }
}

/** The new content, or the old: a rename is the one step that shows. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await writeFlushed(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(folder);
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename last through a power failure. Windows cannot open folders, and needs no such thing. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function checked(operation: string, parts: CheckpointParts): [string, Stateful][] {
  const entries = Object.entries(parts);
  for (const [name, part] of entries) {
    if (typeof part?.stateDict !== 'function' || typeof part.loadStateDict !== 'function') {
      throw new TypeError(
        `${operation}: '${name}' has no stateDict and loadStateDict; pass modules, optimisers or generators`,
      );
    }
    if (name.includes('.')) throw new RangeError(`${operation}: the name '${name}' of a part must not contain a dot`);
  }
  return entries;
}

function under(prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const found = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

function isVariableHolder(part: Stateful): part is Stateful & VariableHolder {
  return 'variables' in part && typeof part.variables === 'function';
}
