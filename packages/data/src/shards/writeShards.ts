import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { argumentError, checkInteger, checkOptions, isPlainObject, show } from '@thetagrad/core/backend';
import { checkText } from '../checks.ts';
import { checkBytes } from '../formats/error.ts';
import { paddedBytes, tarBlock, writeTarHeader } from '../formats/tar.ts';

/** Options of `writeShards`. */
export interface WriteShardsOptions {
  /** Start of the names of the shards, which go on with a number: `train-000000.tar`. Default: 'shard'. */
  readonly prefix?: string;
  /** Maximum number of examples in a shard. Default: 10,000. */
  readonly maxExamples?: number;
  /** Size at which the next shard begins. Default: 256 MiB. */
  readonly maxBytes?: number;
}

/** An example to write: a name, and contents by extension. */
export interface ShardInput {
  readonly key: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/**
 * Writes tar files in WebDataset's layout, which {@link shards} reads. A shard has its name when it is whole.
 *
 * @returns The paths of the shards.
 * @throws {TypeError | RangeError} if an option is unknown or out of range, two examples in a row have the same key, or a
 *   key, extension or content is none.
 */
export async function writeShards(
  folder: string,
  examples: Iterable<ShardInput> | AsyncIterable<ShardInput>,
  options: WriteShardsOptions = {},
): Promise<string[]> {
  checkOptions('writeShards', options, ['prefix', 'maxExamples', 'maxBytes']);
  const { prefix = 'shard', maxExamples = 10_000, maxBytes = 2 ** 28 } = options;
  checkText('writeShards', folder, 'folder');
  checkText('writeShards', prefix, 'prefix');
  if (!isIterable(examples)) throw argumentError('writeShards', 'examples', 'an iterable of examples', examples, false);
  checkInteger('writeShards', 'maxExamples', maxExamples, { min: 1 });
  checkInteger('writeShards', 'maxBytes', maxBytes, { min: 1 });
  const paths: string[] = [];
  let shard: { readonly file: FileHandle; readonly path: string; count: number; bytes: number } | undefined;
  let lastKey: string | undefined;
  const finish = async (): Promise<void> => {
    if (shard === undefined) return;
    const { file, path } = shard;
    await file.writeFile(new Uint8Array(2 * tarBlock));
    await file.sync();
    await file.close();
    await rename(temporary(path), path);
    paths.push(path);
    shard = undefined;
  };
  try {
    for await (const example of examples) {
      checkExample(example, lastKey);
      const { key, files } = example;
      lastKey = key;
      if (shard && (shard.count >= maxExamples || shard.bytes >= maxBytes)) await finish();
      if (shard === undefined) {
        const path = join(folder, `${prefix}-${String(paths.length).padStart(6, '0')}.tar`);
        shard = { file: await open(temporary(path), 'w'), path, count: 0, bytes: 0 };
      }
      shard.count++;
      for (const [extension, content] of Object.entries(files)) {
        const header = writeTarHeader(`${key}.${extension}`, content.length);
        const fill = new Uint8Array(paddedBytes(content.length) - content.length);
        for (const part of [header, content, fill]) {
          await shard.file.writeFile(part);
          shard.bytes += part.length;
        }
      }
    }
    await finish();
  } catch (error) {
    if (shard) {
      await shard.file.close();
      await rm(temporary(shard.path), { force: true });
    }
    throw error;
  }
  return paths;
}

const temporary = (path: string): string => `${path}.part`;

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

function checkExample(example: ShardInput, lastKey: string | undefined): void {
  if (typeof example !== 'object' || example === null) {
    throw argumentError('writeShards', 'an example', 'an object { key, files }', example, false);
  }
  const { key, files } = example;
  if (typeof key !== 'string' || !/^[^.\0]+$/.test(key.slice(key.lastIndexOf('/') + 1)) || isBroken(key)) {
    throw argumentError('writeShards', 'key', 'a well-formed name without dots', key, false);
  }
  if (key === lastKey)
    throw new RangeError(`writeShards: two examples have the key ${show(key)}, which joins them into one`);
  if (!isPlainObject(files)) throw argumentError('writeShards', 'files', 'contents by extension', files, false);
  const entries = Object.entries(files);
  if (entries.length === 0) throw new RangeError(`writeShards: example ${show(key)} has no files`);
  for (const [extension, content] of entries) {
    if (!/^[^/\0]+$/.test(extension) || isBroken(extension))
      throw argumentError('writeShards', 'extension', 'a well-formed name without slashes', extension);
    checkBytes('writeShards', content);
  }
}

/** Whether a text has half a surrogate pair, which UTF-8 cannot store. */
const isBroken = (text: string): boolean => /\p{Surrogate}/u.test(text);
