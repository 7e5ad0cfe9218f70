import { nodesOf, parameter, threefryExpression, type RoutineKernel, type Scalar } from '@thetagrad/core/backend';
import { i32, i32x4, v128, type Code, type Local, type Value, type ValueType } from '../assembler/index.ts';
import type { Command } from '../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords, type Epilogue } from '../emit/epilogue.ts';
import { kernelCode } from '../emit/kernelCode.ts';
import { sharedNodes, VectorRenderer } from '../emit/render.ts';
import { countRanges, emitRange, rangeNames } from '../emit/stridedLoop.ts';
import { packWords, readWords } from '../emit/words.ts';

const names = ['key0', 'key1', 'to', ...rangeNames, ...epilogueNames] as const;
const grain = 1 << 14;
/** The number of vectors that are computed in parallel, because each operation waits for the one before. */
const group = 4;

/** Element i is the first word of Threefry for the counter (0, i). */
export function randomBitsCommand(
  { operands: [key], output }: Pick<RoutineKernel<'randomBits'>, 'operands' | 'output'>,
  epilogue?: Epilogue,
): Command {
  const { slot, view } = key;
  const word = (i: number) => ({ slot, byteOffset: 4 * (view.offset + i * view.strides[0]!) });
  const range = { size: output.size, grain };
  const to = { slot: output, byteOffset: 0 };
  return {
    code: randomBits,
    words: packWords(names, { key0: word(0), key1: word(1), to, ...range, ...epilogueWords(epilogue) }),
    chunks: countRanges(range),
    workspaceBytes: 0,
  };
}

const [key0, key1, counter] = [parameter('i32', 0), parameter('i32', 1), parameter('i32', 2)];
const [bits] = threefryExpression([key0, key1], 0, counter);
const nodes = nodesOf(bits);
/** The nodes that depend on the key alone, inputs first. */
const keyNodes = nodes.filter((node) => !nodesOf(node).includes(counter));
const shared = sharedNodes([bits]);
/** The nodes that are worth a local, inputs first. */
const steps = nodes.filter((node) => shared.has(node));

const randomBits = kernelCode('random bits', {}, (module) =>
  module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const load = (at: Value<'i32'>): Local<'v128'> => code.local('v128', v128.load32Splat(at));
    const keys = emitKeys(
      code,
      new Map([
        [key0, load(w.key0)],
        [key1, load(w.key1)],
      ]),
    );
    const { begin, end } = emitRange(code, chunk, w);
    const first = code.local('i32', begin);
    const count = code.local('i32', i32.sub(end, begin));
    const to = code.local('i32', i32.add(w.to, i32.shl(begin, i32.const(2))));
    const counters = Array.from({ length: group }, (_, u) => {
      const lanes = v128.const(Int32Array.of(0, 1, 2, 3).map((lane) => 4 * u + lane));
      return code.local('v128', i32x4.add(i32x4.splat(begin), lanes));
    });
    for (const vectors of [group, 1]) {
      const own = counters.slice(0, vectors);
      const distance = code.local('v128', i32x4.splat(i32.const(4 * vectors)));
      code.while(i32.geU(count, i32.const(4 * vectors)), () => {
        const results = emitBits(code, keys, own);
        results.forEach((x, u) => code.emit(v128.store(to, x, { offset: 16 * u })));
        for (const each of own) code.set(each, i32x4.add(each, distance));
        code.add(to, i32.const(16 * vectors));
        code.add(count, i32.const(-4 * vectors));
      });
    }
    code.if(count, () => {
      const [x] = emitBits(code, keys, counters.slice(0, 1)) as [Value<'v128'>];
      for (const lane of [0, 1, 2]) {
        code.if(i32.gtU(count, i32.const(lane)), () => code.emit(v128.store32Lane(to, x, lane, { offset: 4 * lane })));
      }
    });
    emitEpilogue(code, w, first, i32.sub(end, first));
  }),
);

type Known = ReadonlyMap<Scalar, Value<ValueType>>;

/** Computes what depends on the key alone. */
function emitKeys(code: Code, words: Known): Known {
  const renderer = new VectorRenderer(code, words, new Map());
  return new Map(keyNodes.map((node) => [node, renderer.render(node)[0]!]));
}

/** The results for vectors of counters, step by step. */
function emitBits(code: Code, keys: Known, counters: readonly Local<'v128'>[]): Value<'v128'>[] {
  const renderers = counters.map((own) => new VectorRenderer(code, new Map(keys).set(counter, own), new Map()));
  for (const node of steps) for (const renderer of renderers) renderer.render(node);
  return renderers.map((renderer) => renderer.render(bits)[0] as Value<'v128'>);
}
