import { scalarTypeOf, type Body, type Kernel, type Slot } from '@thetagrad/core';
import {
  i32,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
  type ValueType,
} from '../assembler/index.ts';
import type { Tail } from '../kernels/tileTail.ts';
import type { Command, KernelCode, Word } from '../program.ts';
import { bytesOf, storeFour, storeOne } from './elements.ts';
import { expressionOf, type Expression } from './expression.ts';
import {
  elementBytes,
  emitAdvance,
  emitExpression,
  emitInvariants,
  importing,
  importsOf,
  type Walking,
} from './inner.ts';
import { lieOf, nestOf, type Lie } from './nest.ts';
import type { Imports } from './render.ts';

/** A map as a command: chunks are runs of output elements. */
export function mapCommand({ body, output }: Extract<Kernel, { kind: 'map' }>): Command {
  const { structure, words, grain } = described(body, output);
  return {
    code: {
      key: `map ${structure.key}`,
      ...importing(structure.expression),
      assemble: (module) => assembleChunks(module, assembleRange(module, structure)),
    },
    words,
    chunks: Math.ceil(output.size / grain),
    scratchBytes: 0,
  };
}

/** A body at the end of a routine that writes `output`, which is the body's operand 0. */
export function tailOf(body: Body, output: Slot): Tail {
  const { structure, words } = described(body, output);
  const code: KernelCode = {
    key: `tail ${structure.key}`,
    ...importing(structure.expression),
    assemble: (module) => assembleRange(module, structure),
  };
  return { code, args: { code, words, chunks: 0, scratchBytes: 0 } };
}

/** What the code of a map depends on. */
interface Structure {
  readonly expression: Expression;
  /** Of the result. */
  readonly type: ReturnType<typeof scalarTypeOf>;
  readonly rank: number;
  /** Of each operand along the innermost axis. */
  readonly lies: readonly Lie[];
  readonly key: string;
}

/** Words of every argument block: how many elements, how many in a chunk, where they go; then axes and operands. */
const header = 3;
/** A chunk is about this many operations. */
const chunkWork = 1 << 19;

function described(body: Body, output: Slot): { structure: Structure; words: Word[]; grain: number } {
  const { operands } = body;
  const expression = expressionOf(body);
  const { sizes, strides } = nestOf(operands.map(({ view }) => view));
  const lies = strides.map((own) => lieOf(own.at(-1)!));
  const type = scalarTypeOf(output.dtype);
  const key = `${type} ${sizes.length} ${lies.join()} ${expression.key}`;
  // Chunks begin at whole cache lines.
  const grain = Math.ceil(chunkWork / (16 + expression.weight) / 64) * 64;
  const words: Word[] = [output.size, grain, { place: output, byteOffset: 0 }, ...sizes];
  operands.forEach((operand, j) => {
    const bytes = elementBytes(operand);
    words.push({ place: operand.slot, byteOffset: operand.view.offset * bytes });
    words.push(...strides[j]!.map((stride) => stride * bytes));
  });
  return { structure: { expression, type, rank: sizes.length, lies, key }, words, grain };
}

function assembleChunks(module: ModuleBuilder, range: FunctionRef): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const size = i32.load(args);
    const grain = i32.load(args, { offset: 4 });
    const begin = code.local('i32', i32.mul(chunk, grain));
    const end = code.local('i32', i32.add(begin, grain));
    code.if(i32.gtU(end, size), () => code.set(end, size));
    code.emit(code.call(range as FunctionRef<['i32', 'i32', 'i32'], []>, args, begin, end));
  });
}

/** The function (args, begin, end): the flat output elements from begin to end. */
function assembleRange(module: ModuleBuilder, { expression, type, rank, lies }: Structure): FunctionRef {
  const imports = importsOf(module, expression);
  const size = i32.const(bytesOf(type));
  return module.function(['i32', 'i32', 'i32'], [], (code, args, begin, end) => {
    const word = (index: number): Value<'i32'> => i32.load(args, { offset: 4 * index });
    const stride = (j: number, axis: number): Value<'i32'> => word(header + rank + j * (1 + rank) + 1 + axis);
    const to = code.local('i32', i32.add(word(2), i32.mul(begin, size)));
    const row = code.local('i32', word(header + rank - 1));
    /** Where each operand's row begins. */
    const starts = lies.map((_, j) => code.local('i32', word(header + rank + j * (1 + rank))));
    const walkers = lies.map((lie, j): Walking => ({
      at: code.local('i32'),
      step: code.local('i32', stride(j, rank - 1)),
      lie,
    }));
    const column = code.local('i32', begin);
    const outer: Local<'i32'>[] = [];
    if (rank > 1) {
      const rest = code.local('i32', i32.divU(begin, row));
      code.set(column, i32.sub(begin, i32.mul(rest, row)));
      for (let axis = rank - 2; axis >= 0; axis--) {
        const length = word(header + axis);
        const index = code.local('i32', axis > 0 ? i32.remU(rest, length) : rest);
        if (axis > 0) code.set(rest, i32.divU(rest, length));
        starts.forEach((start, j) => code.add(start, i32.mul(index, stride(j, axis))));
        outer[axis] = index;
      }
    }
    const count = code.local('i32');
    code.while(i32.ltU(begin, end), () => {
      code.set(count, i32.sub(row, column));
      code.if(i32.gtU(count, i32.sub(end, begin)), () => code.set(count, i32.sub(end, begin)));
      code.add(begin, count);
      walkers.forEach(({ at, step, lie }, j) => {
        const start = starts[j]!;
        code.set(at, lie === 'same' ? start : i32.add(start, i32.mul(column, step)));
      });
      emitRow(code, expression, type, walkers, imports, to, count);
      if (rank > 1) {
        code.set(column, i32.const(0));
        emitNextRow(code, outer, starts, (axis) => word(header + axis), stride);
      }
    });
  });
}

/** On to the next row: as a counter of several digits goes on by one. */
function emitNextRow(
  code: Code,
  outer: readonly Local<'i32'>[],
  starts: readonly Local<'i32'>[],
  length: (axis: number) => Value<'i32'>,
  stride: (j: number, axis: number) => Value<'i32'>,
): void {
  code.block((exit) => {
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      const index = outer[axis]!;
      code.add(index, i32.const(1));
      starts.forEach((start, j) => code.add(start, stride(j, axis)));
      exit(i32.ltU(index, length(axis)));
      starts.forEach((start, j) => code.set(start, i32.sub(start, i32.mul(index, stride(j, axis)))));
      code.set(index, i32.const(0));
    }
  });
}

function emitRow(
  code: Code,
  expression: Expression,
  type: Structure['type'],
  walkers: readonly Walking[],
  imports: Imports,
  to: Local<'i32'>,
  count: Local<'i32'>,
): void {
  const size = bytesOf(type);
  if (expression.isNarrow && type !== 'f64') {
    code.if(i32.geU(count, i32.const(4)), () => {
      const invariants = emitInvariants(code, expression, walkers, imports, true);
      code.doWhile(
        () => {
          const value = emitExpression(code, expression, walkers, imports, true, invariants);
          code.emit(storeFour(type, to, value as Value<'v128'>));
          emitAdvance(code, expression, walkers, 4);
          code.add(to, i32.const(4 * size));
          code.add(count, i32.const(-4));
        },
        i32.geU(count, i32.const(4)),
      );
    });
  }
  code.while(count, () => {
    const value = emitExpression(code, expression, walkers, imports, false, new Map<never, Value<ValueType>>());
    code.emit(storeOne(type, to, value));
    emitAdvance(code, expression, walkers, 1);
    code.add(to, i32.const(size));
    code.add(count, i32.const(-1));
  });
}
