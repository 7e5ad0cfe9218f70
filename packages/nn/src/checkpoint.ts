import { evaluate, type Tensor } from '@thetagrad/core';
import { escapeControls, isVariableHolder, resolveLimits, type Json } from '@thetagrad/core/backend';
import { reasonOf } from './files/fileSystem.ts';
import { readRegularFile } from './files/readFile.ts';
import { replaceFile } from './files/writeFile.ts';
import { formatJson, type JsonOf, parseJson } from './json.ts';
import { decodeVerified, encodeSafetensors } from './safetensors.ts';
import { checksumKey, defaultLimits, type SafetensorsLimits } from './safetensorsHeader.ts';
import type { Stateful } from './state.ts';

export type { Json, JsonOf };

/** The contents of a checkpoint by name: the model, the optimizer, the generator of dropout. */
export type CheckpointParts = Readonly<Record<string, Stateful>>;

/** {@link CheckpointParts} also where their type is an interface. */
type PartsOf<Parts> = Readonly<Record<keyof Parts, Stateful>>;

/** What a checkpoint file may cost at most. */
export interface CheckpointLimits extends SafetensorsLimits {
  /** Bytes of the file. Default: 2³². */
  readonly fileBytes: number;
  /** Characters of the position as JSON. Default: 2²⁶. */
  readonly positionLength: number;
}

/** Options of {@link loadCheckpoint}. */
export interface LoadCheckpointOptions {
  /** What the file may cost at most. Default: those of {@link CheckpointLimits}, also for limits that are left out. */
  readonly limits?: Partial<CheckpointLimits>;
}

const checkpointLimits: CheckpointLimits = {
  ...defaultLimits,
  fileBytes: 2 ** 32,
  positionLength: 2 ** 26,
};

/** The name of the metadata with the position in the data, as JSON. */
const positionKey = 'position';

/**
 * Saves the state of all parts as of the call, and the position in the data, in one safetensors file, which names the
 * tensors of a part `model` `model.…` and has a checksum. Values that are assigned but not evaluated yet are included.
 * The file is written as {@link writeFileAtomic} does: after a crash at any moment, either the old or the new one exists.
 * @param position the state of the data loop, any JSON value, such as a batch's `next`. Default: null.
 * @throws {TypeError} if a part is not {@link Stateful}, or the position is not JSON.
 * @throws {RangeError} if the name of a part contains a dot, or a default of {@link SafetensorsLimits} or `positionLength` is
 *   exceeded.
 * @throws {FileWriteError} naming the file, if it cannot be written. Unless `replaced` is true, the old file is unchanged.
 */
export async function saveCheckpoint<Parts extends PartsOf<Parts>, Position extends JsonOf<Position> = null>(
  path: string,
  parts: Parts,
  position?: Position,
): Promise<void> {
  const tensors: [string, Tensor][] = [];
  const entries = checkParts('saveCheckpoint', parts);
  const json = describeFailure('saveCheckpoint: the position', () => {
    const text = formatJson(position ?? null);
    checkLength(text, checkpointLimits.positionLength);
    return text;
  });
  for (const [part, stateful] of entries) {
    for (const [name, value] of Object.entries(stateful.stateDict())) tensors.push([`${part}.${name}`, value]);
  }
  await replaceFile(
    'saveCheckpoint',
    path,
    await encodeSafetensors(Object.fromEntries(tensors), { [positionKey]: json }),
  );
}

/**
 * Loads the state of the parts from a file of {@link saveCheckpoint}, and stores it. Other parts in the file are
 * ignored. The file may come from anyone: only a regular file within the limits is read, and its checksum is verified,
 * without which it must not have a position.
 * @returns the position in the data, of any type: check it, as `start` of data's `batches` does
 * @throws {TypeError} if a part is not {@link Stateful}, or an option or limit is unknown.
 * @throws {RangeError} if the name of a part contains a dot, or a limit is not a positive integer or Infinity.
 * @throws {Error} naming the file, if it cannot be read, is damaged, exceeds a limit, or does not fit a part. All parts
 *   are unchanged then.
 */
export async function loadCheckpoint<Parts extends PartsOf<Parts>>(
  path: string,
  parts: Parts,
  options: LoadCheckpointOptions = {},
): Promise<Json> {
  const entries = checkParts('loadCheckpoint', parts);
  const { fileBytes, positionLength, ...limits } = resolveLimits('loadCheckpoint', options, checkpointLimits);
  const restorers: (() => void)[] = [];
  try {
    const bytes = await readRegularFile(path, fileBytes, '; raise limits.fileBytes');
    const { tensors, metadata, hasChecksum } = decodeVerified(bytes, limits);
    const hasPosition = Object.hasOwn(metadata, positionKey);
    if (hasPosition && !hasChecksum) {
      // Damage to the name of its entry would else turn a checksum off.
      throw new RangeError(
        `it has the metadata '${positionKey}' but no '${checksumKey}': it is damaged, or another program changed it; that program must write a right checksum, or leave out both`,
      );
    }
    const text = hasPosition ? metadata[positionKey]! : 'null';
    const position = describeFailure('its position', () => {
      checkLength(text, positionLength, '; raise limits.positionLength');
      return parseJson(text);
    });
    for (const [part, stateful] of entries) {
      const previous = stateful.stateDict();
      describeFailure(`'${part}'`, () => stateful.loadStateDict(selectPrefix(`${part}.`, tensors)));
      restorers.push(() => stateful.loadStateDict(previous));
    }
    await evaluate(entries.map(([, stateful]) => stateful).filter(isVariableHolder));
    return position;
  } catch (error) {
    for (const restore of restorers) restore();
    throw new Error(`loadCheckpoint: cannot load '${escapeControls(path)}': ${reasonOf(error)}`, { cause: error });
  }
}

function checkLength(text: string, max: number, advice = ''): void {
  if (text.length > max) throw new RangeError(`it has ${text.length} characters, more than ${max}${advice}`);
}

/** Calls a function, whose error gets a prefix and keeps its class. */
function describeFailure<Result>(prefix: string, f: () => Result): Result {
  try {
    return f();
  } catch (cause) {
    const message = `${prefix}: ${escapeControls((cause as Error).message)}`;
    throw new (cause instanceof TypeError ? TypeError : RangeError)(message, { cause });
  }
}

function checkParts<Parts extends PartsOf<Parts>>(operation: string, parts: Parts): [string, Stateful][] {
  const entries = Object.entries<Stateful>(parts);
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
