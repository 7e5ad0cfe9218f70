import { contiguous, scalarTypeOf, type RoutineKernel } from '@thetagrad/core/backend';
import {
  i32,
  i32x4,
  i64,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
} from '../../assembler/index.ts';
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
import { packWords, readWords, wordsAfter } from '../../emit/words.ts';
import { defineMergeRuns, emitAppend, emitStoreIndices, halfKeys, keyOf, recordOf, type Order } from './records.ts';

const names = [...rangeNames, 'length', 'count', 'capacity', 'toBytes', 'fromBytes'] as const;
/** The number of comparisons in a chunk, approximately. */
const chunkWork = 1 << 16;
/** Up to this many records are kept in order as elements come. */
const maxInserted = 16;
/** The least number of records beyond those wanted that are collected before they are sorted. */
const minCollected = 32;

/**
 * How the first elements are found: all are sorted, or elements that come before the last of the first ones so far are
 * collected and sorted from time to time, or inserted at once, which is faster for few.
 */
type Method = 'sort' | 'collect' | 'insert';

/** Sorts lines along the axis, stable and with NaN last. A chunk is some lines. */
export function argsortCommands({
  operands: [operand],
  attributes: { axis, descending, count },
  shape,
  output,
}: RoutineKernel<'argsort'>): Command[] {
  const x = stridedOperand(operand);
  const to = stridedOperand({ slot: output, view: contiguous(shape) });
  const { rank, words } = stridedLoop([to, x].map((each) => holdAxis(each, axis, 1)));
  const type = scalarTypeOf(operand.slot.dtype);
  const length = x.view.shape[axis]!;
  const collected = count + (count <= maxInserted ? 1 : Math.max(count, minCollected));
  const method = collected >= length ? 'sort' : count <= maxInserted ? 'insert' : 'collect';
  const capacity = Math.min(length, collected);
  const range = {
    size: countLines(shape, axis),
    grain: Math.ceil(chunkWork / Math.max(1, length * (method === 'sort' ? Math.ceil(Math.log2(length + 2)) : 1))),
  };
  const own = packWords(names, {
    ...range,
    length,
    count,
    capacity,
    toBytes: to.view.strides[axis]! * to.bytes,
    fromBytes: x.view.strides[axis]! * x.bytes,
  });
  const isContiguous = x.view.strides[axis] === 1;
  return [
    {
      code: kernelCode('argsort', { type, descending, rank, method, isContiguous }, assemble),
      words: [...own, ...words],
      chunks: count === 0 ? 0 : countRanges(range),
      workspaceBytes: 2 * capacity * recordOf(type).bytes,
    },
  ];
}

interface Structure extends Order {
  readonly rank: number;
  readonly method: Method;
  readonly isContiguous: boolean;
}

function assemble(module: ModuleBuilder, structure: Structure): FunctionRef {
  const sortLine = defineSortLine(module, structure);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const range = emitRange(code, chunk, w);
    const loop = { words: wordsAfter(args, names), rank: structure.rank, operands: 2 };
    emitStridedLoop(code, loop, range, ({ at, steps, count }) =>
      code.while(count, () => {
        code.emit(
          code.call(sortLine, at[0]!, w.toBytes, at[1]!, w.fromBytes, w.length, w.count, w.capacity, workspace),
        );
        at.forEach((address, j) => code.add(address, steps[j]!));
        code.add(count, i32.const(-1));
      }),
    );
  });
}

/** Defines a function that stores the indices of the first `count` elements of a line. */
function defineSortLine(module: ModuleBuilder, structure: Structure) {
  const { type, method, isContiguous } = structure;
  const { bytes } = recordOf(type);
  const mergeRuns = defineMergeRuns(module, type);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, to, toBytes, from, fromBytes, length, count, capacity, workspace) => {
      const capacityBytes = code.local('i32', i32.mul(capacity, i32.const(bytes)));
      const records = code.local('i32', workspace);
      const spare = code.local('i32', i32.add(workspace, capacityBytes));
      const bothAddresses = code.local('i32', i32.add(records, spare));
      const [held, index] = [code.local('i32'), code.local('i32')];
      const sort = (): void => {
        code.set(records, code.call(mergeRuns, records, spare, i32.mul(held, i32.const(bytes))));
        code.set(spare, i32.sub(bothAddresses, records));
      };
      const append = (key: Local<'i64'>): void => {
        emitAppend(code, type, { key, index }, records, held, method === 'insert');
        code.add(held, i32.const(1));
      };
      code.set(held, i32.const(0));
      code.for(index, i32.const(0), capacity, 1, () => {
        append(keyOf(code, structure, from, index));
        code.add(from, fromBytes);
      });
      if (method !== 'sort') {
        const last = i32.add(records, i32.mul(i32.sub(count, i32.const(1)), i32.const(bytes)));
        const threshold = code.local('i64');
        const drop = (): void => {
          if (method === 'collect') sort();
          code.set(held, count);
          code.set(threshold, i64.load(last));
        };
        const visit = (): void => {
          const key = keyOf(code, structure, from, index);
          code.if(i64.ltU(key, threshold), () => {
            append(key);
            code.if(i32.eq(held, capacity), drop);
          });
          code.add(from, fromBytes);
          code.add(index, i32.const(1));
        };
        drop();
        if (isContiguous && (type === 'f32' || type === 'i32')) {
          emitSkipping(code, { ...structure, type }, { from, index, length, threshold }, visit);
        }
        code.while(i32.ltU(index, length), visit);
      }
      if (method !== 'insert') sort();
      emitStoreIndices(code, type, records, to, toBytes, count);
    },
  );
}

/** Visits elements in eights, of which those are skipped that have no element before the threshold. */
function emitSkipping(
  code: Code,
  { type, descending }: Order & { readonly type: 'f32' | 'i32' },
  { from, index, length, threshold }: Record<'from' | 'index' | 'length', Local<'i32'>> & { threshold: Local<'i64'> },
  visit: () => void,
): void {
  const end = code.local('i32');
  code.while(i32.leU(i32.add(index, i32.const(8)), length), () => {
    const half = code.local('v128', i32x4.splat(i32.wrapI64(i64.shrU(threshold, i64.const(32n)))));
    const comesBefore = (offset: number) => i32x4.ltU(halfKeys(code, type, descending, from, offset), half);
    code.if(
      v128.anyTrue(v128.or(comesBefore(0), comesBefore(16))),
      () => {
        code.set(end, i32.add(index, i32.const(8)));
        code.while(i32.ltU(index, end), visit);
      },
      () => {
        code.add(from, i32.const(32));
        code.add(index, i32.const(8));
      },
    );
  });
}
