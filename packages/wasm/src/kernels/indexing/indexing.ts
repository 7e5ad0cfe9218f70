// Elements at indices: take, and its transpose, which adds. Indices are checked before anything is written: where one is
// out of range the program traps, and the backend lets the reference say what is wrong.
import { scalarTypeOf } from '@thetagrad/core/backend';
import { i32, i32x4, v128, type Code, type Local, type Value } from '../../assembler/index.ts';
import type { Command, KernelCode } from '../../command.ts';
import { adding, copying, emitTransfer, type Transfer } from '../move/transfer.ts';
import { elementBytes, filled, read, rowMajor, seen, type Routine } from '../move/move.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitRange, emitWalk, rangeNames, walkOf, type Walked } from '../../emit/stridedLoop.ts';
import { emitTail, tailNames, tailWords, type Tail } from '../../emit/epilogue.ts';

/** output[…, i, …] = x[…, indices[…, i, …], …] along the attribute `axis`. */
export function takeCommands({ operands, attributes, shape, output }: Routine, tail?: Tail): Command[] {
  const [x, indices] = operands.map(read) as [Walked, Walked];
  const axis = attributes['axis'] as number;
  const bytes = elementBytes(output);
  const to = seen(output, { shape, strides: rowMajor(shape), offset: 0 });
  const { rank, words } = walkOf([to, indices, held(x, axis, shape[axis]!)]);
  const length = x.view.shape[axis]!;
  const axisBytes = bytes * x.view.strides[axis]!;
  const own = packWords(takeNames, { ...range(output.size), length, axisBytes, ...tailWords(tail) });
  return [
    checkCommand(indices, length),
    { code: takeCode(copying(bytes), rank), words: [...own, ...words], chunks: chunksOf(own), scratchBytes: 0 },
  ];
}

/** Zeros, with updates added at the indices along the attribute `axis`. */
export function scatterCommands({ operands, attributes, shape, output }: Routine): Command[] | undefined {
  const type = scalarTypeOf(output.dtype);
  if (type === 'bool') return undefined;
  const [indices, updates] = operands.map(read) as [Walked, Walked];
  const axis = attributes['axis'] as number;
  const count = updates.view.shape[axis]!;
  const to = seen(output, { shape, strides: rowMajor(shape), offset: 0 });
  const { rank, words } = walkOf([to, indices, updates].map((operand) => held(operand, axis, 1)));
  const own = packWords(scatterNames, {
    // Equal indices are only found along the axis: all of it is done by one chunk.
    ...range(sizeOf(updates.view.shape.with(axis, 1)), count),
    length: shape[axis]!,
    count,
    toBytes: to.view.strides[axis]! * to.bytes,
    indexBytes: indices.view.strides[axis]! * indices.bytes,
    fromBytes: updates.view.strides[axis]! * updates.bytes,
  });
  return [
    checkCommand(indices, shape[axis]!),
    filled(output, 0),
    {
      code: scatterCode(adding(type), rank),
      words: [...own, ...words],
      chunks: count === 0 ? 0 : chunksOf(own),
      scratchBytes: 0,
    },
  ];
}

/** A chunk is about this many elements. */
const chunkElements = 1 << 15;

/** Chunks of whole cache lines. */
function range(size: number, workOfElement = 1): { size: number; grain: number } {
  return { size, grain: Math.ceil(chunkElements / Math.max(1, workOfElement) / 16) * 16 };
}

function chunksOf([size, grain]: readonly unknown[]): number {
  return Math.ceil((size as number) / (grain as number));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The operand at index 0 of an axis, which then runs over `length` without moving. */
function held({ view, ...rest }: Walked, axis: number, length: number): Walked {
  return {
    ...rest,
    view: { ...view, shape: view.shape.with(axis, length), strides: view.strides.with(axis, 0) },
  };
}

/** Negative indices count from the end. */
function wrapped(index: Local<'i32'>, length: Local<'i32'>): Value<'i32'> {
  return i32.add(index, i32.and(i32.shrS(index, i32.const(31)), length));
}

const checkNames = [...rangeNames, 'length'] as const;

/** Traps if an index is out of range. */
function checkCommand({ view, ...rest }: Walked, length: number): Command {
  // Each index once, however often it is used.
  const shape = view.shape.map((size, axis) => (view.strides[axis] === 0 ? Math.min(1, size) : size));
  const { rank, words } = walkOf([{ ...rest, view: { ...view, shape } }]);
  const own = packWords(checkNames, { ...range(sizeOf(shape)), length });
  return { code: checkCode(rank), words: [...own, ...words], chunks: chunksOf(own), scratchBytes: 0 };
}

function checkCode(rank: number): KernelCode {
  return {
    key: `check indices ${rank}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
        const w = readWords(code, args, checkNames);
        const { begin, end } = emitRange(code, chunk, w);
        const index = code.local('i32');
        const four = code.local('v128');
        const lengths = code.local('v128', i32x4.splat(w.length));
        emitWalk(code, after(args, checkNames), { rank, operands: 1 }, begin, end, ({ at, steps, count }) => {
          const advance = (by: number): void => {
            code.add(at[0]!, i32.mul(steps[0]!, i32.const(by)));
            code.add(count, i32.const(-by));
          };
          code.if(i32.eq(steps[0]!, i32.const(4)), () =>
            code.while(i32.geU(count, i32.const(4)), () => {
              code.set(four, v128.load(at[0]!, { align: 4 }));
              code.set(four, i32x4.add(four, v128.and(i32x4.shrS(four, i32.const(31)), lengths)));
              code.if(v128.anyTrue(i32x4.geU(four, lengths)), () => code.trap());
              advance(4);
            }),
          );
          code.while(count, () => {
            code.set(index, i32.load(at[0]!));
            code.if(i32.geU(wrapped(index, w.length), w.length), () => code.trap());
            advance(1);
          });
        });
      }),
  };
}

const takeNames = [...rangeNames, 'length', 'axisBytes', ...tailNames] as const;

function takeCode(copy: Transfer, rank: number): KernelCode {
  return {
    key: `take ${copy.bytes} ${rank}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
        const w = readWords(code, args, takeNames);
        const { begin, end } = emitRange(code, chunk, w);
        const first = code.local('i32', begin);
        const from = code.local('i32');
        emitWalk(code, after(args, takeNames), { rank, operands: 3 }, begin, end, ({ at, steps, count }) => {
          const [to, indexAt, base] = at as [Local<'i32'>, Local<'i32'>, Local<'i32'>];
          const [toStep, indexStep, baseStep] = steps as [Local<'i32'>, Local<'i32'>, Local<'i32'>];
          const index = code.local('i32');
          const find = (): void => {
            code.set(index, i32.load(indexAt));
            code.set(from, i32.add(base, i32.mul(wrapped(index, w.length), w.axisBytes)));
          };
          code.if(
            indexStep,
            () =>
              code.while(count, () => {
                find();
                code.emit(copy.one(to, from));
                at.forEach((address, j) => code.add(address, steps[j]!));
                code.add(count, i32.const(-1));
              }),
            () => {
              find();
              emitTransfer(code, copy, [to, from], [toStep, baseStep], count);
            },
          );
        });
        emitTail(code, w, first, i32.sub(end, first));
      }),
  };
}

const scatterNames = [...rangeNames, 'length', 'count', 'toBytes', 'indexBytes', 'fromBytes'] as const;

function scatterCode(add: Transfer, rank: number): KernelCode {
  return {
    key: `scatter ${add.name} ${rank}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
        const w = readWords(code, args, scatterNames);
        const { begin, end } = emitRange(code, chunk, w);
        const [to, from, indexAt] = [code.local('i32'), code.local('i32'), code.local('i32')] as const;
        emitWalk(code, after(args, scatterNames), { rank, operands: 3 }, begin, end, ({ at, steps, count }) => {
          const [base, firstIndex, updates] = at as [Local<'i32'>, Local<'i32'>, Local<'i32'>];
          const [toStep, indexStep, fromStep] = steps as [Local<'i32'>, Local<'i32'>, Local<'i32'>];
          const index = code.local('i32');
          const find = (): void => {
            code.set(index, i32.load(indexAt));
            code.set(index, i32.mul(wrapped(index, w.length), w.toBytes));
          };
          const addOne = (target: Local<'i32'>): void => {
            find();
            code.set(to, i32.add(target, index));
            code.emit(add.one(to, from));
          };
          // Where updates meet, they are added in the order of the axis: line by line if lines lie together, and otherwise a
          // row of updates at a time.
          code.if(
            i32.or(i32.eq(count, i32.const(1)), i32.ltU(w.toBytes, toStep)),
            () =>
              code.while(count, () => {
                code.set(from, updates);
                code.set(indexAt, firstIndex);
                eachAlong(code, w.count, () => {
                  addOne(base);
                  code.add(from, w.fromBytes);
                  code.add(indexAt, w.indexBytes);
                });
                at.forEach((address, j) => code.add(address, steps[j]!));
                code.add(count, i32.const(-1));
              }),
            () =>
              eachAlong(code, w.count, () => {
                code.set(from, updates);
                code.set(indexAt, firstIndex);
                code.if(
                  indexStep,
                  () => {
                    const target = code.local('i32', base);
                    const left = code.local('i32', count);
                    code.while(left, () => {
                      addOne(target);
                      code.add(target, toStep);
                      code.add(from, fromStep);
                      code.add(indexAt, indexStep);
                      code.add(left, i32.const(-1));
                    });
                  },
                  () => {
                    find();
                    code.set(to, i32.add(base, index));
                    emitTransfer(code, add, [to, from], [toStep, fromStep], count);
                  },
                );
                code.add(updates, w.fromBytes);
                code.add(firstIndex, w.indexBytes);
              }),
          );
        });
      }),
  };
}

function eachAlong(code: Code, count: Local<'i32'>, body: () => void): void {
  const left = code.local('i32', count);
  code.while(left, () => {
    body();
    code.add(left, i32.const(-1));
  });
}

/** Where the words behind these are. */
function after(args: Local<'i32'>, names: readonly string[]): Value<'i32'> {
  return i32.add(args, i32.const(4 * names.length));
}
