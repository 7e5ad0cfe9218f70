import { contiguous, scalarTypeOf, type RoutineKernel } from '@thetagrad/core/backend';
import { i32, type FunctionRef, type Local, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import {
  countLines,
  countRanges,
  emitRange,
  emitStridedLoop,
  holdAxis,
  rangeNames,
  stridedLoop,
  stridedOperand,
} from '../../emit/stridedLoop.ts';
import { emitRepeat } from '../../emit/units.ts';
import { packWords, readWords, wordsAfter } from '../../emit/words.ts';
import { sumsOf } from '../move/sums.ts';
import { emitTransfer, type Transfer } from '../move/transfer.ts';
import { checkIndicesCommand, cutElements, emitIndexedFours, wrapIndex } from './checkIndices.ts';

const names = [...rangeNames, 'length', 'count', 'toBytes', 'indexBytes', 'fromBytes'] as const;

/** Adds updates to zeros at indices along the axis. `undefined` for bool. */
export function scatterAddCommands({
  operands,
  attributes: { axis },
  shape,
  output,
}: RoutineKernel<'scatterAdd'>): Command[] | undefined {
  const type = scalarTypeOf(output.dtype);
  if (type === 'bool') return undefined;
  const [indices, updates] = [stridedOperand(operands[0]), stridedOperand(operands[1])];
  const length = shape[axis]!;
  const count = updates.view.shape[axis]!;
  const sums = sumsOf(output, contiguous(shape), count);
  const { to } = sums;
  const { rank, words } = stridedLoop([to, indices, updates].map((operand) => holdAxis(operand, axis, 1)));
  // Equal indices occur along the axis only, so one chunk computes all of it.
  const range = cutElements(countLines(updates.view.shape, axis), count);
  const own = packWords(names, {
    ...range,
    length,
    count,
    toBytes: to.view.strides[axis]! * to.bytes,
    indexBytes: indices.view.strides[axis]! * indices.bytes,
    fromBytes: updates.view.strides[axis]! * updates.bytes,
  });
  return [
    checkIndicesCommand(indices, length),
    sums.clear,
    {
      code: kernelCode('scatter add', { add: sums.add, rank }, assemble),
      words: [...own, ...words],
      chunks: count === 0 ? 0 : countRanges(range),
      workspaceBytes: 0,
    },
    ...sums.finish,
  ];
}

function assemble(
  module: ModuleBuilder,
  { add, rank }: { readonly add: Transfer; readonly rank: number },
): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const range = emitRange(code, chunk, w);
    const [to, from, indexAt] = [code.local('i32'), code.local('i32'), code.local('i32')] as const;
    const loop = { words: wordsAfter(args, names), rank, operands: 3 };
    emitStridedLoop(code, loop, range, ({ at, steps, count }) => {
      const [base, firstIndex, updates] = at as readonly [Local<'i32'>, Local<'i32'>, Local<'i32'>];
      const [toStep, indexStep, fromStep] = steps as readonly [Local<'i32'>, Local<'i32'>, Local<'i32'>];
      const index = code.local('i32');
      const find = (): void => {
        code.set(index, i32.load(indexAt));
        code.set(index, i32.mul(wrapIndex(index, w.length), w.toBytes));
      };
      const addOne = (target: Local<'i32'>): void => {
        find();
        code.set(to, i32.add(target, index));
        code.emit(add.one(to, from));
      };
      const addLines = (): void =>
        code.while(count, () => {
          code.set(from, updates);
          code.set(indexAt, firstIndex);
          const left = code.local('i32', w.count);
          const axis = { length: w.length, bytes: w.toBytes, indexStep: w.indexBytes };
          emitIndexedFours(code, axis, { indexAt, base, count: left }, (addresses) => {
            for (const address of addresses) {
              code.emit(add.one(address, from));
              code.add(from, w.fromBytes);
            }
          });
          emitRepeat(code, left, () => {
            addOne(base);
            code.add(from, w.fromBytes);
            code.add(indexAt, w.indexBytes);
          });
          at.forEach((address, j) => code.add(address, steps[j]!));
          code.add(count, i32.const(-1));
        });
      const addRow = (): void => {
        const target = code.local('i32', base);
        emitRepeat(code, count, () => {
          addOne(target);
          code.add(target, toStep);
          code.add(from, fromStep);
          code.add(indexAt, indexStep);
        });
      };
      const addRows = (): void =>
        emitRepeat(code, w.count, () => {
          code.set(from, updates);
          code.set(indexAt, firstIndex);
          code.if(indexStep, addRow, () => {
            find();
            code.set(to, i32.add(base, index));
            emitTransfer(code, add, [to, from], [toStep, fromStep], count);
          });
          code.add(updates, w.fromBytes);
          code.add(firstIndex, w.indexBytes);
        });
      // Updates of equal indices are added in the order of the axis: line by line if lines are close in memory,
      // otherwise a row of updates at a time.
      code.if(i32.or(i32.eq(count, i32.const(1)), i32.ltU(w.toBytes, toStep)), addLines, addRows);
    });
  });
}
