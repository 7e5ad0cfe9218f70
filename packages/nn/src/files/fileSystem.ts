// What files need of the system, in one interface, which tests replace to make any call fail.
import * as promises from 'node:fs/promises';

export interface OpenFile {
  stat(): Promise<FileStatus>;
  read(target: Uint8Array, offset: number, length: number): Promise<{ readonly bytesRead: number }>;
  writeFile(content: Uint8Array): Promise<void>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileStatus {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** The part of `node:fs/promises` by which files are read, replaced and locked. */
export interface FileSystem {
  open(path: string, flags: string | number, mode?: number): Promise<OpenFile>;
  stat(path: string): Promise<FileStatus>;
  realpath(path: string): Promise<string>;
  readlink(path: string): Promise<string>;
  readdir(path: string): Promise<string[]>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

let current: FileSystem = promises;

export function getFileSystem(): FileSystem {
  return current;
}

/** Replaces the system, for tests. Default: that of Node. */
export function setFileSystem(replacement: FileSystem = promises): void {
  current = replacement;
}

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** A system error in words: `no space left on device (ENOSPC)`. */
export function reasonOf(error: unknown): string {
  const [code, message] = [codeOf(error), error instanceof Error ? error.message : String(error)];
  const words = message.startsWith(`${code}: `) ? message.slice(code!.length + 2).split(', ')[0]! : undefined;
  return words === undefined ? message : `${words} (${code})`;
}
