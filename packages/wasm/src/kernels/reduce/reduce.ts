// How reductions are cut into commands.
import { parameter, scalarTypeOf, type Kernel, type ScalarType, type Slot } from '@thetagrad/core/backend';
import { packWords } from '../../emit/words.ts';
import { walkOf, type Walked } from '../../emit/stridedLoop.ts';
import type { Command, Temporary, Word } from '../../command.ts';
import { combiningOf, type Combining } from './combining.ts';
import { bytesOf } from '../../emit/elements.ts';
import { describe, expressionOf, type Expression } from '../../emit/expression.ts';
import { importing, walkedOf } from '../../emit/vectorLoop.ts';
import { assembleReduction, headerNames } from './assemble.ts';
import type { Structure } from './reducing.ts';
import { straightened, type Straightened } from './relayout.ts';

/**
 * A reduction as commands. Where results are few and terms are many, the outermost reduced axis is cut into slices, whose
 * results a second command combines in their order. How it is cut depends on shapes alone.
 */
export function reduceCommands({ operation, body, kept, output }: Extract<Kernel, { kind: 'reduce' }>): Command[] {
  const { root, types } = expressionOf(body);
  const outputType = scalarTypeOf(output.dtype);
  const combined: ScalarType = operation.index ? root.type : outputType;
  // Conditions are counted and compared as numbers.
  const type = combined === 'bool' ? 'i32' : combined;
  const combining = combiningOf(operation, type);
  const terms = describe(combining.before(root.to(type)), types);
  const { commands, operands, columns } = laidOut(body.operands.map(walkedOf), kept, terms);
  const reductions = reductionCommands({
    combining,
    expression: terms,
    operands,
    kept,
    columns,
    type,
    outputType,
    output,
  });
  return [...commands, ...reductions];
}

interface Reduction {
  readonly combining: Combining;
  /** Of the type that is combined. */
  readonly expression: Expression;
  readonly operands: readonly Walked[];
  /** The number of axes that are not reduced. */
  readonly kept: number;
  /** Whether four neighbouring results are computed at once; otherwise four neighbouring terms of one. */
  readonly columns: boolean;
  /** What is combined. */
  readonly type: ScalarType;
  readonly outputType: ScalarType;
  readonly output: Slot | Temporary;
}

/** A chunk is about this many operations. */
const chunkWork = 1 << 18;
/** More chunks than these need no slices. */
const enoughChunks = 16;
/** Terms that are added one after another before their sum is added to that of others: results side by side. */
const longestRun = 256;
/** So few terms are combined faster for four results at once, wherever they lie. */
const fewTerms = 16;

/** The operands in the order in which a reduction goes through them, and which that is. */
function laidOut(
  operands: readonly Walked[],
  kept: number,
  { isNarrow }: Expression,
): Straightened & Pick<Reduction, 'columns'> {
  const [along, across] = [walkOf(operands, 0, kept), walkOf(operands, kept)];
  const terms = sizeOf(across.sizes);
  const columns = isNarrow && prefersColumns(along, across, terms);
  if (columns && terms <= fewTerms) return { operands, commands: [], columns };
  const axes = operands[0]!.view.shape.map((_, axis) => axis);
  const order = columns ? [...axes.slice(kept), ...axes.slice(0, kept)] : axes;
  return { ...straightened(operands, order, (columns ? along : across).lies), columns };
}

function reductionCommands(reduction: Reduction): Command[] {
  const { combining, expression, operands, columns, type, outputType, output } = reduction;
  const kept = walkOf(operands, 0, reduction.kept);
  const reduced = walkOf(operands, reduction.kept);
  const [size, terms] = [sizeOf(kept.sizes), sizeOf(reduced.sizes)];

  const work = 2 + expression.weight;
  const perChunk = Math.max(1, Math.round(chunkWork / Math.max(1, terms * work)));
  const grain = columns ? Math.ceil(perChunk / 16) * 16 : perChunk;
  const chunks = Math.ceil(size / grain);
  const [outermost] = reduced.sizes as [number];
  let slices = 1;
  if (!combining.index && chunks < enoughChunks) {
    slices = Math.min(outermost, Math.ceil((terms * size * work) / chunkWork / Math.max(1, chunks)));
    if (columns) slices = Math.max(slices, Math.ceil(outermost / longestRun));
  }
  const sliceLength = Math.ceil(outermost / Math.max(1, slices));
  slices = Math.max(1, Math.ceil(outermost / Math.max(1, sliceLength)));

  const bytes = slices * size * bytesOf(type);
  const partial: Temporary | undefined = slices > 1 ? { kind: 'temporary', bytes } : undefined;
  const structure: Structure = {
    // Of parts, the result is made when they are combined.
    combining: partial ? { ...combining, after: (result) => result } : combining,
    expression,
    type,
    outputType: partial ? type : outputType,
    keptRank: kept.rank,
    reducedRank: reduced.rank,
    columns,
    lies: columns ? kept.lies : reduced.lies,
  };
  const to: Word = { place: partial ?? output, byteOffset: 0 };
  const command: Command = {
    code: {
      key: keyOf(structure, partial !== undefined),
      ...importing(expression),
      assemble: (module) => assembleReduction(module, structure),
    },
    words: [...packWords(headerNames, { size, grain, chunks, to, sliceLength }), ...kept.words, ...reduced.words],
    chunks: size === 0 ? 0 : chunks * slices,
    scratchBytes: 0,
  };
  if (!partial) return [command];
  const view = { shape: [size, slices], strides: [1, size], offset: 0 };
  const part = describe(parameter(type, 0), [type]);
  const combined = reductionCommands({
    ...reduction,
    expression: part,
    operands: [{ place: partial, view, bytes: bytesOf(type) }],
    kept: 1,
    columns: part.isNarrow && size >= 4,
  });
  return [command, ...combined];
}

function keyOf(structure: Structure, isPartial: boolean): string {
  const { combining, expression, type, outputType, keptRank, reducedRank, columns, lies } = structure;
  const how = `${combining.name} ${isPartial} ${type} ${outputType} ${keptRank} ${reducedRank} ${columns}`;
  return `reduce ${how} ${lies.join()} ${expression.key}`;
}

type Seen = Pick<ReturnType<typeof walkOf>, 'sizes' | 'lies'>;

/** Whether four neighbouring results are computed at once: where more operands lie together along them than along terms. */
function prefersColumns(kept: Seen, reduced: Seen, terms: number): boolean {
  if (kept.sizes.at(-1)! < 4) return false;
  if (terms <= fewTerms) return true;
  const count = ({ lies }: Seen, lie: string): number => lies.filter((own) => own === lie).length;
  if (count(kept, 'apart') !== count(reduced, 'apart')) return count(kept, 'apart') < count(reduced, 'apart');
  const [along, across] = [count(kept, 'together'), count(reduced, 'together')];
  return along > across || (reduced.sizes.at(-1)! < 8 && along === across);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
