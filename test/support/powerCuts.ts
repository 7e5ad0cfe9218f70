// A file system in memory that knows what a power failure may leave of one folder.
import { constants } from 'node:fs';
import { basename } from 'node:path';
import type { FileStatus, FileSystem, OpenFile } from '../../packages/nn/src/files/fileSystem.ts';
import { createSystemError } from './faultyFileSystem.ts';

/** The files of a folder by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

interface Inode {
  content: Uint8Array;
  mode: number;
  /** What was flushed. */
  durable: Uint8Array;
  isFlushed: boolean;
}

type Entries = Map<string, Inode>;
type Change = (entries: Entries) => void;

/**
 * A folder whose changes survive a power failure only once flushed: of the later creations, links, renames and removals
 * any subset may be lost, and the content of a file that was not flushed may be missing, cut, zeros or whole.
 */
export class PowerCutFolder implements FileSystem {
  readonly #durable: Entries = new Map();
  #entries: Entries = new Map();
  #pending: Change[] = [];
  readonly #afterCall: (call: string) => void;

  /** @param afterCall called after each change, with its name: the moment for a power failure. */
  constructor(afterCall: (call: string) => void) {
    this.#afterCall = afterCall;
  }

  /** What the running system sees. */
  get files(): Files {
    return new Map([...this.#entries].map(([name, { content }]) => [name, content]));
  }

  /** All that may be found after a power failure at this moment. */
  *outcomes(): Generator<Files> {
    for (let kept = 0; kept < 2 ** this.#pending.length; kept++) {
      const entries = new Map(this.#durable);
      this.#pending.forEach((change, i) => (kept >> i) & 1 && change(entries));
      const unflushed = [...entries.values()].filter(({ isFlushed }) => !isFlushed);
      for (let damage = 0; damage < (unflushed.length > 0 ? 4 : 1); damage++) {
        yield new Map([...entries].map(([name, inode]) => [name, survive(inode, damage)]));
      }
    }
  }

  open = async (path: string, flags: string | number, mode = 0o666): Promise<OpenFile> => {
    const name = basename(path);
    if (flags === 'r') return this.#openFolder();
    if (this.#entries.has(name)) throw createSystemError('EEXIST', 'open');
    const empty = new Uint8Array(0);
    const inode: Inode = { content: empty, durable: empty, isFlushed: true, mode: constants.S_IFREG | mode };
    this.#change('create', (entries) => entries.set(name, inode));
    return this.#openInode(inode);
  };

  stat = async (path: string): Promise<FileStatus> => statusOf(this.#find(path, 'stat'));
  realpath = async (path: string): Promise<string> => path;
  readlink = async (path: string): Promise<string> => {
    this.#find(path, 'readlink');
    throw createSystemError('EINVAL', 'readlink');
  };
  readdir = async (): Promise<string[]> => [...this.#entries.keys()];

  link = async (from: string, to: string): Promise<void> => {
    const inode = this.#find(from, 'link');
    this.#change('link', (entries) => entries.set(basename(to), inode));
  };
  rename = async (from: string, to: string): Promise<void> => {
    const inode = this.#find(from, 'rename');
    this.#change('rename', (entries) => entries.delete(basename(from)) && entries.set(basename(to), inode));
  };
  unlink = async (path: string): Promise<void> => {
    this.#find(path, 'unlink');
    this.#change('unlink', (entries) => entries.delete(basename(path)));
  };

  #find(path: string, call: string): Inode {
    const inode = this.#entries.get(basename(path));
    if (!inode) throw createSystemError('ENOENT', call);
    return inode;
  }

  #change(call: string, change: Change): void {
    change(this.#entries);
    this.#pending.push(change);
    this.#afterCall(call);
  }

  #openFolder(): OpenFile {
    return {
      ...unused,
      sync: async () => {
        this.#pending = [];
        this.#durable.clear();
        for (const [name, inode] of this.#entries) this.#durable.set(name, inode);
        this.#afterCall('sync folder');
      },
    };
  }

  #openInode(inode: Inode): OpenFile {
    return {
      ...unused,
      stat: async () => statusOf(inode),
      chmod: async (mode) => void (inode.mode = constants.S_IFREG | mode),
      writeFile: async (content) => {
        inode.content = content.slice();
        inode.isFlushed = false;
        this.#afterCall('write');
      },
      sync: async () => {
        inode.durable = inode.content;
        inode.isFlushed = true;
        this.#afterCall('sync file');
      },
    };
  }
}

const refuse = (): Promise<never> => Promise.reject(new Error('not simulated'));
const unused: OpenFile = {
  stat: refuse,
  read: refuse,
  writeFile: refuse,
  chmod: refuse,
  chown: refuse,
  sync: refuse,
  close: () => Promise.resolve(),
};

function survive({ content, durable, isFlushed }: Inode, damage: number): Uint8Array {
  if (isFlushed) return durable;
  const variants = [durable, content.subarray(0, content.length / 2), new Uint8Array(content.length), content];
  return variants[damage]!;
}

function statusOf({ content, mode }: Inode): FileStatus {
  return { mode, uid: 0, gid: 0, size: content.length, mtimeMs: 0 };
}
