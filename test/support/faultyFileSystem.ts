// Node's file system, of which chosen calls fail.
import * as promises from 'node:fs/promises';
import type { FileSystem, OpenFile } from '../../packages/nn/src/files/fileSystem.ts';

export interface Fault {
  /** Index of the call that fails, from 0. */
  readonly at: number;
  /** The code of its error, such as ENOSPC. */
  readonly code: string;
  /** Whether all later calls fail, too. Default: false. */
  readonly forever?: boolean;
}

export interface FaultyFileSystem extends FileSystem {
  /** The calls so far, by name: `file.sync` is that of an open file. */
  readonly calls: string[];
}

const messages: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EIO: 'i/o error',
  EACCES: 'permission denied',
};

/** The error that Node throws for a code. */
export function createSystemError(code: string, call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${messages[code] ?? 'failed'}, ${call}`), { code, syscall: call });
}

/** Passes calls on to Node, except for the fault. A write that fails leaves half of the content. */
export function createFaultyFileSystem(fault?: Fault): FaultyFileSystem {
  const calls: string[] = [];
  const call = async <Result>(
    name: string,
    f: () => Promise<Result>,
    fail?: () => Promise<unknown>,
  ): Promise<Result> => {
    const index = calls.push(name) - 1;
    if (fault && (index === fault.at || (fault.forever && index > fault.at))) {
      await fail?.();
      throw createSystemError(fault.code, name);
    }
    return f();
  };
  const wrap = (file: promises.FileHandle): OpenFile => ({
    stat: () => call('file.stat', () => file.stat()),
    read: (target, offset, length) => call('file.read', () => file.read(target, offset, length)),
    writeFile: (content) =>
      call(
        'file.writeFile',
        () => file.writeFile(content),
        () => file.write(content.subarray(0, content.length / 2)),
      ),
    chmod: (mode) => call('file.chmod', () => file.chmod(mode)),
    chown: (uid, gid) => call('file.chown', () => file.chown(uid, gid)),
    sync: () => call('file.sync', () => file.sync()),
    // A descriptor is gone even if closing it fails.
    close: () =>
      call(
        'file.close',
        () => file.close(),
        () => file.close(),
      ),
  });
  return {
    calls,
    open: (path, flags, mode) => call('open', async () => wrap(await promises.open(path, flags, mode))),
    stat: (path) => call('stat', () => promises.stat(path)),
    realpath: (path) => call('realpath', () => promises.realpath(path)),
    readlink: (path) => call('readlink', () => promises.readlink(path)),
    readdir: (path) => call('readdir', () => promises.readdir(path)),
    link: (from, to) => call('link', () => promises.link(from, to)),
    rename: (from, to) => call('rename', () => promises.rename(from, to)),
    unlink: (path) => call('unlink', () => promises.unlink(path)),
  };
}
