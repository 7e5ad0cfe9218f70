import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFileError } from '../src/formats/error.ts';
import {
  indexShard,
  readShardExample,
  type ShardExample,
  type ShardInput,
  type ShardOptions,
  shards,
  writeShards,
} from '../src/node.ts';
import { ascii } from './files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shards-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const examples = (count: number): ShardInput[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `e${i}`,
    files: { cls: ascii(String(i % 3)), 'a.bin': new Uint8Array(i).fill(i) },
  }));

const keysOf = async (paths: readonly string[], options: ShardOptions = {}): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of await shards(paths, { epochs: 1, ...options })) keys.push(key);
  return keys;
};

test('reads what was written, and so does tar', async () => {
  const name = fc.stringMatching(/^[a-z é/]{0,150}[a-zß]$/u);
  const content = fc.uint8Array({ maxLength: 1100 });
  const files = fc.dictionary(fc.constantFrom('jpg', 'cls', 'seg.png', 'ü'), content, { minKeys: 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.record({ key: name, files }), { selector: ({ key }) => key, minLength: 1, maxLength: 6 }),
      async (inputs) => {
        const paths = await writeShards(folder, inputs, { maxExamples: 4 });
        expect(paths).toHaveLength(Math.ceil(inputs.length / 4));
        const read: ShardInput[] = [];
        for await (const { key, files } of await shards(paths, { epochs: 1 })) read.push({ key, files: { ...files } });
        expect(read).toEqual(inputs.map(({ key, files }) => ({ key, files: { ...files } })));
      },
    ),
    { numRuns: 30 },
  );
  const [path] = await writeShards(folder, [{ key: 'x'.repeat(120), files: { txt: ascii('hello') } }]);
  expect(execFileSync('tar', ['-xOf', path!], { encoding: 'utf8' })).toBe('hello');
});

test('reads archives of tar in both of its formats', async () => {
  const long = `${'d'.repeat(90)}/${'n'.repeat(90)}`;
  await mkdir(join(folder, 'd'.repeat(90)));
  await writeFile(join(folder, `${long}.txt`), 'one');
  await writeFile(join(folder, `${long}.cls`), '1');
  for (const format of ['gnu', 'pax', 'ustar']) {
    const path = join(folder, `${format}.tar`);
    const names = [long.slice(0, 90), `${long}.txt`, `${long}.cls`];
    execFileSync('tar', ['-C', folder, `--format=${format}`, '--no-recursion', '-cf', path, ...names]);
    const [example, ...rest] = (await indexShard(path)).examples;
    expect(rest).toEqual([]);
    expect(example!.key).toBe(long);
    expect(example!.parts.map(({ extension, bytes }) => [extension, bytes])).toEqual([
      ['txt', 3],
      ['cls', 1],
    ]);
  }
});

describe('order', () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `e${i}`);

  test('is that of the files, or a permutation that depends on seed and epoch', async () => {
    const paths = await writeShards(folder, examples(50), { maxExamples: 12 });
    expect(await keysOf(paths)).toEqual(names(50));
    const shuffled = await keysOf(paths, { shuffle: true, seed: 3, epochs: 2 });
    const epochs = [shuffled.slice(0, 50), shuffled.slice(50)];
    for (const epoch of epochs) {
      expect(epoch).not.toEqual(names(50));
      expect(epoch.toSorted()).toEqual(names(50).toSorted());
    }
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(await keysOf(paths, { shuffle: true, seed: 4 })).not.toEqual(epochs[0]);
    // A buffer of one mixes shards alone.
    const rough = await keysOf(paths, { shuffle: true, buffer: 1, seed: 3 });
    expect(
      rough.filter((key, i) => i > 0 && Number(key.slice(1)) !== Number(rough[i - 1]!.slice(1)) + 1).length,
    ).toBeLessThanOrEqual(4);
  });

  test('goes on from any position, from a stored index, and over ranks without loss', async () => {
    const paths = await writeShards(folder, examples(17), { maxExamples: 5 });
    const options = { shuffle: true, buffer: 4, seed: 9, epochs: 2 };
    const all: ShardExample[] = [];
    const stream = await shards(paths, options);
    for await (const example of stream) all.push(example);
    const index = JSON.parse(JSON.stringify(stream.index)) as typeof stream.index;
    for (const at of [0, 7, 16, 20]) {
      const rest: string[] = [];
      for await (const { key } of await shards(index, { ...options, start: all[at]!.next })) rest.push(key);
      expect(rest).toEqual(all.slice(at + 1).map(({ key }) => key));
    }
    const parts = await Promise.all([0, 1, 2].map((rank) => keysOf(paths, { ...options, epochs: 1, rank, ranks: 3 })));
    expect(parts.map(({ length }) => length)).toEqual([6, 6, 5]);
    expect(parts.flat().toSorted()).toEqual(names(17).toSorted());
  });
});

describe('refuses', () => {
  test('damaged, truncated and changed shards', async () => {
    const [path] = await writeShards(folder, examples(3));
    const bytes = await readFile(path!);
    const index = await indexShard(path!);
    const broken = join(folder, 'broken.tar');
    const check = async (content: Uint8Array, message: string): Promise<void> => {
      await writeFile(broken, content);
      await expect(indexShard(broken)).rejects.toThrow(message);
      await expect(indexShard(broken)).rejects.toBeInstanceOf(DataFileError);
    };
    await check(
      Uint8Array.from(bytes).with(3, 1),
      'not a tar file, or damaged: the header at byte 0 has a wrong checksum',
    );
    await check(bytes.subarray(0, 512), 'truncated: 512 bytes, but e0.cls ends at byte 513');
    for (const end of [0, 1024, 1100, bytes.length - 1024]) {
      await check(bytes.subarray(0, end), `truncated: ${end} bytes, without the block of zeros that ends an archive`);
    }
    await writeFile(path!, bytes.subarray(0, 512));
    await expect(
      (async () => {
        for await (const { key } of await shards([index])) expect(key).toBe('');
      })(),
    ).rejects.toThrow(`has 512 bytes, but had ${bytes.length} when it was indexed; index it again`);
    await expect(indexShard(join(folder, 'none.tar'))).rejects.toThrow('no such file');
  });

  test.for<[string, (paths: string[]) => Promise<unknown>, string]>([
    ['an option', (paths) => shards(paths, { shufle: true } as never), 'did you mean shuffle'],
    ['a rank', (paths) => shards(paths, { rank: 2, ranks: 2 }), 'rank must be'],
    [
      'too few examples',
      (paths) => shards(paths, { rank: 6, ranks: 9 }),
      'shards: 3 examples in 1 shards are too few for rank 6 of 9',
    ],
    [
      'a start',
      (paths) => shards(paths, { start: { epoch: 0, step: 3 } }),
      'shards: start { epoch: 0, step: 3 } is not a position',
    ],
    ['entries', (paths) => indexShard(paths[0]!, { limits: { entries: 2 } }), 'above the limit of 2'],
    [
      'large files',
      (paths) => keysOf(paths, { limits: { fileBytes: 1 } }),
      'e2.a.bin: has 2 bytes, above the limit of 1',
    ],
    [
      'a key',
      () => writeShards(folder, [{ key: 'a.b', files: { x: ascii('') } }]),
      'writeShards: key must be a well-formed name without dots',
    ],
    ['no files', () => writeShards(folder, [{ key: 'a', files: {} }]), 'has no files'],
    ['the same key', () => writeShards(folder, [...examples(1), ...examples(1)]), 'two examples have the key'],
    ['a path', (paths) => shards(paths[0] as never), 'shards: sources must be an array of paths'],
    [
      'a source',
      () => shards([{}] as never),
      'shards: sources must be an array of paths, or of what indexShard returns',
    ],
    ['no path', () => indexShard(undefined as never), 'indexShard: path must be a string, got undefined'],
    [
      'limits of an index',
      async (paths) => shards([await indexShard(paths[0]!)], { limits: { files: 1 } as never }),
      "shards: unknown limit 'files'",
    ],
    ['no folder', () => writeShards(undefined as never, []), 'writeShards: folder must be a string'],
    ['a prefix', () => writeShards(folder, [], { prefix: 5 as never }), 'writeShards: prefix must be a string'],
    ['no examples', () => writeShards(folder, {} as never), 'writeShards: examples must be an iterable'],
    ['an example', () => writeShards(folder, [undefined] as never), 'an example must be an object { key, files }'],
    ['files', () => writeShards(folder, [{ key: 'a', files: [] }] as never), 'files must be contents by extension'],
    ['half a character', () => writeShards(folder, [{ key: '\u{d800}', files: {} }]), 'key must be a well-formed name'],
    ['texts', () => writeShards(folder, [{ key: 'a', files: { x: 'a' as never } }]), 'bytes must be a Uint8Array'],
  ])('%s', async ([, call, message]) => {
    const paths = await writeShards(folder, examples(3), { prefix: 'good' });
    await expect(call(paths)).rejects.toThrow(message);
  });
});

test('places are those of the examples, from which they are read anywhere', async () => {
  const paths = await writeShards(folder, examples(7), { maxExamples: 3 });
  const stream = await shards(paths, {
    shuffle: true,
    seed: 2,
    epochs: 2,
    rank: 1,
    ranks: 2,
    start: { epoch: 0, step: 1 },
  });
  const places = structuredClone([...stream.places()]);
  const read: ShardExample[] = [];
  for await (const example of stream) read.push(example);
  expect(read).toHaveLength(2 + 3);
  const fromPlaces = places.map(async (place) => {
    const { epoch, step, next } = place;
    return { ...(await readShardExample(place)), epoch, step, next };
  });
  expect(await Promise.all(fromPlaces)).toEqual(read);

  const [place] = places;
  const limits = { fileBytes: 0.5 } as const;
  await expect(readShardExample(place!, { limits })).rejects.toThrow(/^readShardExample: limits.fileBytes must be/);
  await expect(readShardExample({ ...place!, shardBytes: 1 })).rejects.toThrow(/but had 1 when it was indexed/);
  await expect(readShardExample({ ...place!, path: join(folder, 'none.tar') })).rejects.toThrow(DataFileError);
  await expect(readShardExample(paths[0] as never)).rejects.toThrow(
    /^readShardExample: place must be a place of shards, as places\(\) gives it, got/,
  );
});
