// The command of a row chain: one function that computes all kernels of the chain, row after row.
import { bytesPerElement, type Slot } from '@thetagrad/core/backend';
import { i32, type FunctionRef, type Local, type ModuleBuilder, type Value } from '../assembler/index.ts';
import type { Command, RowAddress, RowCode, RowPart, Scratch, Word } from '../command.ts';
import { kernelCode } from '../emit/kernelCode.ts';
import { countChunks, emitUnits, type Units } from '../emit/units.ts';
import { packWords, readWords } from '../emit/words.ts';
import { roundUpToBlock } from '../memory/heap.ts';

/**
 * The words of a part follow: the count, the address and row stride of the results, and those of each operand with its
 * step.
 */
const names = ['units', 'unitsInChunk'] as const;

interface Structure {
  readonly parts: readonly PartStructure[];
}

interface PartStructure {
  readonly code: RowCode;
  /** Whether the rows of the results, and of each operand, are in the workspace. */
  readonly areInner: readonly boolean[];
}

/**
 * The command that computes the parts, in order, for each row. A unit is a row.
 * @param inner the slots that no other command reads: a row of each is kept in the workspace.
 */
export function chainCommand(parts: readonly RowPart[], units: Units, inner: readonly Slot[]): Command {
  const offsets = new Map<Slot | Scratch, number>();
  let bytes = roundUpToBlock(Math.max(...parts.map(({ code }) => code.workspaceBytes)));
  for (const slot of inner) {
    offsets.set(slot, bytes);
    bytes += roundUpToBlock((bytesPerElement(slot.dtype) * slot.size) / units.units);
  }
  const structure: Structure = {
    parts: parts.map(({ code, to, operands }) => ({
      code,
      areInner: [to, ...operands].map(({ at }) => offsets.has(at.slot)),
    })),
  };
  const rowWords = ({ at, rowStride }: RowAddress): Word[] => {
    const offset = offsets.get(at.slot);
    return offset === undefined ? [at, rowStride] : [offset + at.byteOffset, 0];
  };
  return {
    code: kernelCode('row chain', structure, assemble),
    words: [
      ...packWords(names, { ...units }),
      ...parts.flatMap(({ count, to, operands }) => [
        count,
        ...rowWords(to),
        ...operands.flatMap((operand) => [...rowWords(operand), operand.step]),
      ]),
    ],
    chunks: countChunks(units),
    workspaceBytes: bytes,
  };
}

function assemble(module: ModuleBuilder, { parts }: Structure): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    emitUnits(code, chunk, w, (row) => {
      let word: number = names.length;
      const load = (): Value<'i32'> => i32.load(args, { offset: 4 * word++ });
      const emitAddress = (isInner: boolean): Local<'i32'> => {
        const [first, rowStride] = [load(), load()];
        return code.local('i32', i32.add(first, isInner ? workspace : i32.mul(row, rowStride)));
      };
      for (const { code: part, areInner } of parts) {
        const count = code.local('i32', load());
        const to = emitAddress(areInner[0]!);
        const operands = areInner
          .slice(1)
          .map((isInner) => ({ at: emitAddress(isInner), step: code.local('i32', load()) }));
        const [at, steps] = [operands.map((operand) => operand.at), operands.map(({ step }) => step)];
        part.emit(code, { to, at, steps, count, workspace });
      }
    });
  });
}
