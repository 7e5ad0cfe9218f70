import { scalarTypeOf, type Body, type ScalarType, type Slot } from '@thetagrad/core/backend';
import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import { rowMajor, seen } from '../move/move.ts';
import { emitTiles, tilesOf, type Tiles } from '../../emit/tiledLoop.ts';
import { copyStride, emitTransposed } from '../../emit/transpose.ts';
import type { Command } from '../../command.ts';
import { bytesOf } from '../../emit/elements.ts';
import type { Expression } from '../../emit/expression.ts';
import { importing, importsOf, walkedOf, type Walking } from '../../emit/vectorLoop.ts';
import { emitRow } from './row.ts';

/**
 * The command of a map some operand of which lies across; `undefined` if none does. Of each tile, such operands are first
 * copied to the thread's own memory in the order in which the map goes through it.
 */
export function tiledMapCommand(body: Body, output: Slot, expression: Expression, grain: number): Command | undefined {
  const operands = body.operands.map(walkedOf);
  const { shape } = operands[0]!.view;
  const tiles = tilesOf([seen(output, { shape, strides: rowMajor(shape), offset: 0 }), ...operands], grain);
  if (!tiles) return undefined;
  const { rank, lies, words, chunks, rows, columns } = tiles;
  const type = scalarTypeOf(output.dtype);
  const copied = operands.filter((_, j) => lies[1 + j] === 'across').map(({ bytes }) => bytes);
  const copyRow = copyStride(Math.max(...copied), columns);
  return {
    code: {
      key: `tiled map ${type} ${rank} ${lies.join()} ${expression.key}`,
      ...importing(expression),
      assemble: (module) => assemble(module, expression, type, tiles),
    },
    words: [copyRow, rows * copyRow, ...words],
    chunks,
    scratchBytes: copied.length * rows * copyRow,
  };
}

function assemble(module: ModuleBuilder, expression: Expression, type: ScalarType, tiles: Tiles): FunctionRef {
  const imports = importsOf(module, expression);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
    const copyRow = code.local('i32', i32.load(args));
    const copyBytes = code.local('i32', i32.load(args, { offset: 4 }));
    const words = code.local('i32', i32.add(args, i32.const(8)));
    emitTiles(code, words, tiles, chunk, ({ rows, columns, operands: [output, ...operands] }) => {
      const copy = code.local('i32', scratch);
      // Where each operand's row begins, how its elements lie there, and how far it is to the next row.
      const lines = operands.map(({ at, down, along }, j) => {
        const lie = tiles.lies[1 + j]!;
        if (lie !== 'across') return { at, down, step: along, lie };
        const start = code.local('i32', copy);
        const [from, to] = [
          { at, stride: along },
          { at: start, stride: copyRow },
        ];
        emitTransposed(code, bytesOf(expression.types[j]!), from, to, rows, columns);
        code.add(copy, copyBytes);
        return { at: start, down: copyRow, step: along, lie: 'together' as const };
      });
      const walkers = lines.map(({ step, lie }): Walking => ({ at: code.local('i32'), step, lie }));
      const [to, count] = [code.local('i32'), code.local('i32')];
      code.while(rows, () => {
        walkers.forEach(({ at }, j) => code.set(at, lines[j]!.at));
        code.set(to, output!.at);
        code.set(count, columns);
        emitRow(code, expression, type, walkers, imports, to, count);
        for (const { at, down } of [output!, ...lines]) code.add(at, down);
        code.add(rows, i32.const(-1));
      });
    });
  });
}
