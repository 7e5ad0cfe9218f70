import { i32, i32x4, v128, type Code, type Local, type Value } from '../assembler/index.ts';
import type { Command, KernelCode, Word } from '../command.ts';
import { packWords, readWords } from '../emit/words.ts';
import { emitRange, rangeNames } from '../emit/stridedLoop.ts';
import { emitTail, tailNames, tailWords, type Tail } from '../emit/epilogue.ts';

type Address = Extract<Word, { place: unknown }>;

const names = ['key0', 'key1', 'to', ...rangeNames, ...tailNames] as const;
const grain = 1 << 14;

/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * element i is the first word of what the counter (0, i) becomes.
 */
export function randomCommand(key: readonly [Address, Address], to: Address, size: number, tail?: Tail): Command {
  return {
    code: randomCode,
    words: packWords(names, { key0: key[0], key1: key[1], to, size, grain, ...tailWords(tail) }),
    chunks: Math.ceil(size / grain),
    scratchBytes: 0,
  };
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
/** So many vectors of counters go through the rounds side by side, since each operation waits for the one before. */
const group = 4;

const randomCode: KernelCode = {
  key: 'random',
  assemble: (module) =>
    module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
      const w = readWords(code, args, names);
      const [key0, key1] = [w.key0, w.key1].map((at) => code.local('i32', i32.load(at))) as [Scalar, Scalar];
      const key2 = i32.xor(i32.xor(key0, key1), i32.const(0x1bd11bda));
      const keys = [key0, key1, key2].map((key) => code.local('v128', i32x4.splat(key)));
      const { begin, end } = emitRange(code, chunk, w);
      const first = code.local('i32', begin);
      const count = code.local('i32', i32.sub(end, begin));
      const to = code.local('i32', i32.add(w.to, i32.shl(begin, i32.const(2))));
      const counters = code.local('v128', i32x4.add(i32x4.splat(begin), v128.const(Int32Array.of(0, 1, 2, 3))));

      code.while(i32.geU(count, i32.const(4 * group)), () => {
        const results = emitRounds(code, keys, counters, group);
        results.forEach((x, u) => code.emit(v128.store(to, x, { offset: 16 * u })));
        code.add(to, i32.const(16 * group));
        code.add(count, i32.const(-4 * group));
      });
      code.while(count, () => {
        const [x] = emitRounds(code, keys, counters, 1) as [Local<'v128'>];
        code.if(
          i32.geU(count, i32.const(4)),
          () => {
            code.emit(v128.store(to, x));
            code.add(to, i32.const(16));
            code.add(count, i32.const(-4));
          },
          () => {
            code.emit(v128.store32Lane(to, x, 0));
            for (const lane of [1, 2]) {
              code.if(i32.gtU(count, i32.const(lane)), () =>
                code.emit(v128.store32Lane(to, x, lane, { offset: 4 * lane })),
              );
            }
            code.set(count, i32.const(0));
          },
        );
      });
      emitTail(code, w, first, i32.sub(end, first));
    }),
};

type Scalar = Local<'i32'>;

/** The results for the next `vectors` vectors of counters, which go on. */
function emitRounds(
  code: Code,
  keys: readonly Local<'v128'>[],
  counters: Local<'v128'>,
  vectors: number,
): Local<'v128'>[] {
  const states = Array.from({ length: vectors }, () => {
    const state = { x: code.local('v128', keys[0]!), y: code.local('v128', i32x4.add(counters, keys[1]!)) };
    code.set(counters, i32x4.add(counters, i32x4.splat(i32.const(4))));
    return state;
  });
  for (let round = 0; round < 20; round++) {
    for (const { x, y } of states) {
      code.set(x, i32x4.add(x, y));
      code.set(y, v128.xor(rotated(y, rotations[round % 8]!), x));
      if (round % 4 !== 3) continue;
      const injection = (round + 1) / 4;
      code.set(x, i32x4.add(x, keys[injection % 3]!));
      const key = i32x4.add(keys[(injection + 1) % 3]!, i32x4.splat(i32.const(injection)));
      code.set(y, i32x4.add(y, key));
    }
  }
  return states.map(({ x }) => x);
}

function rotated(x: Local<'v128'>, by: number): Value<'v128'> {
  return v128.or(i32x4.shl(x, i32.const(by)), i32x4.shrU(x, i32.const(32 - by)));
}
