import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { decodeSafetensors, Linear } from '@thetagrad/nn';
import { FileWriteError, openLog, removeStaleTemporaries, saveCheckpoint, writeFileAtomic } from '@thetagrad/nn/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setFileSystem } from '../../packages/nn/src/files/fileSystem.ts';
import { identifyProcess } from '../../packages/nn/src/files/processes.ts';
import { readRegularFile } from '../../packages/nn/src/files/readFile.ts';
import { createTemporaryName } from '../../packages/nn/src/files/temporary.ts';
import { createFaultyFileSystem } from '../support/faultyFileSystem.ts';
import { killRepeatedly, startNode } from '../support/kills.ts';
import { PowerCutFolder } from '../support/powerCuts.ts';
import { repetitions } from '../support/torture.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
  path = join(folder, 'results.json');
});
afterEach(() => {
  setFileSystem();
  rmSync(folder, { recursive: true, force: true });
});

const read = (): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const isPosix = process.platform !== 'win32';

describe('a file is replaced', () => {
  test('by text or bytes, leaving nothing else', async () => {
    await writeFileAtomic(path, 'first, 1 é');
    expect(read()).toBe('first, 1 é');
    await writeFileAtomic(path, Uint8Array.of(50));
    expect(read()).toBe('2');
    expect(readdirSync(folder)).toEqual(['results.json']);
    await writeFileAtomic(path, runInNewContext('Uint8Array.of(51)') as Uint8Array);
    expect(read()).toBe('3');
    await expect(writeFileAtomic(path, 3 as never)).rejects.toThrow(TypeError);
  });

  test.runIf(isPosix).for([0o600, 0o640, 0o755, 0o444])('with its permissions, %o', async (mode) => {
    writeFileSync(path, 'old');
    chmodSync(path, mode);
    await writeFileAtomic(path, 'new');
    expect([statSync(path).mode & 0o7777, read()]).toEqual([mode, 'new']);
  });

  test.runIf(isPosix)('through symbolic links, also broken ones and those of folders', async () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    symlinkSync('a/b', join(folder, 'link'));
    // In the folder that the link leads to, `..` is a.
    symlinkSync('../target', join(folder, 'a/b/inner'));
    symlinkSync('link/inner', path);
    for (const content of ['first', 'second']) {
      await writeFileAtomic(path, content);
      expect(readFileSync(join(folder, 'a/target'), 'utf8')).toBe(content);
    }
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(folder, 'a'))).toEqual(['b', 'target']);
    rmSync(path);
    symlinkSync('results.json', path);
    await expect(writeFileAtomic(path, '')).rejects.toThrow('more than 40 symbolic links; nothing was written');
  });

  test('but not what is no file, and without a raw path in the message', async () => {
    await expect(writeFileAtomic(folder, '')).rejects.toThrow(
      `writeFileAtomic: cannot write '${folder}': it is a folder, not a regular file; nothing was written`,
    );
    await expect(writeFileAtomic(join(folder, 'no\u001b]0;\u009b\u202e\n', 'x'), '')).rejects.toThrow(
      String.raw`no\u001b]0;\u009b\u202e\u000a/x': no such file or directory (ENOENT); nothing was written`,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('under a name of the longest length', async () => {
    path = join(folder, 'n'.repeat(255));
    await writeFileAtomic(path, 'new');
    expect(read()).toBe('new');
  });
});

describe('any call fails', () => {
  test.for(['ENOSPC', 'EIO', 'EACCES'].flatMap((code) => [[code, true] as const, [code, false] as const]))(
    '%s, with an old file: %s',
    async ([code, hasOld]) => {
      const old = hasOld ? 'old' : undefined;
      const seen = new Set<string>();
      for (const forever of [false, true]) {
        for (let at = 0; ; at++) {
          rmSync(path, { force: true });
          if (old !== undefined) writeFileSync(path, old, { mode: 0o600 });
          const system = createFaultyFileSystem({ at, code, forever });
          setFileSystem(system);
          const error = await caught(writeFileAtomic(path, 'new'));
          setFileSystem();
          if (system.calls.length <= at) break;
          seen.add(system.calls[at]!);
          // Closing the folder may fail, and looking for files left behind.
          if (error === undefined && read() === 'new') continue;
          expect(error).toBeInstanceOf(FileWriteError);
          const { message, replaced } = error as FileWriteError;
          expect(read()).toBe(replaced ? 'new' : old);
          const state = old === undefined ? 'nothing was written' : '(the old file is unchanged|nothing was written)';
          expect(message).toMatch(
            replaced
              ? /' is written, but its folder could not be flushed: .*; a power failure may bring the old state back$/
              : new RegExp(`: cannot write '.*'.*; ${state}$`),
          );
          expect(message).toContain(`(${code})`);
          const left = readdirSync(folder).filter((name) => name.endsWith('.tmp'));
          expect(left).toHaveLength(forever ? left.length : 0);
          for (const name of left) rmSync(join(folder, name));
        }
      }
      expect([...seen]).toEqual(
        expect.arrayContaining(['open', 'file.writeFile', 'file.sync', 'file.close', 'rename', 'stat']),
      );
    },
  );

  test('a file system that cannot flush folders, or owners that cannot be kept, are no failure', async () => {
    const system = createFaultyFileSystem();
    setFileSystem({
      ...system,
      open: async (name, flags, mode) => {
        const file = await system.open(name, flags, mode);
        if (flags !== 'r') return file;
        return { ...file, sync: () => Promise.reject(Object.assign(new Error('EINVAL: invalid'), { code: 'EINVAL' })) };
      },
    });
    await writeFileAtomic(path, 'new');
    expect(read()).toBe('new');
  });

  test('a full disk, in one sentence', async () => {
    await saveCheckpoint(path, { layer: new Linear(1, 1) }, 1);
    const before = read();
    const system = createFaultyFileSystem();
    setFileSystem(system);
    await saveCheckpoint(path, { layer: new Linear(1, 1) }, 2);
    setFileSystem(createFaultyFileSystem({ at: system.calls.indexOf('file.writeFile'), code: 'ENOSPC' }));
    const again = read();
    expect(again).not.toBe(before);
    await expect(saveCheckpoint(path, { layer: new Linear(1, 1) }, 3)).rejects.toThrow(
      `saveCheckpoint: cannot write '${path}': no space left on device (ENOSPC); the old file is unchanged`,
    );
    expect([read(), readdirSync(folder)]).toEqual([again, ['results.json']]);
  });
});

describe('temporary files left behind', () => {
  const { pid, start, place } = identifyProcess();
  const nameOf = (changes: { pid?: number; start?: string; place?: string }): string => {
    const name = { pid, start, place, ...changes };
    return `.thetagrad-${name.pid}-${name.start}-${name.place}-01234567.tmp`;
  };
  // Above the greatest process number of Linux.
  const dead = nameOf({ pid: 2 ** 22 + 1 });
  const foreign = nameOf({ place: '00000000' });
  const running = createTemporaryName();

  test('are removed once their process is dead, by the first write to the folder', async () => {
    const old = nameOf({ place: '00000001' });
    const reused = nameOf({ start: String(Number(start) + 1) });
    const mine = ['.thetagrad-1.tmp', 'notes.tmp'];
    for (const name of [dead, foreign, old, running, reused, ...mine]) writeFileSync(join(folder, name), '');
    utimesSync(join(folder, old), 0, 0);
    await writeFileAtomic(path, 'new');
    const kept = [foreign, running, 'results.json', ...mine, ...(start === '0' ? [reused] : [])];
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
  });

  test('are removed on demand, and what cannot be removed does no harm', async () => {
    await removeStaleTemporaries(join(folder, 'no such'));
    mkdirSync(join(folder, dead));
    await removeStaleTemporaries(folder);
    rmSync(join(folder, dead), { recursive: true });
    writeFileSync(join(folder, dead), '');
    await removeStaleTemporaries(folder);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('after a power failure at any moment, the old or the new file is there', async () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  let allowed: (string | undefined)[] = [];
  let outcomes = 0;
  const check = (): void => {
    for (const files of disk.outcomes()) {
      outcomes++;
      const found = files.get('results.json');
      expect(allowed).toContain(found && new TextDecoder().decode(found));
    }
  };
  const disk = new PowerCutFolder(check);
  setFileSystem(disk);
  let old: string | undefined;
  for (const content of ['first', 'second, longer', 'third']) {
    allowed = [old, content];
    await writeFileAtomic('/simulated/results.json', encode(content));
    // Once it is done, a power failure undoes nothing.
    allowed = [content];
    check();
    old = content;
  }
  // Writes at the same time leave one of them.
  const contents = ['fourth', 'fifth', 'sixth'];
  allowed = [old, ...contents];
  await Promise.all(contents.map((content) => writeFileAtomic('/simulated/results.json', encode(content))));
  allowed = contents;
  check();
  expect([...disk.files.keys()]).toEqual(['results.json']);
  expect(outcomes).toBeGreaterThan(30);
});

test(
  'after a kill at any moment, the files are whole, and nothing stays',
  { timeout: repetitions(60_000) },
  async () => {
    let next = 1;
    let last = 0;
    await killRepeatedly({
      rounds: repetitions(2),
      maxMs: 120,
      start: () => {
        const child = startNode(['test/support/saveLoop.ts', folder, String(next)]);
        child.stdout!.on('data', (text: Buffer) => void (last = Number(text.toString().trim().split('\n').at(-1))));
        return child;
      },
      check: async () => {
        expect(last).toBeGreaterThanOrEqual(next);
        const { tensors, metadata } = decodeSafetensors(readFileSync(join(folder, 'run.safetensors')));
        expect(tensors['model.weight']!.shape).toEqual([200_000]);
        const { i, padding } = JSON.parse(readFileSync(path, 'utf8')) as { i: number; padding: string };
        expect(padding).toBe(String(i).repeat(50_000));
        for (const found of [Number(metadata['position']), i]) {
          expect(found).toBeGreaterThanOrEqual(last);
          expect(found).toBeLessThanOrEqual(last + 2);
        }
        next = last + 10;
        await removeStaleTemporaries(folder);
        expect(readdirSync(folder).sort()).toEqual(['results.json', 'run.safetensors']);
      },
    });
  },
);

describe('only a regular file is read', () => {
  test('and no more than the limit', async () => {
    await writeFileAtomic(path, 'abc');
    expect(await readRegularFile(path, 3)).toEqual(Uint8Array.of(97, 98, 99));
    await expect(readRegularFile(path, 2)).rejects.toThrow('it has 3 bytes, more than 2');
    await expect(readRegularFile(folder, 9)).rejects.toThrow('it is a folder, not a regular file');
  });

  test.runIf(isPosix)('without waiting for a pipe or reading a device', async () => {
    execFileSync('mkfifo', [path]);
    await expect(readRegularFile(path, 9)).rejects.toThrow('it is a pipe, not a regular file');
    symlinkSync('/dev/zero', join(folder, 'zeros'));
    await expect(readRegularFile(join(folder, 'zeros'), 9)).rejects.toThrow('it is a device, not a regular file');
    await expect(writeFileAtomic(path, '')).rejects.toThrow('it is a pipe, not a regular file');
  });
});

describe('a log', () => {
  test('has a line for each record, and is continued without an incomplete last one', async () => {
    const log = await openLog(path);
    await Promise.all([log.write({ step: 1, loss: 0.5 }), log.write({ step: 2, loss: NaN, note: 'a\tb\n' })]);
    await log.close();
    const lines = '{"step":1,"loss":0.5}\n{"step":2,"loss":"NaN","note":"a\\tb\\n"}\n';
    expect(read()).toBe(lines);
    writeFileSync(path, `${lines}{"step":3,"lo`);
    const continued = await openLog(path);
    await continued.write({ step: 3, loss: null });
    await continued.close();
    expect(read()).toBe(`${lines}{"step":3,"loss":null}\n`);
  });

  test('is a table of columns', async () => {
    const columns = ['step', 'loss'];
    for (const step of [1, 2]) {
      const log = await openLog(path, { columns });
      await log.write({ loss: step / 4, step });
      await log.close();
    }
    expect(read()).toBe('step\tloss\n1\t0.25\n2\t0.5\n');
    await expect(openLog(path, { columns: ['step'] })).rejects.toThrow(
      'has other columns, step, loss; choose another file',
    );
    const log = await openLog(path, { columns });
    expect(() => log.write({ step: 1 })).toThrow('RecordLog.write: expected the columns step, loss, got step');
    expect(() => log.write({ step: 1, loss: 'a\tb' })).toThrow('contains a tab or a line break');
    expect(() => log.write({ step: 1, loss: {} as never })).toThrow(
      'loss must be a string, a number, a boolean or null',
    );
    await log.close();
  });

  test('says what is wrong', async () => {
    await expect(openLog(path, { columns: 'step' as never })).rejects.toThrow(
      'openLog: columns must be an array of strings',
    );
    await expect(openLog(path, { columns: ['a\nb'] })).rejects.toThrow('contains a tab or a line break');
    await expect(openLog(folder)).rejects.toThrow('it is a folder, not a regular file');
    await expect(openLog(join(folder, 'missing', 'log'))).rejects.toThrow(/openLog: cannot open '.*': no such file/);
    const log = await openLog(path);
    expect(() => log.write(1 as never)).toThrow('RecordLog.write: the record must be an object, got 1');
    await log.close();
  });
});
