import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { escapeControls, typedArrayType } from '@thetagrad/core/backend';
import { codeOf, type FileStatus, getFileSystem, type OpenFile, reasonOf } from './fileSystem.ts';
import { describeKind } from './readFile.ts';
import { createTemporaryName, removeStaleTemporaries } from './temporary.ts';

/** A file could not be written. The message says what is on disk now. */
export class FileWriteError extends Error {
  override readonly name = 'FileWriteError';
  readonly path: string;
  /** Whether the file has the new content, which only a power failure might still undo. */
  readonly replaced: boolean;

  constructor(message: string, path: string, replaced: boolean, cause: unknown) {
    super(message, { cause });
    this.path = path;
    this.replaced = replaced;
  }
}

/** Permissions of a new file, before the process' mask. */
const newFileMode = 0o666;
/** The links that the kernel follows, too. */
const maxLinks = 40;

/** The folders in which this process has looked for files left behind. */
const cleanedFolders = new Set<string>();

/**
 * Writes a file so that at every moment, and after a crash or power failure, it has wholly its old or wholly its new
 * content: writes and flushes a temporary file in the same folder, renames it, and flushes the folder. Keeps the
 * permissions of a file that exists, and writes through symbolic links. The first write to a folder removes temporary
 * files that killed processes left there.
 * @throws {TypeError} if the content is neither a string nor a Uint8Array.
 * @throws {FileWriteError} if it fails: the message names the path and the reason, and says what is on disk. Unless
 *   `replaced` is true, that is what was there before, and no temporary file.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  if (typedArrayType(bytes) !== 'Uint8Array') throw new TypeError('writeFileAtomic: expected a string or a Uint8Array');
  await replaceFile('writeFileAtomic', path, bytes);
}

/** {@link writeFileAtomic} for an operation that messages name. */
export async function replaceFile(operation: string, path: string, bytes: Uint8Array): Promise<void> {
  const fs = getFileSystem();
  let old: FileStatus | undefined;
  let temporary: string | undefined;
  let folder: string;
  try {
    const target = await followLinks(path);
    folder = dirname(target);
    const found = await statIfThere(target);
    const kind = found && describeKind(found.mode);
    if (kind !== undefined) throw new Error(`it is ${kind}, not a regular file`);
    old = found;
    if (!cleanedFolders.has(folder)) {
      cleanedFolders.add(folder);
      await removeStaleTemporaries(folder);
    }
    const draft = join(folder, createTemporaryName());
    const file = await fs.open(draft, 'wx', old === undefined ? newFileMode : old.mode & 0o777);
    temporary = draft;
    await writeFlushed(file, bytes, old);
    await fs.rename(draft, target);
  } catch (error) {
    // What cannot be removed now is removed by a later process.
    if (temporary !== undefined) await fs.unlink(temporary).catch(() => {});
    const state = old === undefined ? 'nothing was written' : 'the old file is unchanged';
    const message = `${operation}: cannot write '${escapeControls(path)}': ${reasonOf(error)}; ${state}`;
    throw new FileWriteError(message, path, false, error);
  }
  try {
    await flushFolder(folder);
  } catch (error) {
    const message = `${operation}: '${escapeControls(path)}' is written, but its folder could not be flushed: ${reasonOf(error)}; a power failure may bring the old state back`;
    throw new FileWriteError(message, path, true, error);
  }
}

async function writeFlushed(file: OpenFile, bytes: Uint8Array, old: FileStatus | undefined): Promise<void> {
  try {
    if (old !== undefined) await keepOwnership(file, old);
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  // Closing may report that a network could not store the data.
  await file.close();
}

/** Gives a new file the owner and the permissions of the one that it replaces, as far as the process may. */
async function keepOwnership(file: OpenFile, { mode, uid, gid }: FileStatus): Promise<void> {
  const made = await file.stat();
  if (made.uid !== uid || made.gid !== gid) {
    await file.chown(uid, gid).catch((error: unknown) => {
      if (!isUnsupported(error) && codeOf(error) !== 'EPERM') throw error;
    });
  }
  // Also after `chown`, which clears bits. The process' mask may have taken some when the file was made.
  if (((await file.stat()).mode & 0o7777) !== (mode & 0o7777)) await file.chmod(mode & 0o7777);
}

/** The path of the file to which symbolic links lead, whether or not it exists. */
async function followLinks(path: string): Promise<string> {
  const fs = getFileSystem();
  let target = path;
  for (let i = 0; i <= maxLinks; i++) {
    // Resolves the folder's own links before `..` is dropped.
    target = join(await fs.realpath(dirname(target)), basename(target));
    let link: string;
    try {
      link = await fs.readlink(target);
    } catch (error) {
      // EINVAL, on Windows also UNKNOWN: it is not a link.
      if (['EINVAL', 'UNKNOWN', 'ENOENT'].includes(codeOf(error)!)) return target;
      throw error;
    }
    target = isAbsolute(link) ? link : `${dirname(target)}${sep}${link}`;
  }
  throw new Error(`more than ${maxLinks} symbolic links`);
}

async function statIfThere(path: string): Promise<FileStatus | undefined> {
  try {
    return await getFileSystem().stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a rename durable. Windows cannot open folders, and does not need it; some file systems cannot flush them. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await getFileSystem().open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  } finally {
    await folder.close().catch(() => {});
  }
}

function isUnsupported(error: unknown): boolean {
  return ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error)!);
}
