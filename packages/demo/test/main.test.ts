// The program as a separate process. Each start takes a second: what can run within this process is tested elsewhere.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { decodeSafetensors } from '@thetagrad/nn';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { killRepeatedly } from '../../../test/support/kills.ts';
import { repetitions } from '../../../test/support/torture.ts';
import { runJob } from '../src/job.ts';
import { parseOptions } from '../src/options.ts';
import { createTemporaryFolder, writeMnist } from './helpers.ts';

afterEach(() => vi.restoreAllMocks());

vi.setConfig({ testTimeout: repetitions(60_000) });

const folder = createTemporaryFolder();
const root = fileURLToPath(new URL('../../..', import.meta.url));
const digits = join(folder, 'digits');
writeMnist(
  digits,
  'train',
  Array.from({ length: 50 }, (_, i) => i % 10),
);

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  args: readonly string[],
  preloads: readonly string[] = [],
): { process: ChildProcess; exit: Promise<Exit> } {
  const imports = ['tsx', ...preloads].flatMap((name) => ['--import', name]);
  const process_ = spawn(
    process.execPath,
    ['--conditions=@thetagrad/source', ...imports, 'packages/demo/src/main.ts', ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  process_.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  process_.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const exit = once(process_, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }) as Exit);
  return { process: process_, exit };
}

/** Sends a signal once the program has printed a text. */
async function signalAt(args: readonly string[], text: string, signal: NodeJS.Signals): Promise<Exit> {
  const { process, exit } = start(args);
  let printed = '';
  process.stdout!.on('data', (part: Buffer) => {
    const before = printed.includes(text);
    printed += part.toString();
    if (!before && printed.includes(text)) process.kill(signal);
  });
  return exit;
}

describe.concurrent('it exits', () => {
  test('with 0 after --help', async ({ expect }) => {
    const { code, stdout, stderr } = await start(['--help']).exit;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npm start -- \[options\]\n/);
  });

  test('with 2 and one line after a wrong option', async ({ expect }) => {
    expect(await start(['--margins', '2,x']).exit).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr:
        "error: option '--margins <m,...>' argument '2,x' is invalid. It must be an integer from 1 to 64; see npm start -- --help\n",
    });
  });

  test('with 2 and one line after a damaged file', async ({ expect }) => {
    const zip = join(folder, 'damaged.zip');
    writeFileSync(zip, 'PK damaged');
    const { code, stdout, stderr } = await start(['--data', `omniglot:${zip}`, '--out', join(folder, 'none')]).exit;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: .*damaged\.zip: [^\n]+\n$/);
  });

  test('with 1 and one line if the disk is full, without escape sequences of a path', async ({ expect }) => {
    const out = join(folder, 'full \u001b[31m\n');
    const args = `--margins 2 --embedding 4 --steps 1 --batch 4 --backend portable --data mnist:${digits} --out`;
    const { code, stderr } = await start([...args.split(' '), out], ['./test/support/fullDisk.ts']).exit;
    const path = join(folder, String.raw`full \u001b[31m\u000a`, 'checkpoints', 'softmax.safetensors');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: saveCheckpoint: cannot write '${path}': no space left on device (ENOSPC); nothing was written\n`,
    });
    expect([readdirSync(out), readdirSync(join(out, 'checkpoints'))]).toEqual([['checkpoints'], []]);
  });

  test.skipIf(process.platform === 'win32')(
    'with a checkpoint and no lock after its terminal closes',
    async ({ expect }) => {
      const out = join(folder, 'hung up');
      const args = `--margins 2 --embedding 4 --steps 10 --batch 4 --backend portable --data mnist:${digits} --out`;
      expect(await signalAt([...args.split(' '), out], 'for training', 'SIGHUP')).toMatchObject({
        code: 130,
        stderr: '',
      });
      expect(readdirSync(out)).toEqual(['checkpoints']);
      expect(readdirSync(join(out, 'checkpoints'))).toEqual(['softmax.safetensors']);
    },
  );

  test.skipIf(process.platform === 'win32')('at once after a second Ctrl-C', async ({ expect }) => {
    // Waits for a file that never opens, so that the first Ctrl-C has no effect yet.
    const hold = join(folder, 'hold.mjs');
    writeFileSync(
      hold,
      `import files from 'node:fs/promises';
      import { syncBuiltinESMExports } from 'node:module';
      files.open = () => {
        process.stdout.write('reading');
        return new Promise(() => setInterval(() => {}, 1e6));
      };
      syncBuiltinESMExports();`,
    );
    const zip = join(folder, 'held.zip');
    writeFileSync(zip, 'PK');
    const args = ['--data', `omniglot:${zip}`, '--out', join(folder, 'none')];
    const { process, exit } = start(args, [pathToFileURL(hold).href]);
    await once(process.stdout!, 'data');
    let sent = 0;
    while (process.exitCode === null && process.signalCode === null) {
      process.kill('SIGINT');
      sent++;
      await setTimeout(100);
    }
    expect(sent).toBeGreaterThan(1);
    expect(await exit).toEqual({ code: null, signal: 'SIGINT', stdout: 'reading', stderr: '' });
  });
});

test('after Ctrl-C and after a kill it continues to the results of an uninterrupted run', async () => {
  const args = (out: string): string[] =>
    `--margins 2 --embedding 4 --steps 10 --batch 4 --data mnist:${digits} --out ${join(folder, out)}`.split(' ');
  const results = (out: string): unknown =>
    JSON.parse(readFileSync(join(folder, out, 'results.json'), 'utf8'), (key, value: unknown) =>
      ['seconds', 'out'].includes(key) ? undefined : value,
    );

  const first = await signalAt(args('interrupted'), 'for training', 'SIGINT');
  expect(first).toMatchObject({ code: 130, stderr: '' });
  expect(first.stdout).toMatch(/\ninterrupted; run the same command with --resume to continue\n$/);
  const checkpoints = join(folder, 'interrupted', 'checkpoints');
  expect(readdirSync(checkpoints)).toEqual(['softmax.safetensors']);

  const second = await signalAt([...args('interrupted'), '--resume'], 'modified softmax: step 10', 'SIGKILL');
  expect(second).toMatchObject({ code: null, signal: 'SIGKILL', stderr: '' });
  for (const name of readdirSync(checkpoints).filter((file) => file.endsWith('.safetensors'))) {
    expect(Object.keys(decodeSafetensors(readFileSync(join(checkpoints, name))).tensors)).toContain('optimizer.step');
  }

  // At random moments, the table and the report included.
  await killRepeatedly({
    rounds: repetitions(1),
    maxMs: 2000,
    start: () => start([...args('interrupted'), '--resume']).process,
    check: () => {
      for (const name of readdirSync(join(folder, 'interrupted'))) {
        if (name === 'checkpoints') continue;
        const text = readFileSync(join(folder, 'interrupted', name), 'utf8');
        if (name === 'results.json') JSON.parse(text);
        if (name === 'report.html' && !text.endsWith('</html>\n')) throw new Error('the report is cut');
      }
    },
  });
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(console, 'log').mockReturnValue();
  const { signal } = new AbortController();
  await runJob(parseOptions([...args('interrupted'), '--resume'])!, signal);
  for (const [line] of printed.mock.calls) expect(line).not.toMatch(/% {2}softmax: step/);
  await runJob(parseOptions(args('whole'))!, signal);
  expect(results('interrupted')).toEqual(results('whole'));
});

test('uses synthetic data by default', async () => {
  const out = join(folder, 'glyphs');
  const { code, stdout, stderr } = await start(`--margins 1 --embedding 3 --steps 1 --batch 2 --out ${out}`.split(' '))
    .exit;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^backend wasm: .+\nglyphs: \d+ images of \d+ classes for training, \d+ of \d+ unseen ones for verification\n/,
  );
  expect(stdout).toContain('A-Softmax, m = 1');
  expect(readdirSync(out).sort()).toEqual(['checkpoints', 'report.html', 'results.json']);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).not.toMatch(/https?:|<link|<iframe|src="(?!data:)/);
});
