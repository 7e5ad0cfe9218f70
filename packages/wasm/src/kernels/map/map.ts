import { scalarTypeOf, type Body, type Kernel, type Slot } from '@thetagrad/core/backend';
import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import { emitWalk, walkOf } from '../../emit/stridedLoop.ts';
import type { Tail } from '../../emit/epilogue.ts';
import type { Command, KernelCode, Word } from '../../command.ts';
import { bytesOf } from '../../emit/elements.ts';
import { expressionOf, type Expression } from '../../emit/expression.ts';
import { importing, importsOf, walkedOf, type Walking } from '../../emit/vectorLoop.ts';
import { emitRow } from './row.ts';
import { tiledMapCommand } from './tiled.ts';
import type { Lie } from '../../emit/access.ts';

/** A map as a command: chunks are runs of output elements, or tiles where operands lie across. */
export function mapCommand({ body, output }: Extract<Kernel, { kind: 'map' }>): Command {
  const { structure, words, grain } = described(body, output);
  const { expression, key } = structure;
  return (
    tiledMapCommand(body, output, expression, grain) ?? {
      code: {
        key: `map ${key}`,
        ...importing(expression),
        assemble: (module) => assembleChunks(module, assembleRange(module, structure)),
      },
      words,
      chunks: Math.ceil(output.size / grain),
      scratchBytes: 0,
    }
  );
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

/** Words before those of the walk: how many elements, how many in a chunk, where they go. */
const header = 3;
/** A chunk is about this many operations. */
const chunkWork = 1 << 19;

function described(body: Body, output: Slot): { structure: Structure; words: Word[]; grain: number } {
  const expression = expressionOf(body);
  const { rank, lies, words } = walkOf(body.operands.map(walkedOf));
  const type = scalarTypeOf(output.dtype);
  const key = `${type} ${rank} ${lies.join()} ${expression.key}`;
  // Chunks begin at whole cache lines.
  const grain = Math.ceil(chunkWork / (16 + expression.weight) / 64) * 64;
  return {
    structure: { expression, type, rank, lies, key },
    words: [output.size, grain, { place: output, byteOffset: 0 }, ...words],
    grain,
  };
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
  return module.function(['i32', 'i32', 'i32'], [], (code, args, begin, end) => {
    const start = i32.load(args, { offset: 8 });
    const to = code.local('i32', i32.add(start, i32.mul(begin, i32.const(bytesOf(type)))));
    const words = i32.add(args, i32.const(4 * header));
    emitWalk(code, words, { rank, operands: lies.length }, begin, end, ({ at, steps, count }) => {
      const walkers = lies.map((lie, j): Walking => ({ at: at[j]!, step: steps[j]!, lie }));
      emitRow(code, expression, type, walkers, imports, to, count);
    });
  });
}
