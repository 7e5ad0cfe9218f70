import { type DType, evaluateSync, full, ones, type Shape, tensor, type Tensor, zeros } from '@thetagrad/core';
import { decodeSafetensors, encodeSafetensors, Linear } from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

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
      dtype === 'bool' ? (seed + i) % 2 : (seed - 50) * (i + 1) + 0.25,
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
      '{"__metadata__":{"by":"hand"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[1],"data_offsets":[8,9]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect([...bytes]).toEqual([...file(padded, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 1])]);
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
    ['a header that is not JSON', file('{"x":'), 'the header is not JSON'],
    ['a header that is not UTF-8', file({}, [], 2).fill(0xff, 8), 'the header is not JSON'],
    ['a header that is not an object', file('[]'), "the header must be a JSON object, got '[]'"],
    ['space in front', file(' {}'), "the header must be a JSON object, got ' {}'"],
    ['bad metadata', file({ __metadata__: { a: 1 } }), `'__metadata__' must hold strings, got {"a":1}`],
    ['metadata that is not an object', file({ __metadata__: [] }), "'__metadata__' must hold strings"],
    ['an entry that is not an object', file({ x: null }), "'x' needs a dtype, a shape and two data_offsets, got null"],
    ['no shape', file(entry('F32', undefined, [0, 4])), "'x' needs a dtype, a shape"],
    ['a negative length', file(entry('F32', [-1], [0, 4])), "'x' needs a dtype, a shape"],
    ['one offset', file(entry('F32', [1], [4])), "'x' needs a dtype, a shape"],
    ['an unknown type', file(entry('F8_E4M3', [1], [0, 1]), [0]), "'x' has unknown type F8_E4M3; expected F64, F32"],
    ['an inherited type', file(entry('toString', [1], [0, 1]), [0]), "'x' has unknown type toString"],
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
});
