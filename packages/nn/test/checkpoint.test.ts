import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { type CheckpointLimits, type Json, loadCheckpoint, saveCheckpoint } from '@thetagrad/nn/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileSystem, setFileSystem } from '../src/files/fileSystem.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  path = join(folder, 'run.safetensors');
});
afterEach(() => {
  setFileSystem();
  rmSync(folder, { recursive: true, force: true });
});

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
      'with a flipped bit',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        const bytes = readFileSync(path);
        bytes.set([bytes.at(-9)! ^ 16], bytes.length - 9);
        writeFileSync(path, bytes);
      },
      'it is damaged, or another program changed it',
    ],
    [
      'with a flipped bit in the name of the checksum',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        const bytes = readFileSync(path);
        bytes[bytes.indexOf('crc32c') + 2]! ^= 1;
        writeFileSync(path, bytes);
      },
      "it has the metadata 'position' but no 'crc32c': it is damaged, or another program changed it",
    ],
    [
      'that shrinks while it is read',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        setFileSystem({
          ...promises,
          open: async (...parameters) => {
            const file = await promises.open(...parameters);
            const stat = file.stat.bind(file);
            const status = async () => {
              const { size } = await stat();
              truncateSync(path, 1000);
              return Object.assign(await stat(), { size });
            };
            return Object.assign(file, { stat: status });
          },
        } as FileSystem);
      },
      'it has shrunk from ',
    ],
    [
      'with a name twice in its position',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        const { tensors } = decodeSafetensors(readFileSync(path));
        const position = String.raw`{"epoch":1,"a":{"epoch":2},"epo\u0063h":3}`;
        writeFileSync(path, await encodeSafetensors(tensors, { position }));
      },
      "its position: it has the name 'epoch' twice in an object",
    ],
    [
      'with a position of brackets',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        const { tensors } = decodeSafetensors(readFileSync(path));
        writeFileSync(path, await encodeSafetensors(tensors, { position: '['.repeat(1000) }));
      },
      'its position: it is nested deeper than 64',
    ],
    [
      'with a step that is no count',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        const { tensors } = decodeSafetensors(readFileSync(path));
        tensors['optimizer.step'] = tensor(-1, { dtype: 'int32' });
        writeFileSync(path, await encodeSafetensors(tensors));
      },
      "'optimizer': Adam.loadStateDict: step must be an integer ≥ 0, got -1",
    ],
    [
      'with a count of keys beyond the integers',
      async () => {
        await saveCheckpoint(path, setUp(2).parts);
        const { tensors } = decodeSafetensors(readFileSync(path));
        tensors['generator.count'] = tensor(2 ** 60, { dtype: 'float64' });
        writeFileSync(path, await encodeSafetensors(tensors));
      },
      "'generator': Generator.loadStateDict: count must be an integer from 0 to 9007199254740991",
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

test.runIf(process.platform !== 'win32')('a pipe is refused without waiting for its writer', async () => {
  execFileSync('mkfifo', [path]);
  await expect(loadCheckpoint(path, {})).rejects.toThrow(
    `loadCheckpoint: cannot load '${path}': it is a pipe, not a regular file`,
  );
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

test('the position must be JSON', async () => {
  for (const [position, message] of [
    [{ loss: [1, NaN] }, 'the position: it.loss[1] is NaN, which JSON cannot hold'],
    [{ at: new Date(0) }, 'the position: it.at is not JSON'],
    [{ at: undefined }, 'the position: it.at is not JSON'],
    [Array.from({ length: 66 }).reduce<Json>((inner) => [inner], 0), 'is nested deeper than 64'],
  ] as [Json, string][]) {
    await expect(saveCheckpoint(path, {}, position)).rejects.toThrow(message);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('limits are options, and unknown ones errors', async () => {
  await saveCheckpoint(path, { layer: new Linear(1, 1) }, 'position');
  const load = (limits: Partial<CheckpointLimits>): Promise<Json> => loadCheckpoint(path, {}, { limits });
  expect(await load({})).toBe('position');
  await expect(load({ fileBytes: 10 })).rejects.toThrow(/it has \d+ bytes, more than 10; raise limits\.fileBytes$/);
  await expect(load({ tensors: 1 })).rejects.toThrow('it has more than 1 tensors; raise limits.tensors');
  await expect(load({ positionLength: 3 })).rejects.toThrow(
    'its position: it has 10 characters, more than 3; raise limits.positionLength',
  );
  await expect(load({ maxSize: 3 } as object)).rejects.toThrow(
    "loadCheckpoint: unknown limit 'maxSize'; expected headerBytes, tensors, metadata, nameBytes, rank, fileBytes, positionLength",
  );
  await expect(loadCheckpoint(path, {}, { fileBytes: 3 } as object)).rejects.toThrow(
    "loadCheckpoint: unknown option 'fileBytes'; expected limits",
  );
  for (const fileBytes of [-1, 0, 1.5, NaN]) {
    await expect(load({ fileBytes })).rejects.toThrow(
      `loadCheckpoint: limits.fileBytes must be a positive integer or Infinity, got ${fileBytes}`,
    );
  }
  expect(await load({ fileBytes: Infinity, positionLength: Infinity })).toBe('position');
});

test('saves at the same time do not mix, and each is of the moment of its call', async () => {
  const layer = new Linear(1, 1, { bias: false });
  const saves = [1, 2, 3, 4].map((i) => {
    layer.weight.assign(tensor([[i]]));
    evaluateSync(layer);
    return saveCheckpoint(path, { layer }, i);
  });
  await Promise.all(saves);
  const position = await loadCheckpoint(path, { layer });
  expect(layer.weight.value.itemSync()).toBe(position);
  expect(readdirSync(folder)).toEqual(['run.safetensors']);
});
