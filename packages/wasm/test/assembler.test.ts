import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bytes } from '../src/assembler/bytes.ts';
import {
  atomic,
  call,
  f32,
  f32x4,
  f64,
  i32,
  i64,
  i8x16,
  memory,
  ModuleBuilder,
  select,
  v128,
  type Code,
  type Local,
  type Value,
} from '../src/assembler/index.ts';

type Int = Local<'i32'>;
type Run = (...operands: number[]) => number;

/** A function of 32-bit integers, exported and instantiated. */
function compile(body: (code: Code, a: Int, b: Int) => void, imports: WebAssembly.ModuleImports = {}): Run {
  const module = new ModuleBuilder(imports['memory'] ? { memory: { minimum: 1, maximum: 2, shared: true } } : {});
  module.function(['i32', 'i32'], ['i32'], body, { export: 'run' });
  return instantiate(module, imports)['run'] as Run;
}

function instantiate(module: ModuleBuilder, env: WebAssembly.ModuleImports = {}): WebAssembly.Exports {
  const bytes = module.toBytes();
  expect(WebAssembly.validate(bytes)).toBe(true);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports;
}

const sharedMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
const small = fc.integer({ min: 0, max: 20 });

describe('encodings', () => {
  function decode(bytes: Uint8Array, isSigned: boolean): bigint {
    let value = 0n;
    bytes.forEach((byte, i) => (value |= BigInt(byte & 127) << BigInt(7 * i)));
    return isSigned ? BigInt.asIntN(7 * bytes.length, value) : value;
  }

  test('unsigned LEB128 reads back, in no more bytes than needed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 })), (value) => {
        const bytes = new Bytes();
        bytes.unsigned(value);
        expect(decode(bytes.toArray(), false)).toBe(BigInt(value));
        expect(bytes.length).toBe(Math.max(1, Math.ceil(Math.log2(value + 1) / 7)));
      }),
    );
  });

  test('signed LEB128 reads back', () => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt(-200n, 200n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), (value) => {
        const bytes = new Bytes();
        bytes.signed64(value);
        expect(decode(bytes.toArray(), true)).toBe(value);
        expect(bytes.toArray().every((byte, i, all) => byte > 127 === i < all.length - 1)).toBe(true);
      }),
    );
  });

  test('signed numbers of 32 bits are encoded as those of 64', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer()), (value) => {
        const [narrow, wide] = [new Bytes(), new Bytes()];
        narrow.signed32(value);
        wide.signed64(BigInt(value));
        expect(narrow.toArray()).toEqual(wide.toArray());
      }),
    );
  });

  test('lists grow by any number of bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (parts) => {
        const bytes = new Bytes();
        for (const part of parts) bytes.bytes(part);
        for (const byte of parts.flatMap((part) => [...part])) bytes.byte(byte);
        const all = parts.flatMap((part) => [...part]);
        expect([...bytes.toArray()]).toEqual([...all, ...all]);
      }),
    );
  });

  test.each([-1, 2 ** 32, 0.5, Number.NaN])('%s is not an unsigned number', (value) => {
    expect(() => new Bytes().unsigned(value)).toThrow(`${value} is not an unsigned 32-bit integer`);
  });

  test('names are UTF-8', () => {
    const module = new ModuleBuilder();
    module.function([], [], () => {}, { export: 'θ-функция' });
    expect(Object.keys(instantiate(module))).toEqual(['θ-функция']);
  });

  test('constants are what they were', () => {
    fc.assert(
      fc.property(fc.integer(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.double(), (a, b, c) => {
        const module = new ModuleBuilder();
        module.function([], ['i32'], (code) => code.return(i32.const(a)), { export: 'a' });
        module.function([], ['i64'], (code) => code.return(i64.const(b)), { export: 'b' });
        module.function([], ['f64'], (code) => code.return(f64.const(c)), { export: 'c' });
        module.function([], ['f32'], (code) => code.return(f32.const(c)), { export: 'd' });
        const made = instantiate(module) as Record<string, () => unknown>;
        expect([made['a']!(), made['b']!(), made['c']!(), made['d']!()]).toEqual([a, b, c, Math.fround(c)]);
      }),
    );
  });
});

describe('control flow', () => {
  test('if, with and without an else', () => {
    const both = compile((code, a) => {
      const result = code.local('i32', i32.const(1));
      code.if(a, () => code.set(result, i32.const(2)));
      code.if(
        i32.eq(a, i32.const(7)),
        () => code.add(result, i32.const(10)),
        () => code.add(result, i32.const(20)),
      );
      code.return(result);
    });
    expect([both(0, 0), both(1, 0), both(7, 0)]).toEqual([21, 22, 12]);
  });

  test('for counts as a loop in JavaScript does', () => {
    const sum = compile((code, from, to) => {
      const i = code.local('i32');
      const total = code.local('i32');
      code.for(i, from, to, 3, () => code.set(total, i32.add(i32.mul(total, i32.const(31)), i)));
      code.return(total);
    });
    fc.assert(
      fc.property(small, small, (from, to) => {
        let total = 0;
        for (let i = from; i < to; i += 3) total = (Math.imul(total, 31) + i) | 0;
        expect(sum(from, to)).toBe(total);
      }),
    );
  });

  test('for compares as unsigned, and takes a step that is computed', () => {
    const rounds = compile((code, from, step) => {
      const i = code.local('i32');
      const count = code.local('i32');
      code.for(i, from, i32.const(0xffff_fff0), step, () => code.add(count, i32.const(1)));
      code.return(count);
    });
    expect(rounds(0x7fff_fff0, 0x4000_0000)).toBe(2);
  });

  test('while may run never, doWhile runs at least once', () => {
    const loops = compile((code, a, b) => {
      code.while(a, () => code.set(a, i32.sub(a, i32.const(1))));
      code.doWhile(() => code.add(b, i32.const(1)), i32.ltS(b, i32.const(5)));
      code.return(i32.add(i32.mul(a, i32.const(100)), b));
    });
    expect([loops(0, 9), loops(6, 0)]).toEqual([10, 5]);
  });

  test('blocks are left and loops repeated from any depth', () => {
    const collatz = compile((code, n, limit) => {
      const steps = code.local('i32');
      code.block((done) => {
        code.loop((again) => {
          done(i32.eq(n, i32.const(1)));
          code.if(i32.geU(steps, limit), () => done());
          code.add(steps, i32.const(1));
          code.if(
            i32.and(n, i32.const(1)),
            () => code.set(n, i32.add(i32.mul(n, i32.const(3)), i32.const(1))),
            () => code.block(() => code.set(n, i32.shrU(n, i32.const(1)))),
          );
          again();
        });
      });
      code.return(steps);
    });
    expect([collatz(27, 1000), collatz(27, 50), collatz(1, 9)]).toEqual([111, 50, 0]);
  });

  test('return leaves early, trap stops', () => {
    const early = compile((code, a) => {
      code.if(i32.eqz(a), () => code.return(i32.const(-1)));
      code.if(i32.eq(a, i32.const(9)), () => code.trap());
      code.return(a);
    });
    expect([early(0, 0), early(4, 0)]).toEqual([-1, 4]);
    expect(() => early(9, 0)).toThrow(WebAssembly.RuntimeError);
  });

  test('a value used twice is computed twice, a local once', () => {
    let calls = 0;
    const module = new ModuleBuilder();
    const next = module.importFunction('env', 'next', [], ['i32']);
    module.function(
      [],
      ['i32'],
      (code) => {
        const value: Value<'i32'> = call(next);
        const local = code.local('i32', call(next));
        code.drop(call(next));
        code.return(i32.add(i32.add(value, value), i32.add(local, local)));
      },
      { export: 'run' },
    );
    const { run } = instantiate(module, { next: () => ++calls });
    // local is 1, 2 is dropped, the value is 3 and then 4.
    expect((run as Run)()).toBe(9);
  });

  test('select takes the first where the condition holds', () => {
    const pick = compile((code, a, b) => code.return(select(i32.ltS(a, b), a, i32.const(5))));
    expect([pick(1, 2), pick(2, 1)]).toEqual([1, 5]);
  });
});

describe('functions', () => {
  test('many locals of all types', () => {
    const module = new ModuleBuilder();
    module.function(
      ['f64'],
      ['f64'],
      (code, x) => {
        const a = code.local('i32', i32.const(3));
        const b = code.local('f64', x);
        const c = code.local('f64', f64.mul(b, b));
        const d = code.local('v128', f32x4.splat(f32.const(2)));
        const e = code.local('i64', i64.const(4n));
        const sum = f64.add(
          f64.add(c, f64.convertI32S(a)),
          f64.add(f64.convertI64S(e), f64.promoteF32(f32x4.extractLane(d, 2))),
        );
        code.return(sum);
      },
      { export: 'run' },
    );
    expect((instantiate(module)['run'] as Run)(1.5)).toBe(1.5 * 1.5 + 3 + 4 + 2);
  });

  test('call imports, each other and themselves', () => {
    const seen: number[] = [];
    const module = new ModuleBuilder();
    const log = module.importFunction('env', 'log', ['i32'], []);
    const double = module.function(['i32'], ['i32'], (code, x) => code.return(i32.add(x, x)));
    module.function(
      ['i32'],
      ['i32'],
      (code, x) => {
        code.emit(code.call(log, x));
        code.emit(call(log, call(double, x)));
        code.return(call(double, call(double, x)));
      },
      { export: 'run' },
    );
    expect((instantiate(module, { log: (x: number) => seen.push(x) })['run'] as Run)(3)).toBe(12);
    expect(seen).toEqual([3, 6]);
  });

  test('a function may define others while it is being written', () => {
    const module = new ModuleBuilder();
    module.function(
      ['i32'],
      ['i32'],
      (code, x) => {
        const inner = module.function(['i32'], ['i32'], (innerCode, y) => innerCode.return(i32.mul(y, y)));
        code.return(call(inner, x));
      },
      { export: 'run' },
    );
    expect((instantiate(module)['run'] as Run)(7)).toBe(49);
  });

  test('are called through the table, across modules', () => {
    const table = new WebAssembly.Table({ initial: 4, element: 'anyfunc' });
    const callee = new ModuleBuilder({ table: true });
    const plus = callee.function(['i32', 'i32'], ['i32'], (code, a, b) => code.return(i32.add(a, b)));
    const minus = callee.function(['i32', 'i32'], ['i32'], (code, a, b) => code.return(i32.sub(a, b)));
    callee.elements(1, [plus, minus]);
    instantiate(callee, { table });
    const caller = new ModuleBuilder({ table: true });
    caller.function(
      ['i32', 'i32', 'i32'],
      ['i32'],
      (code, which, a, b) => code.return(code.callIndirect(which, ['i32', 'i32'], ['i32'], a, b)),
      { export: 'run' },
    );
    const run = instantiate(caller, { table })['run'] as Run;
    expect([run(1, 5, 3), run(2, 5, 3)]).toEqual([8, 2]);
    expect(() => run(3, 5, 3)).toThrow(WebAssembly.RuntimeError);
  });
});

describe('memory', () => {
  test('narrow loads and stores, with offsets', () => {
    const module = new ModuleBuilder({ memory: { minimum: 1, shared: false } });
    const at = i32.const(0);
    module.function(
      [],
      [],
      (code) => {
        code.emit(i32.store8(at, i32.const(0x1ff), { offset: 8 }));
        code.emit(i32.store16(at, i32.const(0x18000), { offset: 10 }));
        code.emit(i64.store8(at, i64.const(-1n), { offset: 12 }));
        code.emit(i64.store16(at, i64.const(-2n), { offset: 14 }));
        code.emit(i64.store32(at, i64.const(-3n), { offset: 16 }));
        code.emit(i32.store(at, i32.load8S(at, { offset: 8 }), { offset: 100 }));
        code.emit(i32.store(at, i32.load8U(at, { offset: 8 }), { offset: 104 }));
        code.emit(i32.store(at, i32.load16S(at, { offset: 10 }), { offset: 108 }));
        code.emit(i32.store(at, i32.load16U(at, { offset: 10 }), { offset: 112 }));
        code.emit(i64.store(at, i64.load8S(at, { offset: 12 }), { offset: 120 }));
        code.emit(i64.store(at, i64.load8U(at, { offset: 12 }), { offset: 128 }));
        code.emit(i64.store(at, i64.load16S(at, { offset: 14 }), { offset: 136 }));
        code.emit(i64.store(at, i64.load16U(at, { offset: 14 }), { offset: 144 }));
        code.emit(i64.store(at, i64.load32S(at, { offset: 16 }), { offset: 152 }));
        code.emit(i64.store(at, i64.load32U(at, { offset: 16 }), { offset: 160 }));
      },
      { export: 'run' },
    );
    const buffer = new WebAssembly.Memory({ initial: 1 });
    (instantiate(module, { memory: buffer })['run'] as Run)();
    expect([...new Int32Array(buffer.buffer, 100, 4)]).toEqual([-1, 255, -0x8000, 0x8000]);
    expect([...new BigInt64Array(buffer.buffer, 120, 6)]).toEqual([-1n, 255n, -2n, 0xfffen, -3n, 0xffff_fffdn]);
  });

  test('vector loads and stores of every kind', () => {
    const module = new ModuleBuilder({ memory: { minimum: 1, shared: false } });
    const vector = v128.const(Uint8Array.from({ length: 16 }, (_, i) => 200 + i));
    const from = i32.const(0);
    const made: Value<'v128'>[] = [
      v128.load(from, { align: 1 }),
      v128.load8x8S(from),
      v128.load8x8U(from),
      v128.load16x4S(from),
      v128.load16x4U(from),
      v128.load32x2S(from),
      v128.load32x2U(from),
      v128.load8Splat(from),
      v128.load16Splat(from),
      v128.load32Splat(from),
      v128.load64Splat(from),
      v128.load32Zero(from),
      v128.load64Zero(from),
      v128.load8Lane(from, vector, 15),
      v128.load16Lane(from, vector, 7),
      v128.load32Lane(from, vector, 3),
      v128.load64Lane(from, vector, 1),
    ];
    module.function(
      [],
      [],
      (code) => {
        made.forEach((each, i) => code.emit(v128.store(i32.const(64 + 16 * i), each)));
        const lanes = [v128.store8Lane, v128.store16Lane, v128.store32Lane, v128.store64Lane];
        lanes.forEach((store, i) => code.emit(store(i32.const(512 + 8 * i), vector, 1)));
      },
      { export: 'run' },
    );
    const buffer = new WebAssembly.Memory({ initial: 1 });
    const source = new Uint8Array(buffer.buffer, 0, 16);
    source.set([0x80, 0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 8, 9, 10, 11, 12, 13, 14, 15]);
    (instantiate(module, { memory: buffer })['run'] as Run)();
    const view = new DataView(buffer.buffer);
    const stored = (i: number): number[] => [...new Uint8Array(buffer.buffer, 64 + 16 * i, 16)];
    const bytes = (array: ArrayBufferView): number[] => [
      ...new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    ];
    const base = Array.from({ length: 16 }, (_, i) => 200 + i);
    const narrow = <T>(count: number, read: (at: number) => T): T[] =>
      Array.from({ length: count }, (_, i) => read((8 / count) * i));
    const zeros = (count: number): number[] => new Array<number>(count).fill(0);
    const first = (count: number): number[] => [...source.subarray(0, count)];
    const repeat = (count: number): number[] => Array.from({ length: 16 }, (_, i) => source[i % count]!);
    expect(made.map((_, i) => stored(i))).toEqual([
      first(16),
      bytes(Int16Array.from(narrow(8, (at) => view.getInt8(at)))),
      bytes(Int16Array.from(narrow(8, (at) => view.getUint8(at)))),
      bytes(Int32Array.from(narrow(4, (at) => view.getInt16(at, true)))),
      bytes(Int32Array.from(narrow(4, (at) => view.getUint16(at, true)))),
      bytes(BigInt64Array.from(narrow(2, (at) => BigInt(view.getInt32(at, true))))),
      bytes(BigInt64Array.from(narrow(2, (at) => BigInt(view.getUint32(at, true))))),
      repeat(1),
      repeat(2),
      repeat(4),
      repeat(8),
      [...first(4), ...zeros(12)],
      [...first(8), ...zeros(8)],
      [...base.slice(0, 15), ...first(1)],
      [...base.slice(0, 14), ...first(2)],
      [...base.slice(0, 12), ...first(4)],
      [...base.slice(0, 8), ...first(8)],
    ]);
    const lanes = [...new Uint8Array(buffer.buffer, 512, 32)];
    expect(lanes).toEqual([
      201,
      ...zeros(7),
      ...base.slice(2, 4),
      ...zeros(6),
      ...base.slice(4, 8),
      ...zeros(4),
      ...base.slice(8, 16),
    ]);
  });

  test('float loads and stores', () => {
    const module = new ModuleBuilder({ memory: { minimum: 1, shared: false } });
    module.function(
      ['i32'],
      ['f64'],
      (code, at) => {
        code.emit(f32.store(at, f32.const(1.5)));
        code.emit(f64.store(at, f64.const(2.25), { offset: 8, align: 4 }));
        code.return(f64.add(f64.promoteF32(f32.load(at)), f64.load(at, { offset: 8 })));
      },
      { export: 'run' },
    );
    expect((instantiate(module, { memory: new WebAssembly.Memory({ initial: 1 }) })['run'] as Run)(40)).toBe(3.75);
  });

  test('copy, fill, size and grow', () => {
    const buffer = sharedMemory();
    const run = compile(
      (code, a, b) => {
        code.emit(memory.fill(i32.const(100), a, i32.const(10)));
        code.emit(memory.copy(i32.const(105), i32.const(104), b));
        code.return(i32.add(i32.mul(memory.grow(i32.const(1)), i32.const(10)), memory.size()));
      },
      { memory: buffer },
    );
    new Uint8Array(buffer.buffer).fill(1);
    expect(run(7, 8)).toBe(12);
    expect([...new Uint8Array(buffer.buffer, 99, 14)]).toEqual([1, ...new Array<number>(11).fill(7), 1, 1]);
  });
});

describe('atomics', () => {
  const models: Record<string, (old: number, operand: number) => number> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    xchg: (_, b) => b,
  };
  test.each(Object.keys(models))('rmw.%s is the old value and writes the new, in 32 and 64 bits', (name) => {
    const buffer = sharedMemory();
    const words = new Int32Array(buffer.buffer);
    const longs = new BigInt64Array(buffer.buffer);
    const operation = name as 'add';
    const run = compile(
      (code, a, b) => {
        code.drop(i64.atomic.rmw[operation](i32.const(0), i64.extendI32S(b), { offset: 8 }));
        code.return(i32.atomic.rmw[operation](a, b, { offset: 4 }));
      },
      { memory: buffer },
    );
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (old, operand) => {
        words[1] = old;
        longs[1] = BigInt(old);
        expect(run(0, operand)).toBe(old);
        const model = models[name]!;
        expect(words[1]).toBe(model(old, operand) | 0);
        const long = name === 'add' || name === 'sub' ? BigInt(model(old, operand)) : BigInt(model(old, operand) | 0);
        expect(longs[1]).toBe(long);
      }),
    );
  });

  test('cmpxchg writes where the expected value was', () => {
    const buffer = sharedMemory();
    const words = new Int32Array(buffer.buffer);
    const run = compile(
      (code, a, b) => {
        code.drop(i64.atomic.rmw.cmpxchg(i32.const(8), i64.const(0n), i64.const(-1n)));
        code.return(i32.atomic.rmw.cmpxchg(i32.const(0), a, b));
      },
      { memory: buffer },
    );
    words[0] = 5;
    expect([run(4, 6), words[0], run(5, 6), words[0]]).toEqual([5, 5, 5, 6]);
    expect([words[2], words[3]]).toEqual([-1, -1]);
  });

  test('loads and stores of every width', () => {
    const buffer = sharedMemory();
    const at = i32.const(0);
    const run = compile(
      (code, a, b) => {
        code.emit(i32.atomic.store(at, a));
        code.emit(i32.atomic.store8(at, b, { offset: 4 }));
        code.emit(i32.atomic.store16(at, b, { offset: 6 }));
        code.emit(i64.atomic.store(at, i64.const(-2n), { offset: 8 }));
        code.emit(i64.atomic.store8(at, i64.atomic.load8U(at, { offset: 8 }), { offset: 16 }));
        code.emit(i64.atomic.store16(at, i64.atomic.load16U(at, { offset: 8 }), { offset: 18 }));
        code.emit(i64.atomic.store32(at, i64.atomic.load32U(at, { offset: 8 }), { offset: 20 }));
        code.emit(i64.atomic.store(at, i64.atomic.load(at, { offset: 8 }), { offset: 24 }));
        code.emit(atomic.fence());
        const narrow = i32.add(i32.atomic.load8U(at, { offset: 4 }), i32.atomic.load16U(at, { offset: 6 }));
        code.return(i32.add(i32.atomic.load(at), narrow));
      },
      { memory: buffer },
    );
    expect(run(1000, 0x1_fffe)).toBe(1000 + 0xfe + 0xfffe);
    expect([...new Uint8Array(buffer.buffer, 16, 8)]).toEqual([0xfe, 0, 0xfe, 0xff, 0xfe, 0xff, 0xff, 0xff]);
    expect(new BigInt64Array(buffer.buffer)[3]).toBe(-2n);
  });

  test('waiting for a value that is not there returns at once, for one that is after the time', () => {
    const run = compile(
      (code, a) => {
        const wait32 = code.local('i32', memory.atomic.wait32(i32.const(0), a, i64.const(1000n)));
        const wait64 = code.local('i32', memory.atomic.wait64(i32.const(8), i64.extendI32S(a), i64.const(1000n)));
        const woken = memory.atomic.notify(i32.const(0), i32.const(1));
        code.return(i32.add(i32.mul(i32.add(wait32, i32.mul(wait64, i32.const(10))), i32.const(10)), woken));
      },
      { memory: sharedMemory() },
    );
    const results = [1, 0].map((a) => {
      try {
        return run(a, 0);
      } catch (error) {
        return (error as Error).message;
      }
    });
    // Browsers forbid their main thread to wait.
    const forbidden = 'Atomics.wait cannot be called in this context';
    expect(results).toEqual(typeof document === 'object' ? [forbidden, forbidden] : [110, 220]);
  });
});

describe('misuse', () => {
  const vector = v128.const(new Float32Array(4));
  const zero = i32.const(0);
  const within = (options: ConstructorParameters<typeof ModuleBuilder>[0], body: (code: Code) => void) => () =>
    new ModuleBuilder(options).function([], [], body);

  test.each<[string, () => unknown, string]>([
    ['a lane too high', () => f32x4.extractLane(vector, 4), 'lane 4 is out of range for a vector of 4; use 0 to 3'],
    ['a negative lane', () => v128.load64Lane(zero, vector, -1), 'lane -1 is out of range'],
    ['a lane of replaceLane', () => i8x16.replaceLane(vector, 16, zero), 'lane 16 is out of range'],
    ['a short shuffle', () => i8x16.shuffle(vector, vector, [0]), 'shuffle takes 16 lanes, got 1'],
    [
      'a shuffle beyond 31',
      () => i8x16.shuffle(vector, vector, new Array<number>(16).fill(32)),
      'lane 32 is out of range',
    ],
    ['a negative offset', () => i32.load(zero, { offset: -4 }), 'offset must be an integer from 0 to 2³² − 1, got -4'],
    [
      'an odd alignment',
      () => i32.load(zero, { align: 3 }),
      'the alignment of 4 bytes must be a power of two up to 4, got 3',
    ],
    ['too large an alignment', () => v128.load32Splat(zero, { align: 8 }), 'power of two up to 4, got 8'],
    ['a constant that is no integer', () => i32.const(0.5), 'i32.const takes an integer'],
    ['a large constant', () => i64.const(2n ** 64n), 'i64.const takes an integer'],
    ['a vector of 8 bytes', () => v128.const(new Float32Array(2)), 'v128.const takes 16 bytes, got 8'],
    ['memory in a module without', within({}, (code) => code.drop(i32.load(zero))), 'a module without memory'],
    ['memory.size without memory', within({}, (code) => code.drop(memory.size())), 'a module without memory'],
    [
      'an indirect call without a table',
      within({}, (code) => code.emit(code.callIndirect(zero, [], []))),
      'callIndirect in a module without a table',
    ],
    ['elements without a table', () => new ModuleBuilder().elements(0, []), 'elements for a module without a table'],
    [
      'a shared memory without maximum',
      () => new ModuleBuilder({ memory: { minimum: 1, shared: true } }),
      'must have a maximum',
    ],
    [
      'a memory that is too large',
      () => new ModuleBuilder({ memory: { minimum: 1, maximum: 65_537, shared: true } }),
      '65,536 pages',
    ],
    ['a result that is not there', within({}, (code) => code.return(zero)), '() are expected, got (i32)'],
    ['no result', () => new ModuleBuilder().function([], ['i32'], () => {}), 'a result of type i32 never returns it'],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  test('operands of a wrong type, from JavaScript and by the compiler', () => {
    // @ts-expect-error: a float where an integer belongs
    expect(() => i32.add(zero, f32.const(1))).toThrow('operands of types (i32, i32) are expected, got (i32, f32)');
    // @ts-expect-error: one operand too few
    expect(() => f32x4.add(vector)).toThrow('(v128, v128) are expected, got (v128)');
    // @ts-expect-error: an integer where a vector belongs
    expect(() => v128.store(zero, zero)).toThrow('(i32, v128) are expected, got (i32, i32)');
    // @ts-expect-error: two types
    expect(() => select(zero, zero, vector)).toThrow('select between values of types i32 and v128');
    new ModuleBuilder({ table: true }).function([], [], (code) => {
      // @ts-expect-error: a value is no statement
      expect(() => code.emit(zero)).toThrow('emit takes a statement, got a value of type i32; drop it');
      // @ts-expect-error: the local has another type
      expect(() => code.local('f32', zero)).toThrow('(f32) are expected, got (i32)');
      // @ts-expect-error: the table's index is an integer
      expect(() => code.callIndirect(vector, [], [])).toThrow('(i32) are expected, got (v128)');
    });
  });

  test('a branch out of a block that has ended', () => {
    new ModuleBuilder().function([], [], (code) => {
      let leave = (): void => {};
      code.block((exit) => (leave = exit));
      expect(() => leave()).toThrow('a branch to a block that has ended');
    });
  });

  test('imports after functions, and two exports of one name', () => {
    const module = new ModuleBuilder();
    const nothing = module.function([], [], () => {}, { export: 'run' });
    expect(() => module.importFunction('env', 'late', [], [])).toThrow('env.late is imported after functions');
    expect(() => module.export('run', nothing)).toThrow('two exports have the name run');
  });

  test('bytes before a function is complete', () => {
    const module = new ModuleBuilder();
    module.function([], [], () => expect(() => module.toBytes()).toThrow('while a function is being defined'));
  });
});
