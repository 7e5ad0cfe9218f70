import { runInNewContext } from 'node:vm';
import { type DType, evaluateSync, full, ones, type Shape, tensor, type Tensor, zeros } from '@thetagrad/core';
import { decodeSafetensors, encodeSafetensors, Linear, type SafetensorsLimits } from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuzz } from '../../../test/support/torture.ts';

/** A file with the given header and data. */
function file(header: unknown, data: ArrayLike<number> = [], length?: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setUint32(0, length ?? text.length, true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

/** An independent reader, by DataView and without checks. */
function read(bytes: Uint8Array): Record<string, { dtype: string; shape: Shape; values: number[] }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const element: Record<string, [number, (at: number) => number]> = {
    F64: [8, (at) => view.getFloat64(at, true)],
    F32: [4, (at) => view.getFloat32(at, true)],
    I32: [4, (at) => view.getInt32(at, true)],
    BOOL: [1, (at) => view.getUint8(at)],
  };
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return Object.fromEntries(
    entries.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        const [size, at] = element[dtype]!;
        const values: number[] = [];
        for (let i = 8 + headerLength + begin; i < 8 + headerLength + end; i += size) values.push(at(i));
        return [name, { dtype, shape, values }];
      },
    ),
  );
}

/** CRC-32C by its definition. */
function crcBitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const dtypes: Record<DType, string> = { float64: 'F64', float32: 'F32', int32: 'I32', bool: 'BOOL' };
const someTensor = fc
  .record({
    dtype: fc.constantFrom<DType>('float64', 'float32', 'int32', 'bool'),
    shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    seed: fc.nat(100),
  })
  .map(({ dtype, shape, seed }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Array.from({ length: size }, (_, i) =>
      dtype === 'bool' ? (seed + i) % 2 : (seed - 50) * (i + 1) + (dtype === 'int32' ? 0 : 0.25),
    );
    return tensor(values, { dtype }).reshape(shape);
  });
// Names may be those of inherited properties.
const names = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'toString', 'a.b'));
const someTensors = fc
  .dictionary(
    names.filter((name) => name !== '__metadata__'),
    someTensor,
    { maxKeys: 6 },
  )
  .map((all) => Object.fromEntries(Object.entries(all)));

describe('a file', () => {
  test('is read back, also by an independent reader, and laid out as specified', async () => {
    await fc.assert(
      fc.asyncProperty(someTensors, fc.dictionary(fc.string(), fc.string()), async (tensors, metadata) => {
        const bytes = await encodeSafetensors(tensors, metadata);
        const decoded = decodeSafetensors(bytes);
        const independent = read(bytes);
        expect(new Set(Object.keys(decoded.tensors))).toEqual(new Set(Object.keys(tensors)));
        expect(new Map(Object.entries(decoded.metadata))).toEqual(new Map(Object.entries(metadata)));
        for (const [name, value] of Object.entries(tensors)) {
          const found = decoded.tensors[name]!;
          expect([found.dtype, found.shape, found.dataSync()]).toEqual([value.dtype, value.shape, value.dataSync()]);
          const { dtype, shape, values } = independent[name]!;
          expect([dtype, shape, values]).toEqual([dtypes[value.dtype], value.shape, [...value.dataSync()]]);
        }
        const headerLength = new DataView(bytes.buffer).getUint32(0, true);
        expect(headerLength % 8).toBe(0);
        expect(bytes[8]).toBe(0x7b);
      }),
    );
  });

  test('has these bytes', async () => {
    const bytes = await encodeSafetensors({ b: tensor([true]), a: tensor([1, -2]) }, { by: 'hand' });
    const header =
      '{"__metadata__":{"crc32c":"CRC","by":"hand"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[1],"data_offsets":[8,9]}}';
    const data = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 1];
    const make = (digits: string): Uint8Array => {
      const text = header.replace('CRC', digits);
      return file(text.padEnd(Math.ceil(text.length / 8) * 8), data);
    };
    const digits = crcBitByBit(make('00000000')).toString(16).padStart(8, '0');
    expect([...bytes]).toEqual([...make(digits)]);
  });

  test('takes lazy tensors and views', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const bytes = await encodeSafetensors({
      sum: x.add(1),
      transposed: x.transpose(),
      spread: ones([]).broadcastTo([3]),
    });
    const found = read(bytes);
    expect(found['sum']!.values).toEqual([2, 3, 4, 5]);
    expect(found['transposed']!.values).toEqual([1, 3, 2, 4]);
    expect(found['spread']!.values).toEqual([1, 1, 1]);
  });

  test('holds a model', async () => {
    const [from, to] = [new Linear(2, 2), new Linear(2, 2)];
    to.loadStateDict(decodeSafetensors(await encodeSafetensors(from.stateDict())).tensors);
    evaluateSync(to);
    expect(to.weight.value.toArraySync()).toEqual(from.weight.value.toArraySync());
  });

  test.for([
    [{ a: [1] as unknown as Tensor }, {}, "encodeSafetensors: 'a' must be a tensor, got [1]"],
    [{ __metadata__: ones([1]) }, {}, "encodeSafetensors: the name '__metadata__' is reserved"],
    [{}, { crc32c: '' }, "encodeSafetensors: the metadata name 'crc32c' is reserved"],
    [
      { ['n'.repeat(4097)]: ones([1]) },
      {},
      'encodeSafetensors: it could not be decoded: not a valid safetensors file: a name in the header has more than 4096 bytes',
    ],
    [{}, { step: 3 as unknown as string }, "encodeSafetensors: metadata 'step' must be a string, got 3"],
  ] as const)('rejects what it cannot hold: %#', async ([tensors, metadata, message]) => {
    await expect(encodeSafetensors(tensors, metadata)).rejects.toThrow(message);
  });
});

describe('files of other tools', () => {
  const one = (dtype: string, shape: Shape, data: readonly number[]): Tensor =>
    decodeSafetensors(file({ x: { dtype, shape, data_offsets: [0, data.length] } }, data)).tensors['x']!;

  test('may have no tensors, no metadata, no padding and any order', () => {
    expect(decodeSafetensors(file({})).tensors).toEqual({});
    const header = {
      late: { dtype: 'U8', shape: [1], data_offsets: [1, 2] },
      none: { dtype: 'F64', shape: [0, 4], data_offsets: [1, 1] },
      early: { dtype: 'I8', shape: [], data_offsets: [0, 1] },
    };
    const { tensors } = decodeSafetensors(file(header, [255, 255]));
    expect(tensors['early']!.itemSync()).toBe(-1);
    expect(tensors['late']!.toArraySync()).toEqual([255]);
    expect(tensors['none']!.shape).toEqual([0, 4]);
  });

  test('may hold half precision', () => {
    const bits = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x8000, 0x3555];
    const halves = one(
      'F16',
      [8],
      bits.flatMap((half) => [half & 255, half >> 8]),
    );
    expect(halves.dtype).toBe('float32');
    expect([...halves.dataSync()]).toEqual([1, -2, 2 ** -24, 65504, Infinity, -Infinity, -0, 1365 / 4096]);
    expect(one('F16', [], [1, 0x7c]).itemSync()).toBeNaN();
    expect([...one('BF16', [3], [0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f]).dataSync()]).toEqual([1, -3.140625, Infinity]);
  });

  test('may hold other integers', () => {
    expect(one('I64', [2], [254, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0]).toArraySync()).toEqual([
      -2, 1,
    ]);
    expect(() => one('I64', [], [0, 0, 0, 0, 1, 0, 0, 0])).toThrow(
      "'x': the 64-bit integer 4294967296 does not fit int32",
    );
    expect(one('I16', [1], [255, 255]).toArraySync()).toEqual([-1]);
    expect(one('U16', [1], [255, 255]).toArraySync()).toEqual([65535]);
    expect(one('BOOL', [2], [1, 0]).toArraySync()).toEqual([true, false]);
  });

  test('may be a window of a larger buffer, at any offset, and are copied', () => {
    const whole = file({ x: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, [0, 0, 0x80, 0x3f]);
    const memory = Buffer.alloc(whole.length + 16);
    memory.set(whole, 3);
    const x = decodeSafetensors(memory.subarray(3, 3 + whole.length)).tensors['x']!;
    memory.fill(0);
    expect(x.toArraySync()).toEqual([1]);
  });
});

describe('rejects malformed files', () => {
  const two = file(
    { x1: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, x2: { dtype: 'U8', shape: [1], data_offsets: [1, 2] } },
    [1, 2],
  );

  const entry = (dtype: unknown, shape: unknown, offsets: unknown): unknown => ({
    x: { dtype, shape, data_offsets: offsets },
  });
  test.for<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), '0 bytes are too few for the length of the header'],
    ['cut in the header', file({}).subarray(0, 9), 'the header ends at byte 10, the file at 9'],
    [
      'too long a header',
      Uint8Array.of(0, 225, 245, 5, 1, 0, 0, 0, 123),
      'the header has 4394967296 bytes, more than 100000000',
    ],
    ['a header that is cut', file('{"x":'), "expected '{' at byte 5 of the header, in 'x', got the end"],
    [
      'a header that is not UTF-8',
      file('{"??":{}}').fill(0xff, 10, 12),
      'a name in the header is not a JSON string in UTF-8',
    ],
    ['a header that is not an object', file('[]'), "expected '{' at byte 0 of the header, got '[]'"],
    ['space in front', file(' {}'), "expected '{' at byte 0 of the header, got ' {}'"],
    ['bad metadata', file({ __metadata__: { a: 1 } }), "in the string 'a' of '__metadata__', got '1}}'"],
    ['metadata that is not an object', file({ __metadata__: [] }), "in '__metadata__', got '[]}'"],
    ['an entry that is not an object', file({ x: null }), "expected '{' at byte 5 of the header, in 'x', got 'null}'"],
    ['no shape', file(entry('F32', undefined, [0, 4])), "'x' needs a dtype, a shape"],
    [
      'a negative length',
      file(entry('F32', [-1], [0, 4])),
      "expected an integer ≥ 0 at byte 29 of the header, in the shape of 'x'",
    ],
    ['one offset', file(entry('F32', [1], [4])), "'x' needs a dtype, a shape"],
    ['an unknown type', file(entry('F8_E4M3', [1], [0, 1]), [0]), "'x' has unknown type 'F8_E4M3'; expected F64, F32"],
    ['an inherited type', file(entry('toString', [1], [0, 1]), [0]), "'x' has unknown type 'toString'"],
    [
      'another size',
      file(entry('F32', [2], [0, 4]), [0, 0, 0, 0]),
      "'x', F32 [2], needs 8 bytes, its data_offsets span 4",
    ],
    ['reversed offsets', file(entry('F32', [1], [4, 0]), [0, 0, 0, 0]), 'its data_offsets span -4'],
    ['truncated data', file(entry('F32', [1], [0, 4]), [0, 0]), 'the tensors need 4 bytes, 2 are there'],
    ['trailing bytes', file(entry('U8', [1], [0, 1]), [0, 0, 0]), '2 bytes follow the last tensor'],
    [
      'a gap',
      file(entry('U8', [1], [1, 2]), [0, 0]),
      "'x' leaves a gap after the previous tensor: it begins at 1, expected 0",
    ],
    [
      'an overlap',
      file(
        { a: { dtype: 'U8', shape: [2], data_offsets: [0, 2] }, b: { dtype: 'U8', shape: [2], data_offsets: [1, 3] } },
        [0, 0, 0],
      ),
      "'b' overlaps the previous tensor: it begins at 1, expected 2",
    ],
    ['a name twice', file('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"x":{}}'), "the header has 'x' twice"],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), "the header has '__metadata__' twice"],
    ['a metadata entry twice', file('{"__metadata__":{"a":"","a":""}}'), "'__metadata__' has 'a' twice"],
    ['a field twice', file('{"x":{"dtype":"U8","dtype":"U8"}}'), "'x' has 'dtype' twice"],
    ['an unknown field', file('{"x":{"scale":1}}'), "'x' has the unknown field 'scale'"],
    [
      'text after the header',
      file('{} 1'),
      "expected spaces to the end of the header at byte 3 of the header, got '1'",
    ],
    ['a number that is no integer', file(entry('U8', [1.5], [0, 1])), "in the shape of 'x', got '.5],"],
    ['a number with leading zeros', file('{"x":{"shape":[00]}}'), 'an integer ≥ 0 at byte 17 of the header'],
    ['a huge number', file('{"x":{"shape":[9007199254740993]}}'), "the shape of 'x' has an integer above 2⁵³"],
    [
      'a shape whose product is no number',
      file(entry('U8', [2 ** 52, 2 ** 52, 2 ** 52, 0], [0, 0])),
      "4503599627370496, 0] of 'x' is too large",
    ],
    ['too many axes', file(entry('U8', Array(65).fill(1), [0, 1])), "the shape of 'x' has more than 64 numbers"],
    ['brackets', file(`{"x":${'['.repeat(100)}`), "expected '{' at byte 5 of the header, in 'x', got '[[[[[[[[[[[['"],
    ['escape sequences', file({ '\u001b]0;': {}, a: 1 }), String.raw`'\u001b]0;' needs a dtype`],
    ['a control character', file('{"\u001b":1}'), String.raw`expected the end of a string at byte 2 of the header`],
    ['a long name', file({ ['n'.repeat(4097)]: {} }), 'more than 4096 bytes; raise limits.nameBytes'],
    [
      'a checksum of another form',
      file({ __metadata__: { crc32c: '0000000G' } }),
      "its crc32c is '0000000G', expected 8",
    ],
    [
      'another checksum',
      file({ __metadata__: { crc32c: '00000000' } }),
      'its checksum is 00000000, that of its content ',
    ],
  ])('%s', ([, bytes, message]) => {
    expect(() => decodeSafetensors(bytes)).toThrow('not a valid safetensors file: ');
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  test('cut at any byte', async () => {
    const bytes = await encodeSafetensors({ a: zeros([2, 3]), b: full([2], true) }, { position: '3' });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (end) => {
        expect(() => decodeSafetensors(bytes.subarray(0, end))).toThrow('not a valid safetensors file');
      }),
    );
  });

  test('any flipped bit, or it changes nothing but the name of the checksum', async () => {
    const metadata = { position: '{"step":3}' };
    const bytes = await encodeSafetensors({ a: tensor([1, -2.5]), b: full([3], true), c: tensor(7) }, metadata);
    const contentOf = (file: Uint8Array): readonly [unknown, Record<string, string>] => {
      const { tensors, metadata } = decodeSafetensors(file);
      return [
        Object.entries(tensors).map(([name, { dtype, shape }]) => [name, dtype, shape, [...tensors[name]!.dataSync()]]),
        metadata,
      ];
    };
    const whole = contentOf(bytes);
    const nameAt = new TextDecoder().decode(bytes).indexOf('crc32c');
    const loaded: { readonly byte: number; readonly content: readonly [unknown, Record<string, string>] }[] = [];
    const messages: string[] = [];
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      try {
        loaded.push({ byte: bit >> 3, content: contentOf(damaged) });
      } catch (error) {
        messages.push((error as Error).message);
      }
    }
    for (const message of messages) expect(message).toContain('not a valid safetensors file: ');
    // Without its name the checksum is any metadata entry, and nothing else has changed.
    for (const { byte, content } of loaded) {
      expect([nameAt <= byte, byte < nameAt + 6]).toEqual([true, true]);
      const [tensors, { position, ...others }] = content;
      expect([tensors, { position }, Object.keys(others).map(({ length }) => length)]).toEqual([
        ...whole,
        ['crc32c'.length],
      ]);
    }
    expect(loaded.length).toBeLessThanOrEqual(48);
  });

  test('of random changes to the header, or loads them', async () => {
    const bytes = await encodeSafetensors({ a: zeros([2, 3]), 'b"': full([2], true) }, { position: '{"step":3}' });
    // Without the checksum, which would find all of them.
    const text =
      new TextDecoder()
        .decode(bytes.subarray(8))
        .replace(/"crc32c":"[^"]*",/, '')
        .split('}} ')[0]! + '}}';
    const pieces = [
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '-',
      'e',
      ' ',
      '\u0000',
      '"a":',
      '"dtype":"F32"',
      'null',
    ];
    const change = fc.record({
      at: fc.nat(text.length),
      remove: fc.integer({ min: 0, max: 8 }),
      insert: fc.constantFrom('', ...pieces),
    });
    let loaded = 0;
    const messages: string[] = [];
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        let changed = text;
        for (const { at, remove, insert } of changes) {
          changed = changed.slice(0, at) + insert + changed.slice(at + remove);
        }
        try {
          decodeSafetensors(file(changed, new Uint8Array(26)));
          loaded++;
        } catch (error) {
          messages.push((error as Error).message);
        }
      }),
      fuzz(500),
    );
    expect(loaded).toBeGreaterThan(0);
    expect(messages.filter((message) => !message.startsWith('not a valid safetensors file: '))).toEqual([]);
  });

  test.for<[string, Partial<SafetensorsLimits>, Uint8Array]>([
    ['it has more than 1 tensors; raise limits.tensors', { tensors: 1 }, two],
    ['a name in the header has more than 1 bytes; raise limits.nameBytes', { nameBytes: 1 }, two],
    [
      "the shape of 'x' has more than 1 numbers; raise limits.rank",
      { rank: 1 },
      file(entry('U8', [1, 1], [0, 1]), [0]),
    ],
    ['bytes, more than 10; raise limits.headerBytes', { headerBytes: 10 }, two],
    [
      'it has more than 1 metadata entries; raise limits.metadata',
      { metadata: 1 },
      file({ __metadata__: { a: '', b: '' } }),
    ],
  ])('above a limit: %s', ([message, limits, bytes]) => {
    const unlimited = Object.fromEntries(Object.keys(limits).map((name) => [name, Infinity]));
    decodeSafetensors(bytes, { limits: unlimited });
    expect(() => decodeSafetensors(bytes, { limits })).toThrow(message);
  });

  test('bytes of another realm are decoded', () => {
    const foreign = runInNewContext('Uint8Array.from(bytes)', { bytes: two }) as Uint8Array;
    const valuesOf = (bytes: Uint8Array): unknown =>
      Object.entries(decodeSafetensors(bytes).tensors).map(([name, x]) => [name, ...x.dataSync()]);
    expect(valuesOf(foreign)).toEqual(valuesOf(two));
  });

  test('options and arguments of another kind', () => {
    expect(() => decodeSafetensors(two, { limits: { entries: 1 } as object })).toThrow(
      "decodeSafetensors: unknown limit 'entries'; expected headerBytes, tensors, metadata, nameBytes, rank",
    );
    expect(() => decodeSafetensors(two, { tensors: 1 } as object)).toThrow(
      "decodeSafetensors: unknown option 'tensors'; expected strict, limits",
    );
    expect(() => decodeSafetensors('a' as never)).toThrow("decodeSafetensors: bytes must be a Uint8Array, got 'a'");
  });
});
