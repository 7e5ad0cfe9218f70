import { contiguous, scalarTypeOf, type Body, type ScalarType, type Slot } from '@thetagrad/core/backend';
import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features } from '../../command.ts';
import { bytesOf } from '../../emit/elements.ts';
import type { Expression } from '../../emit/expression.ts';
import { importFlags, importFunctions } from '../../emit/imports.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { stridedOperand } from '../../emit/stridedLoop.ts';
import { emitTiles, tiledLoop, type TiledAccess } from '../../emit/tiledLoop.ts';
import { copyStride, emitTransposeCopy } from '../../emit/transpose.ts';
import { VectorLoop, type MovableCursor } from '../../emit/vectorLoop.ts';
import { emitRow } from './row.ts';

interface Structure {
  readonly expression: Expression;
  /** The type of the result. */
  readonly type: ScalarType;
  readonly rank: number;
  readonly accesses: readonly TiledAccess[];
  readonly wide: boolean;
}

/**
 * The command of a map with transposed operands, `undefined` if there are none. For each tile, transposed operands are
 * first copied to the workspace in row-major order.
 */
export function tiledMapCommand(
  body: Body,
  output: Slot,
  expression: Expression,
  grain: number,
  { wide }: Features,
): Command | undefined {
  const operands = body.operands.map(stridedOperand);
  const { shape } = operands[0]!.view;
  const tiles = tiledLoop([stridedOperand({ slot: output, view: contiguous(shape) }), ...operands], grain);
  if (!tiles) return undefined;
  const { rank, accesses, words, chunks, rows, columns } = tiles;
  const copied = operands.filter((_, j) => accesses[1 + j] === 'transposed').map(({ bytes }) => bytes);
  const copyRow = copyStride(Math.max(...copied), columns);
  const structure: Structure = { expression, type: scalarTypeOf(output.dtype), rank, accesses, wide };
  return {
    code: kernelCode('tiled map', structure, assemble, importFlags(expression)),
    words: [copyRow, rows * copyRow, ...words],
    chunks,
    workspaceBytes: copied.length * rows * copyRow,
  };
}

function assemble(module: ModuleBuilder, structure: Structure): FunctionRef {
  const { expression, type, accesses, wide } = structure;
  const imports = importFunctions(module, expression);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const copyRow = code.local('i32', i32.load(args));
    const copyBytes = code.local('i32', i32.load(args, { offset: 4 }));
    const words = code.local('i32', i32.add(args, i32.const(8)));
    const loop = new VectorLoop(code, expression, imports);
    loop.hoistConstants();
    const map = { code, expression, type, loop, wide };
    emitTiles(code, words, structure, chunk, ({ rows, columns, operands: [output, ...operands] }) => {
      const copy = code.local('i32', workspace);
      // For each operand the address of a row, its access there, and the distance of the next row.
      const lines = operands.map(({ at, down, along }, j) => {
        const access = accesses[1 + j]!;
        if (access !== 'transposed') return { at, down, step: along, access };
        const start = code.local('i32', copy);
        const [from, to] = [
          { at, stride: along },
          { at: start, stride: copyRow },
        ];
        emitTransposeCopy(code, bytesOf(expression.types[j]!), from, to, rows, columns);
        code.add(copy, copyBytes);
        return { at: start, down: copyRow, step: along, access: 'contiguous' as const };
      });
      const cursors = lines.map(({ step, access }): MovableCursor => ({ at: code.local('i32'), step, access }));
      const [to, count] = [code.local('i32'), code.local('i32')];
      code.while(rows, () => {
        cursors.forEach(({ at }, j) => code.set(at, lines[j]!.at));
        code.set(to, output!.at);
        code.set(count, columns);
        emitRow(map, cursors, to, count);
        for (const { at, down } of [output!, ...lines]) code.add(at, down);
        code.add(rows, i32.const(-1));
      });
    });
  });
}
