// Plans reductions: which vectors to compute in, and how to cut them into chunks and slices.
import {
  parameter,
  scalarTypeOf,
  sizeOf,
  type ReduceKernel,
  type ScalarReduction,
  type ScalarType,
  type Slot,
} from '@thetagrad/core/backend';
import type { Command, Features, RowPart, Scratch } from '../../command.ts';
import type { Access } from '../../emit/access.ts';
import { bytesOf } from '../../emit/elements.ts';
import { bodyExpression, makeExpression, type Expression } from '../../emit/expression.ts';
import { importFlags } from '../../emit/imports.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import {
  joinOperandAxes,
  stridedLoop,
  stridedOperand,
  type StridedLoop,
  type StridedOperand,
} from '../../emit/stridedLoop.ts';
import { rowLoop } from '../../emit/rowLoop.ts';
import { packWords } from '../../emit/words.ts';
import { assembleReduction, headerNames, reductionRowCode } from './assemble.ts';
import { combinerOf } from './combiner.ts';
import { relayout, type Relayout } from './relayout.ts';
import { rowWorkspaceBytes } from './rows.ts';
import { streamedWorkspaceBytes } from './streamedColumns.ts';
import type { Structure } from './terms.ts';

/**
 * The commands of a reduction. If there are few results of many terms, the outermost reduced axis is cut into slices,
 * whose results a second command combines in order. Cuts depend on shapes alone.
 */
export function reduceCommands({ operation, body, kept, output }: ReduceKernel, { wide }: Features): Command[] {
  const { root, types } = bodyExpression(body);
  const outputType = scalarTypeOf(output.dtype);
  const combinedType: ScalarType = operation.index ? root.type : outputType;
  // Conditions are counted and compared as numbers.
  const type = combinedType === 'bool' ? 'i32' : combinedType;
  const { before } = combinerOf(operation, type);
  const expression = makeExpression(before(root.to(type)), types);
  const { commands, operands, columns } = chooseLayout(body.operands.map(stridedOperand), kept, expression);
  const isPartial = false;
  const reduction = {
    reduction: operation,
    expression,
    operands,
    kept,
    columns,
    type,
    outputType,
    output,
    isPartial,
    wide,
  };
  return [...commands, ...reductionCommands(reduction)];
}

interface Reduction {
  readonly reduction: ScalarReduction;
  /** The terms, of the type that is combined. */
  readonly expression: Expression;
  readonly operands: readonly StridedOperand[];
  /** The number of axes that are not reduced. */
  readonly kept: number;
  /** Whether vectors hold four neighboring results; otherwise four neighboring terms of one result. */
  readonly columns: boolean;
  /** The type that is combined. */
  readonly type: ScalarType;
  readonly outputType: ScalarType;
  readonly output: Slot | Scratch;
  /** Whether another command combines the results. */
  readonly isPartial: boolean;
  /** Whether the engine pairs vectors. */
  readonly wide: boolean;
}

/** The number of operations in a chunk, approximately. */
const chunkWork = 1 << 18;
/** With at least this many chunks there are no slices. */
const enoughChunks = 16;
/**
 * In columns, the maximum number of terms that are added one after another before their sum is added to that of others.
 */
const maxRun = 256;
/** Up to this many terms, columns are faster for any strides. */
const fewTerms = 16;
/** Shorter rows are not worth the state of all their columns in memory. */
const minStreamed = 512;

/** Chooses between columns and rows, and the order of the operands in memory. */
function chooseLayout(
  operands: readonly StridedOperand[],
  kept: number,
  { isNarrow }: Expression,
): Relayout & Pick<Reduction, 'columns'> {
  const [results, reduced] = [stridedLoop(operands, 0, kept), stridedLoop(operands, kept)];
  const terms = sizeOf(reduced.shape);
  const columns = isNarrow && prefersColumns(results, reduced, terms);
  if (columns && terms <= fewTerms) return { operands, commands: [], columns };
  const axes = operands[0]!.view.shape.map((_, axis) => axis);
  const order = columns ? [...axes.slice(kept), ...axes.slice(0, kept)] : axes;
  return { ...relayout(operands, order, (columns ? results : reduced).accesses), columns };
}

/** Whether more operands are contiguous along neighboring results than along neighboring terms. */
function prefersColumns(results: StridedLoop, reduced: StridedLoop, terms: number): boolean {
  if (results.shape.at(-1)! < 4) return false;
  if (terms <= fewTerms) return true;
  const count = ({ accesses }: StridedLoop, access: Access): number => accesses.filter((own) => own === access).length;
  const strided = count(results, 'strided') - count(reduced, 'strided');
  if (strided !== 0) return strided < 0;
  const contiguous = count(results, 'contiguous') - count(reduced, 'contiguous');
  return contiguous > 0 || (reduced.shape.at(-1)! < 8 && contiguous === 0);
}

/** The number of operations for a term, approximately. */
function workOf({ weight }: Expression): number {
  return 2 + weight;
}

interface Cut {
  /** The number of results in a chunk. */
  readonly grain: number;
  /** The number of chunks of results. */
  readonly chunks: number;
  readonly slices: number;
  /** The number of terms of the outermost reduced axis in a slice. */
  readonly sliceLength: number;
}

function cutReduction(reduction: Reduction, size: number, terms: number, outermost: number): Cut {
  const { expression, columns } = reduction;
  const work = workOf(expression);
  const grainOf = (terms: number): number => {
    const perChunk = Math.max(1, Math.round(chunkWork / Math.max(1, terms * work)));
    return columns ? Math.ceil(perChunk / 16) * 16 : perChunk;
  };
  let grain = grainOf(terms);
  let slices = 1;
  const chunks = Math.ceil(size / grain);
  if (!reduction.reduction.index && chunks < enoughChunks) {
    slices = Math.min(outermost, Math.ceil((terms * size * work) / chunkWork / Math.max(1, chunks)));
  }
  if (hasRuns(reduction)) {
    const needed = Math.ceil(outermost / Math.max(1, Math.floor((maxRun * outermost) / Math.max(1, terms))));
    if (needed > slices) {
      slices = needed;
      grain = grainOf(terms / slices);
    }
  }
  const sliceLength = Math.ceil(outermost / Math.max(1, slices));
  return {
    grain,
    chunks: Math.ceil(size / grain),
    slices: Math.max(1, Math.ceil(outermost / Math.max(1, sliceLength))),
    sliceLength,
  };
}

/** Whether rounding errors grow with the number of terms that are added one after another. */
function hasRuns({ reduction, columns, type }: Reduction): boolean {
  return columns && !combinerOf(reduction, type).exact;
}

/** Whether columns are faster term after term: long rows that follow one another. */
function isStreamed({ reduction, expression, outputType }: Reduction, kept: StridedLoop, terms: number): boolean {
  if (reduction.index || outputType === 'bool' || expression.weight > 48) return false;
  return terms > fewTerms && kept.shape.at(-1)! >= minStreamed && !kept.accesses.includes('strided');
}

function reductionCommands(reduction: Reduction): Command[] {
  const { expression, operands, columns, type, outputType, output } = reduction;
  const kept = stridedLoop(operands, 0, reduction.kept);
  const reduced = stridedLoop(operands, reduction.kept);
  const size = sizeOf(kept.shape);
  const terms = sizeOf(reduced.shape);
  const outermost = reduced.shape[0]!;
  if (hasRuns(reduction) && terms / outermost > maxRun) {
    // The other axes first, since slices of the outermost one would still be too long.
    const partial: Scratch = { kind: 'scratch', bytes: outermost * size * bytesOf(type) };
    const inner = { ...withOutermostKept(reduction), output: partial, isPartial: true };
    return [...reductionCommands(inner), ...combinationCommands(reduction, partial, size, outermost)];
  }
  const cut = cutReduction(reduction, size, terms, outermost);
  const { grain, chunks, slices, sliceLength } = cut;

  const partial: Scratch | undefined =
    slices > 1 ? { kind: 'scratch', bytes: slices * size * bytesOf(type) } : undefined;
  const isPartial = partial !== undefined || reduction.isPartial;
  const { initial, index = false, lower } = reduction.reduction;
  const structure: Structure = {
    reduction: { initial, index, lower },
    partial: isPartial,
    expression,
    type,
    outputType: isPartial ? type : outputType,
    keptRank: kept.rank,
    reducedRank: reduced.rank,
    columns,
    accesses: columns ? kept.accesses : reduced.accesses,
    streamed: columns && isStreamed(reduction, kept, terms),
    wide: reduction.wide,
  };
  const to = { slot: partial ?? output, byteOffset: 0 };
  const command: Command = {
    code: kernelCode('reduce', structure, assembleReduction, importFlags(expression)),
    words: [...packWords(headerNames, { size, grain, chunks, to, sliceLength }), ...kept.words, ...reduced.words],
    chunks: size === 0 ? 0 : chunks * slices,
    workspaceBytes: columns ? (structure.streamed ? streamedWorkspaceBytes : 0) : rowWorkspaceBytes,
    ...(!isPartial && !columns && { rowPart: (rows: number) => reductionRowPart(reduction, structure, rows) }),
  };
  return partial ? [command, ...combinationCommands(reduction, partial, size, slices)] : [command];
}

/** `undefined` if there is not one result to a row, a row is more than a single loop, or functions have to be imported. */
function reductionRowPart(reduction: Reduction, structure: Structure, rows: number): RowPart | undefined {
  const { expression, operands, kept, outputType, output } = reduction;
  if (expression.calls.length > 0 || sizeOf(operands[0]!.view.shape.slice(0, kept)) !== rows) return undefined;
  const loop = rowLoop(operands, rows);
  if (!loop) return undefined;
  return {
    code: reductionRowCode(structure),
    count: loop.count,
    work: loop.count * workOf(expression),
    to: { at: { slot: output, byteOffset: 0 }, rowStride: bytesOf(outputType) },
    operands: loop.operands,
  };
}

/** The commands that combine `count` partial results of each of `size` results, [count, size] in memory, in order. */
function combinationCommands(reduction: Reduction, partial: Scratch, size: number, count: number): Command[] {
  const { type } = reduction;
  const view = { shape: [size, count], strides: [1, size], offset: 0 };
  const accumulator = makeExpression(parameter(type, 0), [type]);
  return reductionCommands({
    ...reduction,
    expression: accumulator,
    operands: [{ slot: partial, view, bytes: bytesOf(type) }],
    kept: 1,
    columns: accumulator.isNarrow && size >= 4,
  });
}

/** The reduction whose outermost reduced axis is kept, before all others. */
function withOutermostKept(reduction: Reduction): Reduction {
  const { operands } = reduction;
  const kept = joinOperandAxes(operands, 0, reduction.kept);
  const reduced = joinOperandAxes(operands, reduction.kept);
  const order = <T>(kept: readonly T[], [outermost, ...inner]: readonly T[]): T[] => [outermost!, ...kept, ...inner];
  return {
    ...reduction,
    operands: operands.map((operand, j) => {
      const strides = order(kept.strides[j]!, reduced.strides[j]!);
      return { ...operand, view: { shape: order(kept.shape, reduced.shape), strides, offset: operand.view.offset } };
    }),
    kept: 1 + kept.shape.length,
  };
}
