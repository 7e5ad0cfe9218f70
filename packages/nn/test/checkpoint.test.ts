import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type * as promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluateSync, ones, tensor, valueAndGrad, type Tensor } from '@thetagrad/core';
import {
  Adam,
  BatchNorm2d,
  Conv2d,
  crossEntropy,
  decodeSafetensors,
  Dropout,
  encodeSafetensors,
  Flatten,
  Generator,
  Linear,
  Sequential,
} from '@thetagrad/nn';
import { type Json, loadCheckpoint, saveCheckpoint } from '@thetagrad/nn/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** Called before each step of writing a file, to record it or to fail like a full disk. */
const disk = vi.hoisted(() => ({ before: (_step: string): void => {} }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  return {
    ...real,
    open: async (path: string, flags: string) => {
      const kind = flags === 'wx' ? 'file' : 'folder';
      disk.before(`open ${kind}`);
      const handle = await real.open(path, flags);
      return {
        writeFile: async (bytes: Uint8Array) => {
          // A failing write leaves half of the bytes.
          await handle.write(bytes.subarray(0, bytes.length / 2));
          disk.before(`write ${kind}`);
          await handle.write(bytes.subarray(bytes.length / 2));
        },
        sync: async () => {
          disk.before(`sync ${kind}`);
          await handle.sync();
        },
        close: async () => {
          await handle.close();
        },
      };
    },
    rename: async (from: string, to: string) => {
      disk.before('rename');
      await real.rename(from, to);
    },
  };
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  path = join(folder, 'run.safetensors');
  disk.before = () => {};
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A small training run with all kinds of state. */
function setUp(seed: number) {
  const generator = new Generator(seed);
  const model = new Sequential(
    new Conv2d(1, 2, 3, { generator, padding: 1 }),
    new BatchNorm2d(2),
    new Flatten(),
    new Dropout(0.3, { generator }),
    new Linear(8, 2, { generator }),
  );
  const optimizer = new Adam(model, { lr: 0.01 });
  const lossAndGrad = valueAndGrad(model, (x: Tensor, y: Tensor) => crossEntropy(model.forward(x), y));
  const step = (): number => {
    const x = tensor([
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [
        [
          [0, -1],
          [1, 0],
        ],
      ],
      [
        [
          [2, 0],
          [1, 1],
        ],
      ],
    ]);
    const { value, grads } = lossAndGrad(x, tensor(Int32Array.of(0, 1, 1)));
    optimizer.update(grads);
    evaluateSync(value, model, optimizer);
    return value.itemSync();
  };
  return { parts: { model, optimizer, generator }, step };
}

test('a resumed run continues exactly', async () => {
  const first = setUp(1);
  for (let i = 0; i < 3; i++) first.step();
  const position = { epoch: 2, order: [3, 1], done: null };
  await saveCheckpoint(path, first.parts, position);
  const expected = [first.step(), first.step()];

  const second = setUp(99);
  second.step();
  expect(await loadCheckpoint(path, second.parts)).toEqual(position);
  expect(second.parts.optimizer.step).toBe(3);
  expect([second.step(), second.step()]).toEqual(expected);
});

test('the file is a safetensors file with the names of the parts', async () => {
  const { parts } = setUp(1);
  await saveCheckpoint(path, parts, 7);
  const { tensors, metadata } = decodeSafetensors(readFileSync(path));
  expect(metadata).toEqual({ position: '7' });
  expect(Object.keys(tensors)).toEqual(
    expect.arrayContaining([
      'model.0.weight',
      'model.1.runningVar',
      'optimizer.step',
      'optimizer.firstMoment.4.bias',
      'generator.count',
    ]),
  );
  expect(tensors['model.4.weight']!.toArraySync()).toEqual(parts.model.stateDict()['4.weight']!.toArraySync());
});

test('assigned values that are not evaluated yet are saved', async () => {
  const layer = new Linear(1, 1);
  layer.weight.assign(tensor([[5]]));
  await saveCheckpoint(path, { layer });
  const other = new Linear(1, 1);
  expect(await loadCheckpoint(path, { layer: other })).toBeNull();
  expect(other.weight.pending).toBeUndefined();
  expect(other.weight.value.itemSync()).toBe(5);
});

test('a file may contain other parts, and no position', async () => {
  const { parts } = setUp(1);
  await saveCheckpoint(path, parts, 1);
  const { model } = setUp(2).parts;
  await loadCheckpoint(path, { model });
  expect(model.stateDict()['4.bias']!.toArraySync()).toEqual(parts.model.stateDict()['4.bias']!.toArraySync());
  writeFileSync(path, await encodeSafetensors({ 'layer.weight': ones([1, 1]) }));
  expect(await loadCheckpoint(path, { layer: new Linear(1, 1, { bias: false }) })).toBeNull();
});

describe('a file that does not load changes nothing', () => {
  test.for<[string, () => void | Promise<void>, string]>([
    ['missing', () => {}, 'ENOENT'],
    [
      'truncated',
      async () => (await saveCheckpoint(path, setUp(2).parts), truncateSync(path, 1000)),
      'may be truncated',
    ],
    ['another kind of file', () => writeFileSync(path, 'PK'.repeat(100)), 'not a valid safetensors file'],
    [
      'of another model',
      async () => {
        const { optimizer, generator } = setUp(2).parts;
        await saveCheckpoint(path, { model: new Linear(1, 1), optimizer, generator });
      },
      "'model': loadStateDict: the state does not fit, nothing was changed; missing: 0.weight",
    ],
    [
      'without the last part',
      async () => {
        const { model, optimizer } = setUp(2).parts;
        await saveCheckpoint(path, { model, optimizer });
      },
      "'generator': Generator.loadStateDict: the state does not fit, nothing was changed; missing: key, count",
    ],
    [
      'with a broken position',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        const { tensors } = decodeSafetensors(readFileSync(path));
        writeFileSync(path, await encodeSafetensors(tensors, { position: '{' }));
      },
      'JSON',
    ],
  ])('%s', async ([, prepare, message]) => {
    await prepare();
    const { parts, step } = setUp(1);
    const reference = setUp(1);
    for (let i = 0; i < 2; i++) expect(step()).toBe(reference.step());
    const loading = loadCheckpoint(path, parts);
    await expect(loading).rejects.toThrow(`loadCheckpoint: cannot load '${path}': `);
    await expect(loading).rejects.toThrow(message);
    expect(parts.optimizer.step).toBe(2);
    for (let i = 0; i < 2; i++) expect(step()).toBe(reference.step());
  });
});

test.for([
  [{ model: ones([1]) as never }, "'model' lacks stateDict and loadStateDict"],
  [{ model: undefined as never }, "'model' lacks stateDict and loadStateDict"],
  [{ 'a.b': new Linear(1, 1) }, "part name 'a.b' must not contain a dot"],
] as const)('rejects bad parts: %#', async ([parts, message]) => {
  await expect(saveCheckpoint(path, parts)).rejects.toThrow(`saveCheckpoint: ${message}`);
  await expect(loadCheckpoint(path, parts)).rejects.toThrow(`loadCheckpoint: ${message}`);
  expect(readdirSync(folder)).toEqual([]);
});

describe('a failure while writing leaves the old or the new file', () => {
  const save = (position: Json): Promise<void> => saveCheckpoint(path, { layer: new Linear(1, 1) }, position);
  const load = (): Promise<Json> => loadCheckpoint(path, { layer: new Linear(1, 1) });

  test('the file is flushed before the rename, the folder after', async () => {
    const steps: string[] = [];
    disk.before = (step) => void steps.push(step);
    await save(1);
    expect(steps).toEqual(['open file', 'write file', 'sync file', 'rename', 'open folder', 'sync folder']);
  });

  test.for(['open file', 'write file', 'sync file', 'rename', 'open folder', 'sync folder'])(
    '%s fails',
    async (failing) => {
      await save('old');
      disk.before = (step) => {
        if (step === failing) throw new Error('ENOSPC: no space left on device');
      };
      await expect(save('new')).rejects.toThrow(
        `saveCheckpoint: cannot write '${path}': ENOSPC: no space left on device`,
      );
      expect(await load()).toBe(failing.endsWith('folder') ? 'new' : 'old');
      expect(readdirSync(folder)).toEqual(['run.safetensors']);
    },
  );

  test('a missing folder, and a folder in the place of the file', async () => {
    await expect(saveCheckpoint(join(folder, 'no', 'file'), {})).rejects.toThrow('ENOENT');
    await expect(saveCheckpoint(folder, {})).rejects.toThrow(`saveCheckpoint: cannot write '${folder}'`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a temporary file left by a crash does not matter', async () => {
    writeFileSync(join(folder, '.run.safetensors.tmp'), 'half');
    await save(1);
    await save(2);
    expect(await load()).toBe(2);
  });

  test('saves at the same time do not mix', async () => {
    await Promise.all([1, 2, 3, 4].map(save));
    expect([1, 2, 3, 4]).toContain(await load());
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
  });

  test('a process is killed', async () => {
    const script = `
      import { zeros, Variable } from '@thetagrad/core';
      import { Module } from '@thetagrad/nn';
      import { saveCheckpoint } from '@thetagrad/nn/node';
      class Model extends Module { weight = new Variable(zeros([500_000])); forward(x) { return x; } }
      const model = new Model();
      for (let i = 1; ; i++) {
        await saveCheckpoint(process.argv[1], { model }, i);
        console.log(i);
      }`;
    const child = spawn(
      process.execPath,
      ['--conditions=@thetagrad/source', '--import=tsx', '--input-type=module', '--eval', script, path],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let last = 0;
    child.stdout.on('data', (text: Buffer) => {
      last = Number(text.toString().trim().split('\n').at(-1));
      // After some saves, in the middle of another.
      if (last >= 5) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const { tensors, metadata } = decodeSafetensors(readFileSync(path));
    expect(tensors['model.weight']!.shape).toEqual([500_000]);
    expect(Number(metadata['position'])).toBeGreaterThanOrEqual(Math.max(5, last));
  });
});
