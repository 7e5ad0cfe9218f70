import { constants } from 'node:fs';
import { open, opendir, stat, type FileHandle } from 'node:fs/promises';
import { DataFileError, messageOf } from './formats/error.ts';
import { FileBudget } from './formats/fileBudget.ts';
import type { Limits } from './limits.ts';

/**
 * Reads a regular file, of which no more than the limit, even if it grows meanwhile.
 * @throws {DataFileError} if it is missing, too large or another kind of file, or changes its size.
 */
export async function readBytes(path: string, limits: Limits): Promise<Uint8Array> {
  return wrapFileErrors(path, 'file', async () => {
    const { file, bytes } = await openRegular(path);
    try {
      new FileBudget(path, limits, bytes);
      return await readExactly(file, path, bytes);
    } finally {
      await file.close();
    }
  });
}

/**
 * Opens a regular file to read it.
 * @throws {DataFileError} if it is another kind of file.
 */
export async function openRegular(path: string): Promise<{ readonly file: FileHandle; readonly bytes: number }> {
  // Opening a device may have effects, hence not before this; opening a pipe waits for its writer, if not told else.
  checkRegular(path, await stat(path));
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    checkRegular(path, found);
    return { file, bytes: found.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads a part of a file.
 * @throws {DataFileError} if the file ends before.
 */
export async function readPart(file: FileHandle, path: string, at: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let read = 0; read < size;) {
    // Node reads at most 2 GiB at once.
    const { bytesRead } = await file.read(bytes, read, Math.min(size - read, 2 ** 30), at + read);
    if (bytesRead === 0) throw new DataFileError(path, `truncated: ends at byte ${at + read}, expected ${at + size}`);
    read += bytesRead;
  }
  return bytes;
}

function checkRegular(path: string, found: Awaited<ReturnType<typeof stat>>): void {
  if (found.isFile()) return;
  if (found.isDirectory()) throw new DataFileError(path, 'not a file');
  throw new DataFileError(path, 'not a regular file: pipes, sockets and devices cannot be read');
}

async function readExactly(file: FileHandle, path: string, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    // Node reads at most 2 GiB at once.
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 2 ** 30));
    if (bytesRead === 0) throw new DataFileError(path, `has shrunk from ${size} to ${at} bytes while it was read`);
    at += bytesRead;
  }
  const { bytesRead } = await file.read(new Uint8Array(1), 0, 1);
  if (bytesRead > 0) throw new DataFileError(path, `has grown beyond ${size} bytes while it was read`);
  return bytes;
}

/** @throws {DataFileError} if the folder is missing, or has too many entries. */
export async function listFolder(path: string, limits: Limits): Promise<string[]> {
  return wrapFileErrors(path, 'folder', async () => {
    const budget = new FileBudget(path, limits, 0);
    const names: string[] = [];
    for await (const { name } of await opendir(path)) {
      names.push(name);
      budget.check('entries', names.length, `has ${names.length} entries or more`);
    }
    return names;
  });
}

/** Runs an operation on a file or folder and turns its errors into `DataFileError`s. */
export async function wrapFileErrors<T>(path: string, kind: 'file' | 'folder', action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof DataFileError) throw cause;
    const code = (cause as { code?: unknown }).code;
    const problem =
      code === 'ENOENT'
        ? `no such ${kind}`
        : code === 'ENOTDIR' || code === 'EISDIR'
          ? `not a ${kind}`
          : `cannot read this ${kind}: ${messageOf(cause)}`;
    throw new DataFileError(path, problem, { cause });
  }
}
