import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { full } from '@thetagrad/core';
import { decodeSafetensors, encodeSafetensors } from '@thetagrad/nn';
import { lockFolder } from '@thetagrad/nn/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { setFileSystem } from '../../nn/src/files/fileSystem.ts';
import { createTemporaryName } from '../../nn/src/files/temporary.ts';
import { createFaultyFileSystem } from '../../../test/support/faultyFileSystem.ts';
import { repetitions } from '../../../test/support/torture.ts';
import { runJob } from '../src/job.ts';
import { type Options, UsageError } from '../src/options.ts';
import { Diverged, Interrupted } from '../src/training.ts';
import { createTemporaryFolder, writeImageFolder, writeMnist } from './helpers.ts';

vi.setConfig({ testTimeout: repetitions(60_000) });

const folder = createTemporaryFolder();
const digits = join(folder, 'digits');
writeMnist(
  digits,
  'train',
  Array.from({ length: 50 }, (_, i) => i % 10),
);
const orl = new URL('../../../../shared/data/orl', import.meta.url).pathname;

let printed = '';
let onWrite = (_text: string): void => {};
beforeEach(() => {
  printed = '';
  onWrite = () => {};
  const write = (text: unknown): boolean => {
    printed += String(text);
    onWrite(String(text));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(console, 'log').mockImplementation((text: unknown) => void write(`${String(text)}\n`));
});
afterEach(() => vi.restoreAllMocks());

let runs = 0;
function makeOptions(changes: Partial<Options> = {}): Options {
  return {
    data: `mnist:${digits}`,
    net: 'small',
    margins: [2],
    embedding: 4,
    steps: 4,
    batch: 4,
    seeds: [0],
    backend: 'portable',
    out: join(folder, `out ${runs++}`),
    resume: false,
    wide: false,
    ...changes,
  };
}

function run(options: Options): Promise<void> {
  return runJob(options, new AbortController().signal);
}

/** Options of a finished run of one step, whose results no test changes. */
const finished = makeOptions({ steps: 1 });
async function finish(): Promise<void> {
  if (!existsSync(finished.out)) await run(finished);
  printed = '';
}

/** Runs until a text is printed. */
async function interruptAt(text: string, options: Options): Promise<void> {
  const controller = new AbortController();
  onWrite = (written) => written.includes(text) && controller.abort();
  await expect(runJob(options, controller.signal)).rejects.toBeInstanceOf(Interrupted);
  onWrite = () => {};
}

/** Reads results.json without what differs between two runs of one seed. */
function readResults({ out }: Options): unknown {
  const text = readFileSync(join(out, 'results.json'), 'utf8');
  return JSON.parse(text, (key, value: unknown) => (['seconds', 'out'].includes(key) ? undefined : value));
}

/** Reads the report without what differs between two runs of one seed. */
function readReport({ out }: Options): string {
  return readFileSync(join(out, 'report.html'), 'utf8')
    .replace(/<p class="made">[^<]*/, '')
    .replace(/<code>.*?<\/code>/, '')
    .replace(/<th scope="row">Training time.*?<\/tr>/, '');
}

function extractTable(text: string): string {
  return /^on unseen classes[^]*?\n\n/m.exec(text)![0];
}

function expectSelfContained(html: string): void {
  expect(html).toMatch(/^<!DOCTYPE html>/);
  expect(html).not.toMatch(/https?:|url\(|@import|<link|<iframe/);
  for (const [, reference] of html.matchAll(/\b(?:src|href)="([^"]*)"/g)) expect(reference).toMatch(/^(?:data:|#)/);
}

describe('a run', () => {
  const options = makeOptions({ margins: [2, 4] });

  test('trains on gpu:cpu and gpu:webasm to the losses of the portable backend', async () => {
    const losses = async (backend: Options['backend']): Promise<number[]> => {
      const options = makeOptions({ backend, steps: 3 });
      await run(options);
      const { methods } = JSON.parse(readFileSync(join(options.out, 'results.json'), 'utf8'));
      return methods.map(({ loss }: { loss: number }) => loss);
    };
    const expected = await losses('portable');
    for (const backend of ['gpu:cpu', 'gpu:webasm'] as const) {
      const actual = await losses(backend);
      expect(printed).toContain(`backend gpu.js ${backend.slice(4)}: `);
      expect(actual).toHaveLength(3);
      actual.forEach((loss, i) => expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-4 * expected[i]!));
    }
  });

  test('a mode that is not available is refused in one line with the reason', async () => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => null } });
    try {
      const asked = run(makeOptions({ backend: 'gpu:webgpu' }));
      await expect(asked).rejects.toThrow(/^--backend gpu:webgpu: gpu: WebGPU is available, but finds no adapter/);
      await expect(asked).rejects.toBeInstanceOf(UsageError);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('trains with every loss, prints the table, and writes results and report', async () => {
    await run(options);
    expect(printed).toContain('MNIST: 30 images of 6 classes for training, 20 of 4 unseen ones for verification\n');
    const titles = ['softmax', 'modified softmax', 'A-Softmax, m = 2', 'A-Softmax, m = 4'];
    const plotted = ['2-D', '3-D'].flatMap((space) =>
      ['softmax', 'modified softmax', 'A-Softmax, m = 4'].map((name) => `${name}, ${space}: step 1 of 1`),
    );
    const lines = printed.split('\n').filter((line) => line.includes(': step'));
    expect(printed).toContain(
      'training 4 networks of 4 steps (softmax; modified softmax; A-Softmax, m = 2; A-Softmax, m = 4), ' +
        'then 6 small ones of 1 steps for pictures: 22 steps in all\n',
    );
    expect(lines.map((line) => line.replace(/^ *\d+% {2}|, loss.*/g, ''))).toEqual([
      ...titles.map((title) => `${title}: step 4 of 4`),
      ...plotted,
    ]);
    expect(extractTable(printed).trimEnd().split('\n')).toHaveLength(5);
    expect(printed).toContain('\n100%  done in ');
    expect(printed).toContain('\nOne seed says little: ');
    expect(printed).toContain(`report: ${join(options.out, 'report.html')}\n`);

    const { options: written, methods } = JSON.parse(readFileSync(join(options.out, 'results.json'), 'utf8'));
    expect({ ...written, resume: false }).toEqual(options);
    expect(methods.map(({ name }: { name: string }) => name)).toEqual(titles);
    for (const method of methods) {
      for (const rate of ['accuracy', 'eer', 'auc', 'rank1']) {
        expect(method[rate]).toBeGreaterThanOrEqual(0);
        expect(method[rate]).toBeLessThanOrEqual(1);
      }
      expect(Object.keys(method.tarAtFar)).toEqual(['0.1', '0.01', '0.001']);
      expect(method.loss).toBeGreaterThan(0);
      expect(method.seconds).toBeGreaterThan(0);
      expect(method.angularFisherScore).toBeGreaterThan(0);
      expect(method.largestIntraClassAngle).toBeLessThanOrEqual(Math.PI);
      expect(method.smallestInterClassAngle).toBeGreaterThanOrEqual(0);
    }

    const html = readFileSync(join(options.out, 'report.html'), 'utf8');
    expectSelfContained(html);
    for (const name of titles) expect(html).toContain(name);
    expect(/<code>(.*?)<\/code>/.exec(html)![1]!.replaceAll(/<[^>]*>/g, '')).toBe(
      `npm start -- --data mnist:${digits} --net small --margins 2,4 --embedding 4 --steps 4 --batch 4 --seed 0 ` +
        `--backend portable --out &#39;${options.out}&#39;`,
    );
    expect(readdirSync(join(options.out, 'checkpoints'))).toHaveLength(4 + 6);
  });

  test('that is finished trains nothing when resumed, with the same results', async () => {
    const table = readFileSync(join(options.out, 'results.json'), 'utf8');
    const before = readReport(options);
    await run({ ...options, resume: true });
    expect(printed).not.toContain(': step');
    expect(extractTable(printed).split('\n')).toHaveLength(7);
    expect(readFileSync(join(options.out, 'results.json'), 'utf8')).toBe(table);
    expect(readReport(options)).toBe(before);
  });

  test('is a function of its seed; with several seeds trains with each, and reports the spread', async () => {
    const several = makeOptions({ margins: [2, 4], seeds: [1, 0] });
    await run(several);
    expect(printed).toContain(', with each of 2 seeds, then ');
    expect(printed).toContain('modified softmax, seed 0: step 4 of 4');
    expect(printed).toContain('Means over 2 seeds');
    const { methods } = readResults(several) as { methods: { repeats?: object[] }[] };
    const single = (readResults(options) as { methods: object[] }).methods;
    for (const [i, { repeats, ...method }] of methods.entries()) {
      expect(method).not.toEqual(single[i]);
      expect(repeats).toHaveLength(1);
      // A run with the seed of the repetition has its scores.
      expect({ ...single[i], ...repeats![0] }).toEqual({ ...single[i], seed: 0 });
    }
    expect(readdirSync(join(several.out, 'checkpoints'))).toHaveLength(8 + 6);
    expect(readFileSync(join(several.out, 'report.html'), 'utf8')).toContain('± their standard deviation');
  });
});

describe('an interrupted run', () => {
  const whole = makeOptions();
  beforeEach(async () => {
    if (!existsSync(whole.out)) await run(whole);
    printed = '';
  });

  test('continues to the same results, from any step', async () => {
    // A fast clock makes every step print a line.
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (clock += 6000));
    const options = makeOptions();
    const resumed = { ...options, resume: true };
    await interruptAt('softmax: step 2 of 4', options);
    await interruptAt('modified softmax: step 1 of 4', resumed);
    await interruptAt('modified softmax: step 4 of 4', resumed);
    await interruptAt('A-Softmax, m = 2: step 3 of 4', resumed);
    expect(existsSync(join(options.out, 'results.json'))).toBe(false);
    await interruptAt('softmax, 2-D: step 1 of 1', resumed);
    await interruptAt('A-Softmax, m = 2, 3-D: step 1 of 1', resumed);
    expect(existsSync(join(options.out, 'report.html'))).toBe(false);
    await run(resumed);
    expect(readResults(resumed)).toEqual(readResults(whole));
    expect(readReport(resumed)).toBe(readReport(whole));
  });

  test('never continues from checkpoints of an earlier run', async () => {
    const options = makeOptions({ steps: 2 });
    await run(options);
    const next = { ...options, steps: 4 };
    await interruptAt('softmax: step 4 of 4', next);
    await run({ ...next, resume: true });
    expect(readResults(next)).toEqual(readResults(whole));
  });

  test('with 2-D embeddings separates their checkpoints from those of the plots', async () => {
    const options = makeOptions({ embedding: 2, steps: 1 });
    await run(options);
    await run({ ...options, resume: true });
    expect(readdirSync(join(options.out, 'checkpoints'))).toHaveLength(3 + 6);
  });
});

describe('mistakes of the user give one line:', () => {
  async function refuse(options: Options): Promise<string> {
    const error: unknown = await run(options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as UsageError;
    expect(message).not.toContain('\n');
    return message;
  }

  test('--resume without the folder of a run', async () => {
    const options = makeOptions({ resume: true });
    expect(await refuse(options)).toBe(`--resume: no checkpoints in '${join(options.out, 'checkpoints')}'`);
  });

  test('--out of a run that is still going', async () => {
    const options = makeOptions({ steps: 1 });
    mkdirSync(options.out);
    const release = await lockFolder(options.out);
    expect(await refuse(options)).toMatch(
      /^--out: '.*' is in use by process \d+, since .*Z; wait for that run, or choose another --out$/,
    );
    release();
    // Either may be the first.
    const ends = await Promise.allSettled([run(options), run({ ...options })]);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
    expect(refused).toEqual([expect.any(UsageError)]);
    expect(refused[0]!.message).toContain('is in use by process');
    expect(readdirSync(options.out)).not.toContain('.thetagrad.lock');
  });

  test('--resume with the checkpoints of other options', async () => {
    await finish();
    expect(await refuse({ ...finished, resume: true, batch: 5 })).toContain(
      ': it belongs to another training (softmax, ',
    );
  });

  test('--out where no folder can be created', async () => {
    const file = join(folder, 'a file');
    writeFileSync(file, '');
    expect(await refuse(makeOptions({ out: file }))).toContain(`--out: cannot write to '${join(file, 'checkpoints')}'`);
  });

  test.runIf(process.platform === 'linux')('--out in /proc, where Node creates folders for ever', async () => {
    expect(await refuse(makeOptions({ out: '/proc/none' }))).toMatch(
      /^--out: cannot write to '\/proc\/none\/checkpoints': ENOENT: .*, mkdir '\/proc\/none'$/,
    );
  });

  test('--resume of a finished training whose weights overflow', async () => {
    await finish();
    const options = makeOptions({ steps: 1 });
    cpSync(finished.out, options.out, { recursive: true });
    const path = join(options.out, 'checkpoints', 'softmax.safetensors');
    const { tensors, metadata } = decodeSafetensors(readFileSync(path));
    for (const name of Object.keys(tensors).filter((key) => /^model.*weight$/.test(key))) {
      tensors[name] = full(tensors[name]!.shape, 3e38);
    }
    writeFileSync(path, await encodeSafetensors(tensors, metadata));
    const error: unknown = await run({ ...options, resume: true }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Diverged);
    expect((error as Diverged).message).toBe(
      `softmax: its features are not finite; try another --seed, or delete '${path}'`,
    );
  });

  test('missing data, without creating the output folder', async () => {
    const options = makeOptions({ data: 'folder:/no/such folder' });
    expect(await refuse(options)).toBe("--data: no such file or folder '/no/such folder'");
    expect(existsSync(options.out)).toBe(false);
  });
});

describe('files', () => {
  beforeEach(finish);

  test('of killed processes are removed at the start, and a kill before the first checkpoint loses nothing', async () => {
    const fresh = makeOptions({ steps: 1, resume: true });
    const checkpoints = join(fresh.out, 'checkpoints');
    mkdirSync(checkpoints, { recursive: true });
    for (const place of [fresh.out, checkpoints]) {
      writeFileSync(join(place, createTemporaryName().replace(`-${process.pid}-`, '-99999999-')), 'half');
    }
    await run(fresh);
    expect(readdirSync(fresh.out).sort()).toEqual(['checkpoints', 'report.html', 'results.json']);
    expect(readdirSync(checkpoints).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(readResults(fresh)).toEqual(readResults(finished));
  });

  test('are wholly old or new whatever call of the system fails', async () => {
    const resumed = { ...finished, resume: true };
    const system = createFaultyFileSystem();
    setFileSystem(system);
    await run(resumed);
    const old = ['results.json', 'report.html'].map((name) => readFileSync(join(finished.out, name), 'utf8'));
    const count = repetitions(3);
    try {
      for (let i = 0; i < count; i++) {
        const at = Math.floor((i / count) * system.calls.length);
        setFileSystem(createFaultyFileSystem({ at, code: 'ENOSPC', forever: i % 2 === 1 }));
        const message = await run(resumed).then(
          () => '',
          (error: Error) => error.message,
        );
        expect(message).toMatch(/^$|no space left on device/);
        expect(readFileSync(join(finished.out, 'results.json'), 'utf8')).toBe(old[0]);
        expect(readFileSync(join(finished.out, 'report.html'), 'utf8')).toHaveLength(old[1]!.length);
      }
    } finally {
      setFileSystem();
    }
    // What could not be removed belongs to this process, and goes with the next one.
    const names = readdirSync(finished.out).filter((name) => !/^\.thetagrad-.*\.tmp$/.test(name));
    expect(names.sort()).toEqual(['checkpoints', 'report.html', 'results.json']);
  });
});

test('a folder of faces', async () => {
  const images = join(folder, 'images');
  mkdirSync(images);
  writeImageFolder(images, { classes: 4, perClass: 5 });
  const options = makeOptions({ data: `folder:${images}`, steps: 1 });
  await run(options);
  expect(printed).toContain(
    `images in ${images}: 10 images of 2 classes for training, 10 of 2 unseen ones for verification\n`,
  );
  expect(readFileSync(join(options.out, 'report.html'), 'utf8')).toContain(
    '4, concatenated with that of the mirror image',
  );
});

test.runIf(existsSync(orl))('faces: trains on 30 people and verifies on 10 others', async () => {
  const options = makeOptions({ data: `folder:${orl}`, steps: 1, batch: 8 });
  await run(options);
  expect(printed).toContain('300 images of 30 classes for training, 100 of 10 unseen ones for verification');
  expect(extractTable(printed).trimEnd().split('\n')).toHaveLength(4);
  expectSelfContained(readFileSync(join(options.out, 'report.html'), 'utf8'));
});
