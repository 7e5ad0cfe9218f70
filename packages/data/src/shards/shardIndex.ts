import { resolveLimits } from '@thetagrad/core/backend';
import { checkText } from '../checks.ts';
import { openRegular, readPart, wrapFileErrors } from '../files.ts';
import { DataFileError } from '../formats/error.ts';
import { FileBudget } from '../formats/fileBudget.ts';
import { paddedBytes, readPaxPath, readTarHeader, tarBlock } from '../formats/tar.ts';
import { defaultLimits, type Limits } from '../limits.ts';

/** Where a file of an example is in its shard. */
export interface ShardPart {
  /** What follows the first dot of its name: 'jpg', 'cls', 'seg.png'. */
  readonly extension: string;
  readonly offset: number;
  readonly bytes: number;
}

/** An example: files of a shard that follow each other and have the same name up to the first dot. */
export interface ShardEntry {
  /** That name, with the folder. */
  readonly key: string;
  readonly parts: readonly ShardPart[];
}

/** What a shard holds and where: plain values, which can be stored as JSON. */
export interface ShardIndex {
  readonly path: string;
  /** Size of the file. */
  readonly bytes: number;
  readonly examples: readonly ShardEntry[];
}

/**
 * Finds the examples of a tar file in WebDataset's layout, in which `a/01.jpg` and `a/01.cls` belong together. Reads headers
 * alone. Folders, links and the like are left out.
 *
 * @throws {DataFileError} if the file is missing, not a tar file, truncated, exceeds a limit, or an example has two files of one extension.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export async function indexShard(
  path: string,
  options: { readonly limits?: Partial<Limits> } = {},
): Promise<ShardIndex> {
  const limits = resolveLimits('indexShard', options, defaultLimits);
  checkText('indexShard', path, 'path');
  return wrapFileErrors(path, 'file', async () => {
    const { file, bytes } = await openRegular(path);
    try {
      // A shard is never in memory as a whole.
      const budget = new FileBudget(path, { ...limits, fileBytes: Infinity }, bytes);
      const examples: { key: string; parts: ShardPart[] }[] = [];
      let entries = 0;
      let longPath: string | undefined;
      for (let at = 0; ;) {
        if (at + tarBlock > bytes) {
          throw new DataFileError(path, `truncated: ${bytes} bytes, without the block of zeros that ends an archive`);
        }
        const header = readTarHeader(await readPart(file, path, at, tarBlock), path, at);
        if (header === undefined) break;
        budget.check('entries', ++entries, `has ${entries} entries or more`);
        const offset = at + tarBlock;
        at = offset + paddedBytes(header.bytes);
        if (offset + header.bytes > bytes) {
          throw new DataFileError(
            path,
            `truncated: ${bytes} bytes, but ${header.path} ends at byte ${offset + header.bytes}`,
          );
        }
        if (header.type === 'x' || header.type === 'L') {
          if (header.bytes > maxAttributeBytes)
            throw new DataFileError(path, `damaged: ${header.bytes} bytes of attributes`);
          const content = await readPart(file, path, offset, header.bytes);
          const name =
            header.type === 'x' ? readPaxPath(content) : new TextDecoder().decode(content).replace(/\0.*$/s, '');
          longPath = name ?? longPath;
        } else {
          if (header.type === '0') addPart(examples, longPath ?? header.path, { offset, bytes: header.bytes }, path);
          longPath = undefined;
        }
      }
      return { path, bytes, examples };
    } finally {
      await file.close();
    }
  });
}

const maxAttributeBytes = 2 ** 20;

function addPart(
  examples: { key: string; parts: ShardPart[] }[],
  name: string,
  place: { readonly offset: number; readonly bytes: number },
  path: string,
): void {
  const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
  const key = dot < 0 ? name : name.slice(0, dot);
  const part = { extension: dot < 0 ? '' : name.slice(dot + 1), ...place };
  const last = examples.at(-1);
  if (last?.key !== key) {
    examples.push({ key, parts: [part] });
    return;
  }
  if (last.parts.some(({ extension }) => extension === part.extension)) {
    throw new DataFileError(path, `has two files named ${name}`);
  }
  last.parts.push(part);
}
