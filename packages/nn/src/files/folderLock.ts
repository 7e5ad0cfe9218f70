// A lock by which one process at a time writes to a folder.
import { randomUUID } from 'node:crypto';
import { readFileSync, unlinkSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { escapeControls, isPlainObject } from '@thetagrad/core/backend';
import { codeOf, getFileSystem } from './fileSystem.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './processes.ts';
import { readRegularFile } from './readFile.ts';
import { createTemporaryName } from './temporary.ts';

const lockName = '.thetagrad.lock';
const maxLockBytes = 4096;
/** How often a lock is touched, and after how long without it a lock of another machine counts as left behind. */
const touchInterval = 60_000;
const foreignAge = 600_000;
/** For how long a lock may be without content: where links are not supported, it is made before it is written. */
const emptyAge = 10_000;
/** For how long to wait while other processes take over the same lock. */
const maxAttempts = 100;
const retryMs = 20;
/** What file systems without hard links answer. */
const linklessCodes = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'];

/** The process that holds a lock. */
interface Owner extends ProcessIdentity {
  readonly host: string;
  /** When it took the lock, as ISO 8601. */
  readonly since: string;
}

/** A folder is locked by another process. */
export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
}

/**
 * Locks a folder for this process, by a file `.thetagrad.lock` that names it. A lock whose process is dead is taken
 * over, also after a kill; one of another machine or container, which cannot be seen, when it was not renewed for ten
 * minutes.
 * @returns a function that releases the lock, as the end of the process does.
 * @throws {FolderLockedError} if a running process, this one included, holds it.
 * @throws {Error} of the system if the lock cannot be written.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const path = join(folder, lockName);
  const owner: Owner = { ...identifyProcess(), host: hostname(), since: new Date().toISOString() };
  const content = JSON.stringify({ ...owner, id: randomUUID() });
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    if (await createLock(folder, path, content)) return hold(path, content);
    const found = await readLock(path);
    if (found === undefined) continue;
    if (!isStale(found)) throw new FolderLockedError(describeOwner(folder, path, found));
    if (!(await removeStale(folder, path, content))) await setTimeout(retryMs);
  }
  throw new FolderLockedError(`lockFolder: '${escapeControls(folder)}' is being locked by other processes`);
}

/** Creates the lock with its content at once, by a link. Returns false if there is one. */
async function createLock(folder: string, path: string, content: string): Promise<boolean> {
  const fs = getFileSystem();
  const draft = join(folder, createTemporaryName());
  try {
    await writeNew(draft, content);
    try {
      await fs.link(draft, path);
    } catch (error) {
      if (!linklessCodes.includes(codeOf(error)!)) throw error;
      await writeNew(path, content);
    }
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await fs.unlink(draft).catch(() => {});
  }
}

async function writeNew(path: string, content: string): Promise<void> {
  const file = await getFileSystem().open(path, 'wx');
  try {
    await file.writeFile(new TextEncoder().encode(content));
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await getFileSystem()
      .unlink(path)
      .catch(() => {});
    throw error;
  }
}

interface FoundLock {
  readonly content: string;
  /** `undefined` if the content is not that of a lock. */
  readonly owner: Owner | undefined;
  /** Milliseconds since it was touched. */
  readonly age: number;
}

async function readLock(path: string): Promise<FoundLock | undefined> {
  try {
    const content = new TextDecoder().decode(await readRegularFile(path, maxLockBytes));
    const { mtimeMs } = await getFileSystem().stat(path);
    return { content, owner: parseOwner(content), age: Date.now() - mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(content: string): Owner | undefined {
  let found: unknown;
  try {
    found = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (!isPlainObject(found)) return undefined;
  const { pid, start, place, host, since } = found;
  const isPid = Number.isInteger(pid) && (pid as number) > 0 && (pid as number) < 2 ** 31;
  if (!isPid || [start, place, host, since].some((value) => typeof value !== 'string')) return undefined;
  return { pid: pid as number, start, place, host, since } as Owner;
}

function isStale({ owner, age }: FoundLock): boolean {
  if (owner === undefined) return age > emptyAge;
  return !(isRunning(owner) ?? age < foreignAge);
}

/**
 * Removes a stale lock, under a second lock: of two processes that found it stale, the slower would otherwise remove the
 * lock of the faster. Returns false if another process is doing this.
 */
async function removeStale(folder: string, path: string, content: string): Promise<boolean> {
  const fs = getFileSystem();
  const guard = `${path}.takeover`;
  if (!(await createLock(folder, guard, content))) {
    const found = await readLock(guard);
    // Left by a process that was killed within these few milliseconds.
    if (found !== undefined && isStale(found)) await fs.unlink(guard).catch(() => {});
    return false;
  }
  try {
    const found = await readLock(path);
    if (found !== undefined && isStale(found)) await fs.unlink(path);
  } finally {
    await fs.unlink(guard).catch(() => {});
  }
  return true;
}

/** Renews the lock now and then; returns the function that ends this and removes it. */
function hold(path: string, content: string): () => void {
  const attempt = (action: () => void): void => {
    try {
      if (readFileSync(path, 'utf8') === content) action();
    } catch {
      // Gone, as after someone removed the folder.
    }
  };
  const timer = setInterval(() => attempt(() => utimesSync(path, new Date(), new Date())), touchInterval);
  timer.unref();
  const release = (): void => {
    clearInterval(timer);
    process.off('exit', release);
    attempt(() => unlinkSync(path));
  };
  process.on('exit', release);
  return release;
}

function describeOwner(folder: string, path: string, { owner }: FoundLock): string {
  const what = `lockFolder: '${escapeControls(folder)}' is in use`;
  if (owner === undefined) return `${what} by a process that is just starting`;
  const by = `${what} by process ${owner.pid}${isRunning(owner) ? '' : ` on ${escapeControls(owner.host)}`}, since ${escapeControls(owner.since)}`;
  return isRunning(owner) ? by : `${by}; if it no longer runs, delete '${escapeControls(path)}'`;
}
