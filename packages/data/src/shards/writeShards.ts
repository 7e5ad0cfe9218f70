import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { argumentError, checkInteger, checkOptions, show } from '@thetagrad/core/backend';
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
  checkInteger('writeShards', 'maxExamples', maxExamples, { min: 1 });
  checkInteger('writeShards', 'maxBytes', maxBytes, { min: 1 });
  const paths: string[] = [];
  let shard: { readonly file: FileHandle; readonly path: string; count: number; bytes: number } | undefined;
  let lastKey: string | undefined;
  const finish = async (): Promise<void> => {
    if (shard === undefined) return;
    const { file, path } = shard;
    await file.write(new Uint8Array(2 * tarBlock));
    await file.sync();
    await file.close();
    await rename(temporary(path), path);
    paths.push(path);
    shard = undefined;
  };
  try {
    for await (const { key, files } of examples) {
      checkExample(key, files, lastKey);
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
          await shard.file.write(part);
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

function checkExample(key: string, files: Readonly<Record<string, Uint8Array>>, lastKey: string | undefined): void {
  if (typeof key !== 'string' || !/^[^.\0]+$/.test(key.slice(key.lastIndexOf('/') + 1))) {
    throw argumentError('writeShards', 'key', 'a name without dots', key, false);
  }
  if (key === lastKey)
    throw new RangeError(`writeShards: two examples have the key ${show(key)}, which joins them into one`);
  const entries = Object.entries(files);
  if (entries.length === 0) throw new RangeError(`writeShards: example ${show(key)} has no files`);
  for (const [extension, content] of entries) {
    if (!/^[^/\0]+$/.test(extension))
      throw argumentError('writeShards', 'extension', 'a name without slashes', extension);
    checkBytes('writeShards', content);
  }
}
