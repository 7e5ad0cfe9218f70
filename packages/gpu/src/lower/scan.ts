// Scans (partial results of a reduction along an axis) in blocks: the totals of blocks are scanned in the same way, and each
// block starts from the result for the blocks before it. Each element then takes a logarithmic number of steps, and there are
// few commands. (Blelloch, "Prefix sums and their applications", CMU-CS-90-190, section 1.3.)
import { rowMajorStrides, sizeOf, type RoutineKernel, type ScanCombination, type Shape } from '@thetagrad/core/backend';
import { createScratch, type Command, type Scratch } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { applyEpilogue } from './map.ts';
import { rulesOf, type Rule, type ScanType } from './scanRules.ts';

/** The number of elements that a thread combines, one after another. */
const blockLength = 16;

/** The values to scan: elements, or totals of blocks of them. */
interface Sequence {
  readonly combination: ScanCombination;
  readonly type: ScanType;
  readonly shape: Shape;
  readonly axis: number;
  readonly isOfTotals: boolean;
  /** The value at some coordinates; for `linear`, also the factor. */
  readonly load: (writer: Writer, coordinates: readonly string[]) => readonly Value[];
}

/** A lowered scan: commands that come first, and the result at some coordinates, as later commands compute it. */
interface Scan {
  readonly commands: readonly Command[];
  readonly result: (writer: Writer, coordinates: readonly string[]) => Value;
}

export function lowerScan(kernel: RoutineKernel<'scan'>, language: Language): Command[] {
  const { combination, axis, exclusive, reverse } = kernel.attributes;
  const { shape, operands, output } = kernel;
  const type = valueTypeOf(output.dtype) === 'f32' ? 'f32' : 'i32';
  /** Reverses the axis, or not: the scan itself always runs forwards. */
  const orient = (writer: Writer, coordinates: readonly string[]): readonly string[] => {
    if (!reverse) return coordinates;
    const last = shape[axis]! - 1;
    return coordinates.with(axis, writer.bindIndex(`(${last} - ${coordinates[axis]!})`, last + 1));
  };
  const elements: Sequence = {
    combination,
    type,
    shape,
    axis,
    isOfTotals: false,
    load: (writer, coordinates) => {
      const oriented = orient(writer, coordinates);
      return operands.map(({ slot, view }) =>
        writer.convert(writer.load(slot, positionOf(oriented, view.strides, view.offset)), type),
      );
    },
  };
  const { commands, result } = scanBlocks(language, elements, exclusive);
  const last = emitElementwise(language, 'scan', output, (writer, element) => {
    const value = result(writer, orient(writer, coordinatesOf(writer, element, shape)));
    return applyEpilogue(writer, kernel, writer.convert(value, valueTypeOf(output.dtype)), element);
  });
  return [...commands, last];
}

function scanBlocks(language: Language, sequence: Sequence, exclusive: boolean): Scan {
  const { axis, type, combination } = sequence;
  const { rule, carried } = rulesOf(combination, type, sequence.isOfTotals);
  const length = sequence.shape[axis]!;
  const blocks = sequence.shape.with(axis, Math.ceil(length / blockLength));
  const commands: Command[] = [];
  /** For each block, the result for the blocks before it. */
  let carries: Scratch | undefined;
  if (length > blockLength) {
    const totals = totalsOf(language, sequence, blocks);
    const outer = scanBlocks(language, totals.sequence, true);
    carries = scratchOf(type, blocks);
    const command = emitElementwise(language, 'scan (of blocks)', carries, (writer, element) =>
      outer.result(writer, coordinatesOf(writer, element, blocks)),
    );
    commands.push(...totals.commands, ...outer.commands, command);
  }
  return {
    commands,
    result: (writer, coordinates) => {
      const i = coordinates[axis]!;
      const block = coordinates.with(axis, writer.bindIndex(writer.quotient(i, blockLength), length));
      const initial = carries
        ? writer.evaluate(carried, [writer.load(carries, positionOf(block, rowMajorStrides(blocks)))])
        : writer.evaluate(rule.initial, []);
      return accumulateBlock(writer, rule, sequence, block, { initial, end: exclusive ? i : `(${i} + 1)` });
    },
  };
}

/** Combines the elements of a block, whose number is its coordinate along the axis, from `initial` up to before `end`. */
function accumulateBlock(
  writer: Writer,
  { combined }: Rule,
  { shape, axis, load }: Sequence,
  block: readonly string[],
  { initial, end }: { readonly initial: Value; readonly end: string },
): Value {
  const accumulator = writer.variable(initial);
  const length = shape[axis]!;
  writer.loop(Math.min(blockLength, length), (k) => {
    const i = writer.bindIndex(`(${plus([times(block[axis]!, blockLength), k])})`, length + blockLength);
    writer.block(`if (${i} < ${end})`, () => {
      const values = load(writer, block.with(axis, i));
      writer.assign(accumulator, writer.evaluate(combined, [accumulator, ...values]));
    });
  });
  return accumulator;
}

/** The totals of blocks, as the sequence that is scanned next. */
function totalsOf(
  language: Language,
  sequence: Sequence,
  blocks: Shape,
): { readonly commands: readonly Command[]; readonly sequence: Sequence } {
  const { combination, axis, type, isOfTotals, shape } = sequence;
  const commands = rulesOf(combination, type, isOfTotals).totals.map((rule) =>
    emitElementwise(language, 'scan (totals)', scratchOf(type, blocks), (writer, element) => {
      const block = coordinatesOf(writer, element, blocks);
      const initial = writer.evaluate(rule.initial, []);
      return accumulateBlock(writer, rule, sequence, block, { initial, end: String(shape[axis]!) });
    }),
  );
  const load: Sequence['load'] = (writer, coordinates) =>
    commands.map(({ output }) => writer.load(output, positionOf(coordinates, rowMajorStrides(blocks))));
  return { commands, sequence: { combination, type, shape: blocks, axis, isOfTotals: true, load } };
}

function scratchOf(type: ScanType, shape: Shape): Scratch {
  return createScratch(type === 'f32' ? 'float32' : 'int32', sizeOf(shape));
}
