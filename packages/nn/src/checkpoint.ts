import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { evaluate, type Tensor } from '@thetagrad/core';
import { isVariableHolder } from '@thetagrad/core/backend';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import type { Stateful } from './state.ts';

/** The contents of a checkpoint by name: the model, the optimizer, the generator of dropout. */
export type CheckpointParts = Readonly<Record<string, Stateful>>;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The name of the metadata with the position in the data, as JSON. */
const positionKey = 'position';

/**
 * Saves the state of all parts, and the position in the data, in one safetensors file, which names the tensors of a
 * part `model` `model.…`. Values that are assigned but not evaluated yet are included. The file is written under a
 * temporary name, flushed and renamed: after a crash at any moment, either the old or the new file exists.
 * @param position the state of the data loop, any JSON value, such as the epoch and the batch. Default: null.
 * @throws {TypeError} if a part is not {@link Stateful}.
 * @throws {RangeError} if the name of a part contains a dot.
 * @throws {Error} naming the file, if it cannot be written. The old file is unchanged then.
 */
export async function saveCheckpoint(path: string, parts: CheckpointParts, position: Json = null): Promise<void> {
  const tensors: [string, Tensor][] = [];
  for (const [part, stateful] of checkParts('saveCheckpoint', parts)) {
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
 * Loads the state of the parts from a file of {@link saveCheckpoint}, and stores it. Other parts in the file are
 * ignored.
 * @returns the position in the data
 * @throws {TypeError} if a part is not {@link Stateful}.
 * @throws {RangeError} if the name of a part contains a dot.
 * @throws {Error} naming the file, if it cannot be read, is malformed, or does not fit a part. All parts are unchanged
 *   then.
 */
export async function loadCheckpoint(path: string, parts: CheckpointParts): Promise<Json> {
  const entries = checkParts('loadCheckpoint', parts);
  const restorers: (() => void)[] = [];
  try {
    const { tensors, metadata } = decodeSafetensors(await readFile(path));
    const position = JSON.parse(metadata[positionKey] ?? 'null') as Json;
    for (const [part, stateful] of entries) {
      const previous = stateful.stateDict();
      try {
        stateful.loadStateDict(selectPrefix(`${part}.`, tensors));
      } catch (error) {
        throw new Error(`'${part}': ${(error as Error).message}`, { cause: error });
      }
      restorers.push(() => stateful.loadStateDict(previous));
    }
    await evaluate(entries.map(([, stateful]) => stateful).filter(isVariableHolder));
    return position;
  } catch (error) {
    for (const restore of restorers) restore();
    throw new Error(`loadCheckpoint: cannot load '${path}': ${(error as Error).message}`, { cause: error });
  }
}

/** Replaces a file's content atomically, by a rename. */
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

/** Makes a rename durable. Windows cannot open folders, and does not need it. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function checkParts(operation: string, parts: CheckpointParts): [string, Stateful][] {
  const entries = Object.entries(parts);
  for (const [name, part] of entries) {
    if (typeof part?.stateDict !== 'function' || typeof part.loadStateDict !== 'function') {
      throw new TypeError(
        `${operation}: '${name}' lacks stateDict and loadStateDict; pass modules, optimizers or generators`,
      );
    }
    if (name.includes('.')) throw new RangeError(`${operation}: part name '${name}' must not contain a dot`);
  }
  return entries;
}

/** The tensors whose names begin with the prefix, by the rest of their names. */
function selectPrefix(prefix: string, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const found = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}
