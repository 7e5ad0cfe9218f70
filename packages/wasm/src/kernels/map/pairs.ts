// Maps whose last axis has two elements, such as the parts of complex numbers, or repeated pixels.
import { nodesOf, scalarTypeOf, type Body, type Scalar, type ScalarType, type Slot } from '@thetagrad/core/backend';
import {
  i32,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
} from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { accessOf, type Access } from '../../emit/access.ts';
import { bytesOf, storeFour, storeOne } from '../../emit/elements.ts';
import type { Expression } from '../../emit/expression.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { shuffleLanes } from '../../emit/lanes.ts';
import {
  countRanges,
  emitRange,
  emitStridedLoop,
  joinOperandAxes,
  packStridedLoop,
  rangeNames,
  stridedOperand,
} from '../../emit/stridedLoop.ts';
import { VectorLoop, type Cursor, type Invariants, type MovableCursor } from '../../emit/vectorLoop.ts';
import { packWords, readWords, wordsAfter } from '../../emit/words.ts';

/** An operand's access along the axis before the last; paired if its pairs are neighbors, one after another. */
type PairedAccess = Access | 'paired';

interface Structure {
  readonly expression: Expression;
  /** The type of the result. */
  readonly type: ScalarType;
  readonly rank: number;
  readonly accesses: readonly PairedAccess[];
  /** For each operand, whether the elements of a pair differ. */
  readonly varies: readonly boolean[];
}

const names = [...rangeNames, 'to'] as const;
/** The axis before the last has at least this many elements. */
const minLength = 8;

/**
 * The command of a map whose last axis has two elements, computed along the axis before it: four first elements and four second
 * ones are interleaved. `undefined` for other maps.
 */
export function pairedMapCommand(body: Body, output: Slot, expression: Expression, grain: number): Command | undefined {
  const type = scalarTypeOf(output.dtype);
  if (!expression.isNarrow || expression.calls.length > 0 || bytesOf(type) !== 4) return undefined;
  const operands = body.operands.map(stridedOperand);
  const { shape, strides } = joinOperandAxes(operands);
  const [length = 0, last] = shape.slice(-2);
  if (last !== 2 || length < minLength) return undefined;
  const along = strides.map((own) => [own.at(-2)!, own.at(-1)!] as const);
  const structure: Structure = {
    expression,
    type,
    rank: shape.length - 1,
    accesses: along.map(([next, second], j) =>
      next === 2 && second === 1 && operands[j]!.bytes === 4 ? 'paired' : accessOf(next),
    ),
    varies: along.map(([, second]) => second !== 0),
  };
  const range = { size: output.size / 2, grain: grain / 2 };
  const starts = operands.map(({ slot, view, bytes }, j) => ({
    at: { slot, byteOffset: view.offset * bytes },
    strides: strides[j]!.slice(0, -1).map((stride) => stride * bytes),
  }));
  return {
    code: kernelCode('map of pairs', structure, assemble),
    words: [
      ...packWords(names, { ...range, to: { slot: output, byteOffset: 0 } }),
      ...along.map(([, second], j) => second * operands[j]!.bytes),
      ...packStridedLoop(shape.slice(0, -1), starts),
    ],
    chunks: countRanges(range),
    workspaceBytes: 0,
  };
}

function assemble(module: ModuleBuilder, { expression, type, rank, accesses, varies }: Structure): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const header = code.local('i32', wordsAfter(args, names));
    const seconds = accesses.map((_, j) => code.local('i32', i32.load(header, { offset: 4 * j })));
    const range = emitRange(code, chunk, w);
    const to = code.local('i32', i32.add(w.to, i32.shl(range.begin, i32.const(3))));
    const loop = new VectorLoop(code, expression, new Map());
    loop.hoistConstants();
    const words = i32.add(header, i32.const(4 * accesses.length));
    emitStridedLoop(code, { words, rank, operands: accesses.length }, range, ({ at, steps, count }) => {
      const cursors = accesses.map((access, j): MovableCursor => {
        return { at: at[j]!, step: steps[j]!, access: access === 'paired' ? 'strided' : access };
      });
      const next = cursors.map((cursor, j): Cursor =>
        varies[j] ? { ...cursor, at: i32.add(cursor.at, seconds[j]!) } : cursor,
      );
      const both = varies.includes(true) ? [cursors, next] : [cursors];
      const advance = (by: number): void => {
        loop.advance(cursors, by);
        code.add(to, i32.const(8 * by));
        code.add(count, i32.const(-by));
      };
      code.if(i32.geU(count, i32.const(4)), () => {
        const invariants = both.map((each) => loop.invariants(each, true));
        code.while(i32.geU(count, i32.const(4)), () => {
          const pairs = loadPairs(code, expression, accesses, cursors);
          const [first, second = first] = both.map((each, i) =>
            code.local('v128', loop.value(each, true, new Map([...invariants[i]!, ...pairs[i]!])) as Value<'v128'>),
          ) as [Local<'v128'>, Local<'v128'>?];
          code.emit(storeFour(type, to, shuffleLanes(first, second, [0, 4, 1, 5])));
          code.emit(storeFour(type, to, shuffleLanes(first, second, [2, 6, 3, 7]), 16));
          advance(4);
        });
      });
      code.while(count, () => {
        both.forEach((each, i) => code.emit(storeOne(type, i32.add(to, i32.const(4 * i)), loop.value(each, false))));
        if (both.length === 1) code.emit(storeOne(type, i32.add(to, i32.const(4)), loop.value(cursors, false)));
        advance(1);
      });
    });
  });
}

/** Loads four pairs of each paired operand: the values of its parameter, of the first elements and of the second ones. */
function loadPairs(
  code: Code,
  { root }: Expression,
  accesses: readonly PairedAccess[],
  cursors: readonly Cursor[],
): [Invariants, Invariants] {
  const [first, second] = [new Map<Scalar, Value<'v128'>>(), new Map<Scalar, Value<'v128'>>()];
  for (const node of nodesOf(root)) {
    if (node.operation !== 'parameter' || accesses[node.value] !== 'paired') continue;
    const { at } = cursors[node.value]!;
    const [low, high] = [0, 16].map((offset) => code.local('v128', v128.load(at, { align: 4, offset }))) as [
      Local<'v128'>,
      Local<'v128'>,
    ];
    first.set(node, code.local('v128', shuffleLanes(low, high, [0, 2, 4, 6])));
    second.set(node, code.local('v128', shuffleLanes(low, high, [1, 3, 5, 7])));
  }
  return [first, second];
}
