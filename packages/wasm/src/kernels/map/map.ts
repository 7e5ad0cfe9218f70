import { scalarTypeOf, type Body, type MapKernel, type ScalarType, type Slot } from '@thetagrad/core/backend';
import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, RowPart, Word } from '../../command.ts';
import type { Access } from '../../emit/access.ts';
import { bytesOf } from '../../emit/elements.ts';
import type { Epilogue } from '../../emit/epilogue.ts';
import { bodyExpression, type Expression } from '../../emit/expression.ts';
import { importFlags, importFunctions } from '../../emit/imports.ts';
import { kernelCode, rowCode } from '../../emit/kernelCode.ts';
import { rowLoop } from '../../emit/rowLoop.ts';
import { emitStridedLoop, stridedLoop, stridedOperand } from '../../emit/stridedLoop.ts';
import { VectorLoop, type MovableCursor } from '../../emit/vectorLoop.ts';
import { pairedMapCommand } from './pairs.ts';
import { emitRow } from './row.ts';
import { tiledMapCommand } from './tiled.ts';

/** The command of a map. A chunk is a range of output elements, or some tiles if there are transposed operands. */
export function mapCommand({ body, output }: MapKernel, features: Features): Command {
  const { structure, words, grain } = prepareMap(body, output, features);
  const { expression } = structure;
  return (
    tiledMapCommand(body, output, expression, grain, features) ??
    pairedMapCommand(body, output, expression, grain) ?? {
      code: kernelCode('map', structure, assembleChunks, importFlags(expression)),
      words,
      chunks: Math.ceil(output.size / grain),
      workspaceBytes: 0,
      rowPart: (rows) => mapRowPart(body, output, structure, rows),
    }
  );
}

/** The epilogue of a routine that writes `output`, which is the body's operand 0. */
export function makeEpilogue(body: Body, output: Slot, features: Features): Epilogue {
  const { structure, words } = prepareMap(body, output, features);
  const code = kernelCode('map epilogue', structure, assembleRange, importFlags(structure.expression));
  return { code, args: { code, words, chunks: 0, workspaceBytes: 0 } };
}

interface Structure {
  readonly expression: Expression;
  /** The type of the result. */
  readonly type: ScalarType;
  readonly rank: number;
  readonly accesses: readonly Access[];
  readonly wide: boolean;
}

/** The number of words before those of the loop: size, grain, output address. */
const headerWords = 3;
/** The number of operations in a chunk, approximately. */
const chunkWork = 1 << 19;

function prepareMap(
  body: Body,
  output: Slot,
  { wide }: Features,
): { structure: Structure; words: Word[]; grain: number } {
  const expression = bodyExpression(body);
  const { rank, accesses, words } = stridedLoop(body.operands.map(stridedOperand));
  // Chunks begin at whole cache lines.
  const grain = Math.ceil(chunkWork / workOf(expression) / 64) * 64;
  return {
    structure: { expression, type: scalarTypeOf(output.dtype), rank, accesses, wide },
    words: [output.size, grain, { slot: output, byteOffset: 0 }, ...words],
    grain,
  };
}

/** The number of operations for an element, including loads and stores, approximately. */
function workOf({ weight }: Expression): number {
  return 16 + weight;
}

/** `undefined` if a row is more than a single loop, or functions have to be imported. */
function mapRowPart(
  body: Body,
  output: Slot,
  { expression, type, wide }: Structure,
  rows: number,
): RowPart | undefined {
  const loop = expression.calls.length === 0 ? rowLoop(body.operands.map(stridedOperand), rows) : undefined;
  if (!loop) return undefined;
  const { count, operands, accesses } = loop;
  const to = { at: { slot: output, byteOffset: 0 }, rowStride: count * bytesOf(type) };
  const structure = { expression, type, accesses, wide };
  const code = rowCode('map', structure, (code, { to, at, steps, count }) => {
    const vectors = new VectorLoop(code, expression, new Map());
    vectors.hoistConstants();
    const cursors = accesses.map((access, j): MovableCursor => ({ at: at[j]!, step: steps[j]!, access }));
    emitRow({ code, expression, type, loop: vectors, wide }, cursors, to, count);
  });
  return { code, count, work: count * workOf(expression), to, operands };
}

function assembleChunks(module: ModuleBuilder, structure: Structure): FunctionRef {
  const range = assembleRange(module, structure);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const size = i32.load(args);
    const grain = i32.load(args, { offset: 4 });
    const begin = code.local('i32', i32.mul(chunk, grain));
    const end = code.local('i32', i32.add(begin, grain));
    code.if(i32.gtU(end, size), () => code.set(end, size));
    code.emit(code.call(range, args, begin, end));
  });
}

/** Defines a function (args, begin, end) that computes the output elements from number `begin` to before `end`. */
function assembleRange(module: ModuleBuilder, { expression, type, rank, accesses, wide }: Structure) {
  const imports = importFunctions(module, expression);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, begin, end) => {
    const start = i32.load(args, { offset: 8 });
    const to = code.local('i32', i32.add(start, i32.mul(begin, i32.const(bytesOf(type)))));
    const loop = { words: i32.add(args, i32.const(4 * headerWords)), rank, operands: accesses.length };
    const vectors = new VectorLoop(code, expression, imports);
    vectors.hoistConstants();
    const map = { code, expression, type, loop: vectors, wide };
    emitStridedLoop(code, loop, { begin, end }, ({ at, steps, count }) => {
      const cursors = accesses.map((access, j): MovableCursor => ({ at: at[j]!, step: steps[j]!, access }));
      emitRow(map, cursors, to, count);
    });
  });
}
