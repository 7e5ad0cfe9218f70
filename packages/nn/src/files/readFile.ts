import { constants } from 'node:fs';
import { type FileStatus, getFileSystem } from './fileSystem.ts';

const kinds: Readonly<Record<number, string>> = {
  [constants.S_IFDIR]: 'a folder',
  [constants.S_IFIFO]: 'a pipe',
  [constants.S_IFSOCK]: 'a socket',
  [constants.S_IFCHR]: 'a device',
  [constants.S_IFBLK]: 'a device',
};

/** What a file is that is not a regular one, for messages; `undefined` for a regular file. */
export function describeKind(mode: number): string | undefined {
  const type = mode & constants.S_IFMT;
  return type === constants.S_IFREG ? undefined : (kinds[type] ?? 'a special file');
}

function checkRegular({ mode }: FileStatus): void {
  const kind = describeKind(mode);
  if (kind !== undefined) throw new RangeError(`it is ${kind}, not a regular file`);
}

/**
 * Reads a file that may come from anyone: only a regular one, without waiting for the writer of a pipe, and not more
 * than `maxBytes`.
 * @param advice what the message of a larger one ends with. Default: nothing.
 * @throws {RangeError} if it is of another kind or larger, or shrinks meanwhile.
 * @throws {Error} of the system if it cannot be read.
 */
export async function readRegularFile(path: string, maxBytes: number, advice = ''): Promise<Uint8Array<ArrayBuffer>> {
  // Opening a device may have effects.
  checkRegular(await getFileSystem().stat(path));
  // Windows has no O_NONBLOCK, and no pipes among files.
  const file = await getFileSystem().open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = await file.stat();
    checkRegular(status);
    const { size } = status;
    if (size > maxBytes) throw new RangeError(`it has ${size} bytes, more than ${maxBytes}${advice}`);
    const bytes = new Uint8Array(size);
    let end = 0;
    // The system reads at most 2 GiB at once.
    while (end < size) {
      const { bytesRead } = await file.read(bytes, end, Math.min(size - end, 2 ** 30));
      if (bytesRead === 0) throw new RangeError(`it has shrunk from ${size} to ${end} bytes while it was read`);
      end += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
