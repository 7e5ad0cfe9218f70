import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import { emitLeast } from '../../emit/units.ts';
import { readWords } from '../../emit/words.ts';
import { emitWalk, walkWords } from '../../emit/stridedLoop.ts';
import { bytesOf } from '../../emit/elements.ts';
import { importsOf } from '../../emit/vectorLoop.ts';
import { emitColumns } from './columns.ts';
import { emitRows } from './rows.ts';
import type { Reducing, Structure } from './reducing.ts';

/**
 * The first words: results, results in a chunk, chunks of results, where they go, terms of the outermost axis in a slice.
 * Then come the words of the walk along the results, and those of the walk along the terms of one.
 */
export const headerNames = ['size', 'grain', 'chunks', 'to', 'sliceLength'] as const;

/** Chunks are the chunks of results of the first slice of terms, then those of the second, and so on. */
export function assembleReduction(module: ModuleBuilder, structure: Structure): FunctionRef {
  const { expression, keptRank, reducedRank, lies, columns, outputType } = structure;
  const imports = importsOf(module, expression);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, headerNames);
    const slice = code.local('i32', i32.divU(chunk, w.chunks));
    const begin = code.local('i32', i32.mul(i32.remU(chunk, w.chunks), w.grain));
    const end = emitLeast(code, i32.add(begin, w.grain), w.size);
    code.add(w.to, i32.mul(i32.add(i32.mul(slice, w.size), begin), i32.const(bytesOf(outputType))));

    const kept = i32.add(args, i32.const(4 * headerNames.length));
    const keptLength = keptRank + lies.length * (1 + keptRank);
    const { length, stride } = walkWords(i32.add(kept, i32.const(4 * keptLength)), reducedRank);
    const strides = lies.map((_, j) =>
      Array.from({ length: reducedRank }, (__, axis) => code.local('i32', stride(j, axis))),
    );
    const lengths = Array.from({ length: reducedRank }, (_, axis) => code.local('i32', length(axis)));
    const first = code.local('i32', i32.mul(slice, w.sliceLength));
    const [outermost] = lengths;
    code.set(outermost!, emitLeast(code, i32.sub(outermost!, first), w.sliceLength));

    const reducing: Reducing = { code, structure, imports, lengths, strides, to: w.to };
    emitWalk(code, kept, { rank: keptRank, operands: lies.length }, begin, end, (row) => {
      row.at.forEach((at, j) => code.add(at, i32.mul(first, strides[j]![0]!)));
      if (columns) emitColumns(reducing, row);
      else emitRows(reducing, row);
    });
  });
}
