import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { RowCode } from '../../command.ts';
import { bytesOf } from '../../emit/elements.ts';
import { importFunctions } from '../../emit/imports.ts';
import { rowCode } from '../../emit/kernelCode.ts';
import { emitStridedLoop, readStridedLoop } from '../../emit/stridedLoop.ts';
import { emitMin } from '../../emit/units.ts';
import { VectorLoop } from '../../emit/vectorLoop.ts';
import { readWords, wordsAfter } from '../../emit/words.ts';
import { emitColumns } from './columns.ts';
import { combinerOf } from './combiner.ts';
import { emitRows, rowWorkspaceBytes } from './rows.ts';
import type { EmittedReduction, Structure } from './terms.ts';

/**
 * The first words: the number of results, of results in a chunk, of chunks of results; the output; the number of terms
 * of the outermost axis in a slice. They are followed by the words of the loop over results and of the loop over terms.
 */
export const headerNames = ['size', 'grain', 'chunks', 'to', 'sliceLength'] as const;

/** Chunks are the chunks of results of the first slice of terms, then those of the second, and so on. */
export function assembleReduction(module: ModuleBuilder, structure: Structure): FunctionRef {
  const { reduction, expression, type, keptRank, reducedRank, accesses, columns, outputType } = structure;
  const imports = importFunctions(module, expression);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, headerNames);
    const slice = code.local('i32', i32.divU(chunk, w.chunks));
    const begin = code.local('i32', i32.mul(i32.remU(chunk, w.chunks), w.grain));
    const end = emitMin(code, i32.add(begin, w.grain), w.size);
    code.add(w.to, i32.mul(i32.add(i32.mul(slice, w.size), begin), i32.const(bytesOf(outputType))));

    const kept = wordsAfter(args, headerNames);
    const keptWords = keptRank + accesses.length * (1 + keptRank);
    const { length, stride } = readStridedLoop(i32.add(kept, i32.const(4 * keptWords)), reducedRank);
    const strides = accesses.map((_, j) =>
      Array.from({ length: reducedRank }, (__, axis) => code.local('i32', stride(j, axis))),
    );
    const lengths = Array.from({ length: reducedRank }, (_, axis) => code.local('i32', length(axis)));
    const first = code.local('i32', i32.mul(slice, w.sliceLength));
    const [outermost] = lengths;
    code.set(outermost!, emitMin(code, i32.sub(outermost!, first), w.sliceLength));

    const vectors = new VectorLoop(code, expression, imports);
    vectors.hoistConstants();
    const emitted: EmittedReduction = {
      code,
      structure,
      combiner: combinerOf(reduction, type),
      imports,
      loop: vectors,
      lengths,
      strides,
      to: w.to,
      workspace,
    };
    const loop = { words: kept, rank: keptRank, operands: accesses.length };
    emitStridedLoop(code, loop, { begin, end }, (row) => {
      row.at.forEach((at, j) => code.add(at, i32.mul(first, strides[j]![0]!)));
      if (columns) emitColumns(emitted, row);
      else emitRows(emitted, row);
    });
  });
}

/** Computes one result for each row. */
export function reductionRowCode(structure: Structure): RowCode {
  const { reduction, expression, type } = structure;
  const emit: RowCode['emit'] = (code, { to, at, steps, count, workspace }) => {
    const vectors = new VectorLoop(code, expression, new Map());
    vectors.hoistConstants();
    const still = code.local('i32', i32.const(0));
    const emitted: EmittedReduction = {
      code,
      structure,
      combiner: combinerOf(reduction, type),
      imports: new Map(),
      loop: vectors,
      lengths: [count],
      strides: steps.map((step) => [step]),
      to,
      workspace,
    };
    emitRows(emitted, { at, steps: at.map(() => still), count: code.local('i32', i32.const(1)) });
  };
  return rowCode('reduce', structure, emit, rowWorkspaceBytes);
}
