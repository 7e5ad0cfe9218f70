import { i32, memory, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features } from '../../command.ts';
import { emitBatchOffset } from '../../emit/batch.ts';
import { emitEpilogue } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { countChunks, cutUnits, emitUnits, roundUp } from '../../emit/units.ts';
import { readWords } from '../../emit/words.ts';
import { definePackSpan, panelElements } from '../panels/pack.ts';
import { defineTileBlock, tileBlockWorkspaceBytes, tileShape } from '../panels/tileBlock.ts';
import { countMatrices, type Product } from './product.ts';
import { productNames, productWords } from './words.ts';

/** Small products: a chunk computes several, and packs their operands into the workspace. */
export function smallCommand(product: Product, features: Features): Command {
  const { rows, columns, depth } = product;
  // Packing an element costs about eight multiply-adds.
  const cut = cutUnits(
    countMatrices(product),
    rows * columns * depth + 8 * (rows + columns) * depth + rows * columns + 50,
    1 << 20,
  );
  const tile = tileShape(features);
  const packed = panelElements(rows, depth, tile.rows) + panelElements(columns, depth, tile.columns);
  return {
    code: kernelCode('matmul small', features, assemble),
    words: productWords(product, 4, cut),
    chunks: countChunks(cut),
    workspaceBytes: tileBlockWorkspaceBytes + 4 * packed,
  };
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const tile = tileShape(features);
  const multiply = defineTileBlock(module, features);
  const packRows = definePackSpan(module, tile.rows);
  const packColumns = definePackSpan(module, tile.columns);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, productNames);
    const panels = code.local('i32', i32.add(workspace, i32.const(tileBlockWorkspaceBytes)));
    const rowBytes = code.local('i32', i32.shl(w.columns, i32.const(2)));
    const size = code.local('i32', i32.mul(w.rows, w.columns));
    const aBytes = code.local('i32', i32.shl(i32.mul(roundUp(w.rows, tile.rows), w.depth), i32.const(2)));
    emitUnits(code, chunk, w, (unit) => {
      const [aOffset, bOffset] = emitBatchOffset(code, args, 4 * productNames.length, w.rank, unit, 2);
      const first = code.local('i32', i32.mul(unit, size));
      const c = code.local('i32', i32.add(w.c, i32.shl(first, i32.const(2))));
      const b = i32.add(panels, aBytes);
      code.if(
        w.depth,
        () => {
          code.emit(code.call(packRows, i32.add(w.a, aOffset!), w.rows, w.aRow, w.aDepth, w.depth, panels));
          code.emit(code.call(packColumns, i32.add(w.b, bOffset!), w.columns, w.bColumn, w.bDepth, w.depth, b));
          code.emit(code.call(multiply, panels, b, w.depth, c, rowBytes, w.rows, w.columns, i32.const(0), workspace));
        },
        () => code.emit(memory.fill(c, i32.const(0), i32.shl(size, i32.const(2)))),
      );
      emitEpilogue(code, w, first, size);
    });
  });
}
