import { contiguous, type RoutineKernel } from '@thetagrad/core/backend';
import { i32, type FunctionRef, type Local, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords, type Epilogue } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import {
  countRanges,
  emitRange,
  emitStridedLoop,
  holdAxis,
  rangeNames,
  stridedLoop,
  stridedOperand,
} from '../../emit/stridedLoop.ts';
import { packWords, readWords, wordsAfter } from '../../emit/words.ts';
import { copyTransfer, emitTransfer, type Transfer } from '../move/transfer.ts';
import { checkIndicesCommand, cutElements, emitIndexedFours, wrapIndex } from './checkIndices.ts';

const names = [...rangeNames, 'length', 'axisBytes', ...epilogueNames] as const;

/** output[…, i, …] = x[…, indices[…, i, …], …] along the axis. */
export function takeCommands(
  { operands, attributes: { axis }, shape, output }: RoutineKernel<'take'>,
  epilogue?: Epilogue,
): Command[] {
  const [x, indices] = [stridedOperand(operands[0]), stridedOperand(operands[1])];
  const to = stridedOperand({ slot: output, view: contiguous(shape) });
  const { rank, words } = stridedLoop([to, indices, holdAxis(x, axis, shape[axis]!)]);
  const length = x.view.shape[axis]!;
  const range = cutElements(output.size);
  const axisBytes = x.bytes * x.view.strides[axis]!;
  return [
    checkIndicesCommand(indices, length),
    {
      code: kernelCode('take along axis', { copy: copyTransfer(to.bytes), rank }, assemble),
      words: [...packWords(names, { ...range, length, axisBytes, ...epilogueWords(epilogue) }), ...words],
      chunks: countRanges(range),
      workspaceBytes: 0,
    },
  ];
}

function assemble(
  module: ModuleBuilder,
  { copy, rank }: { readonly copy: Transfer; readonly rank: number },
): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const { begin, end } = emitRange(code, chunk, w);
    const first = code.local('i32', begin);
    const from = code.local('i32');
    const loop = { words: wordsAfter(args, names), rank, operands: 3 };
    emitStridedLoop(code, loop, { begin, end }, ({ at, steps, count }) => {
      const [to, indexAt, base] = at as readonly [Local<'i32'>, Local<'i32'>, Local<'i32'>];
      const [toStep, indexStep, baseStep] = steps as readonly [Local<'i32'>, Local<'i32'>, Local<'i32'>];
      const index = code.local('i32');
      const find = (): void => {
        code.set(index, i32.load(indexAt));
        code.set(from, i32.add(base, i32.mul(wrapIndex(index, w.length), w.axisBytes)));
      };
      const takeEach = (): void =>
        code.while(count, () => {
          find();
          code.emit(copy.one(to, from));
          at.forEach((address, j) => code.add(address, steps[j]!));
          code.add(count, i32.const(-1));
        });
      code.if(
        indexStep,
        () => {
          const axis = { length: w.length, bytes: w.axisBytes, indexStep, baseStep };
          code.if(i32.eq(toStep, i32.const(copy.bytes)), () =>
            emitIndexedFours(code, axis, { indexAt, base, count }, (addresses) => {
              addresses.forEach((address, lane) =>
                code.emit(copy.one(i32.add(to, i32.const(lane * copy.bytes)), address)),
              );
              code.add(to, i32.const(4 * copy.bytes));
            }),
          );
          takeEach();
        },
        () => {
          find();
          emitTransfer(code, copy, [to, from], [toStep, baseStep], count);
        },
      );
    });
    emitEpilogue(code, w, first, i32.sub(end, first));
  });
}
