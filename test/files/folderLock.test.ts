import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderLockedError, lockFolder } from '@thetagrad/nn/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setFileSystem } from '../../packages/nn/src/files/fileSystem.ts';
import { identifyProcess } from '../../packages/nn/src/files/processes.ts';
import { createFaultyFileSystem, createSystemError } from '../support/faultyFileSystem.ts';
import { startNode } from '../support/kills.ts';
import { repetitions } from '../support/torture.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, '.thetagrad.lock');
});
afterEach(() => {
  setFileSystem();
  rmSync(folder, { recursive: true, force: true });
});

const owner = { ...identifyProcess(), host: 'here', since: '2026-01-01T00:00:00.000Z' };
// Above the greatest process number of Linux.
const deadPid = 2 ** 22 + 1;
/** Leaves a lock of another process, touched so many seconds ago. */
function leave(content: unknown, age = 0): void {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  const time = Date.now() / 1000 - age;
  utimesSync(path, time, time);
}

test('a folder is locked once, until it is released', async () => {
  const release = await lockFolder(folder);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(identifyProcess());
  const refused = lockFolder(folder);
  await expect(refused).rejects.toBeInstanceOf(FolderLockedError);
  await expect(refused).rejects.toThrow(`lockFolder: '${folder}' is in use by process ${process.pid}, since 20`);
  expect(readdirSync(folder)).toEqual(['.thetagrad.lock']);
  release();
  expect(readdirSync(folder)).toEqual([]);
  (await lockFolder(folder))();
  release();
});

test('of many that lock at once, one succeeds, also when they take over a lock', async () => {
  for (const stale of [false, true, true]) {
    if (stale) leave({ ...owner, pid: deadPid });
    // A process may have been killed while it took over.
    if (stale) writeFileSync(`${path}.takeover`, JSON.stringify({ ...owner, pid: deadPid }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const held = results.filter((result) => result.status === 'fulfilled');
    expect(held).toHaveLength(1);
    held[0]!.value();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test.for<[string, unknown, number]>([
  ['of a dead process', { ...owner, pid: deadPid }, 0],
  ...(owner.start === '0'
    ? []
    : [['of a process whose number was given again', { ...owner, start: '1' }, 0] satisfies [string, unknown, number]]),
  ['of another machine, not renewed', { ...owner, place: '00000000' }, 601],
  ['that was never written', '', 11],
  ['of another form', { ...owner, pid: -1 }, 11],
])('a lock %s is taken over', async ([, content, age]) => {
  leave(content, age);
  const before = readFileSync(path, 'utf8');
  const release = await lockFolder(folder);
  expect(readFileSync(path, 'utf8')).not.toBe(before);
  release();
  expect(readdirSync(folder)).toEqual([]);
});

test.for<[string, unknown, number, string]>([
  ['of a running process', owner, 1e6, `is in use by process ${process.pid}, since 2026-01-01`],
  [
    'of another machine',
    { ...owner, place: '00000000', host: 'there\u001b' },
    60,
    String.raw`on there\u001b, since 2026-01-01T00:00:00.000Z; if it no longer runs, delete '`,
  ],
  ['that is being written', '', 1, 'by a process that is just starting'],
])('a lock %s is respected', async ([, content, age, message]) => {
  leave(content, age);
  const before = readFileSync(path, 'utf8');
  await expect(lockFolder(folder)).rejects.toThrow(message);
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(readdirSync(folder)).toEqual(['.thetagrad.lock']);
});

test('a lock is taken over after a kill, and gone after an exit', { timeout: 30_000 }, async () => {
  const script = `
    import { lockFolder } from '@thetagrad/nn/node';
    await lockFolder(process.argv[1]);
    console.log('locked');
    process.stdin.on('data', () => process.exit()).on('end', () => process.exit());`;
  const start = () => startNode(['--input-type=module', '--eval', script, folder], 'pipe');
  const killed = start();
  await once(killed.stdout!, 'data');
  await expect(lockFolder(folder)).rejects.toThrow(`is in use by process ${killed.pid}`);
  killed.kill('SIGKILL');
  await once(killed, 'close');
  expect(existsSync(path)).toBe(true);
  const exiting = start();
  await once(exiting.stdout!, 'data');
  exiting.stdin!.end('exit');
  await once(exiting, 'close');
  expect(existsSync(path)).toBe(false);
});

test(
  'of processes that race for a lock and for dead ones, one holds it',
  { timeout: repetitions(120_000) },
  async () => {
    const ms = repetitions(700);
    const children = Array.from({ length: 3 }, () => startNode(['test/support/lockLoop.ts', folder, String(ms)]));
    let printed = '';
    for (const child of children) child.stdout!.on('data', (text: Buffer) => void (printed += text.toString()));
    const ends = await Promise.all(children.map((child) => once(child, 'close')));
    expect(ends.map(([code]) => code as number)).toEqual([0, 0, 0]);
    const total = printed
      .trim()
      .split('\n')
      .reduce((sum, count) => sum + Number(count), 0);
    expect(total).toBeGreaterThan(0);
  },
);

test('works where there are no links, and any failing call leaves no lock', async () => {
  const linkless = { link: () => Promise.reject(createSystemError('EPERM', 'link')) };
  setFileSystem({ ...createFaultyFileSystem(), ...linkless });
  (await lockFolder(folder))();
  const messages: string[] = [];
  for (const changes of [{}, linkless]) {
    let calls = Infinity;
    for (let at = 0; at < calls; at++) {
      const system = createFaultyFileSystem({ at, code: 'ENOSPC' });
      setFileSystem({ ...system, ...changes });
      try {
        (await lockFolder(folder))();
      } catch (error) {
        messages.push((error as Error).message);
      }
      calls = system.calls.length;
      expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    }
  }
  expect(messages.length).toBeGreaterThan(4);
  for (const message of messages) expect(message).toContain('no space left on device');
});
