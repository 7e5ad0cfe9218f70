// All partial results of a reduction along an axis, in blocks: totals of blocks are scanned by the same means, and what is
// carried from them into a block is where its elements begin. So no element is reached from far away, and there are few
// kernels. (Blelloch, "Prefix sums and their applications", CMU-CS-90-190, section 1.3.)
import { temporaryPlace, type Command, type Place } from '../code/code.ts';
import { coordinatesOf, placeOf, product, rowMajor } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value, type ValueType, type Writer } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';
import { rulesOf, type Combination, type Rule } from './scanRules.ts';

interface ScanAttributes {
  readonly combination: Combination;
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** So many elements are combined one after another. */
const blockLength = 16;

/** What is scanned: elements, or totals of blocks of them. */
interface Sequence {
  readonly shape: readonly number[];
  readonly isOfTotals: boolean;
  /** The value at some coordinates, of which the one along the axis is a step; of `linear`, also the factor. */
  readonly load: (writer: Writer, coordinates: readonly string[]) => readonly Value[];
}

interface Accumulation {
  readonly combination: Combination;
  readonly type: 'f32' | 'i32';
  readonly axis: number;
}

export function lowerScan(kernel: RoutineKernel, language: Language): Command[] {
  const { combination, axis, exclusive, reverse } = kernel.attributes as unknown as ScanAttributes;
  const { shape, operands, output, tail } = kernel;
  const type = valueTypeOf(output.dtype) === 'f32' ? 'f32' : 'i32';
  /** From a step to the coordinate, and back. */
  const turned = (writer: Writer, coordinates: readonly string[]): string[] => {
    if (!reverse) return [...coordinates];
    const last = shape[axis]! - 1;
    return coordinates.with(axis, writer.integer(`(${last} - ${coordinates[axis]!})`, last + 1));
  };
  const elements: Sequence = {
    shape,
    isOfTotals: false,
    load: (writer, coordinates) => {
      const at = turned(writer, coordinates);
      return operands.map(({ slot, view }) =>
        writer.convert(writer.load(slot, placeOf(at, view.strides, view.offset)), type),
      );
    },
  };
  const { commands, value } = scanned(language, { combination, axis, type }, elements, exclusive);
  const last = elementwise(language, 'scan', output, (writer, element) => {
    const result = value(writer, turned(writer, coordinatesOf(writer, element, shape)));
    return throughTail(writer, tail, writer.convert(result, valueTypeOf(output.dtype)), element);
  });
  return [...commands, last];
}

/** The commands that come first, and then each partial result, at its coordinates. */
function scanned(
  language: Language,
  accumulation: Accumulation,
  sequence: Sequence,
  exclusive: boolean,
): { commands: Command[]; value: (writer: Writer, coordinates: readonly string[]) => Value } {
  const { axis, type, combination } = accumulation;
  const { rule, carried } = rulesOf(combination, type, sequence.isOfTotals);
  const length = sequence.shape[axis]!;
  const shape = sequence.shape.with(axis, Math.ceil(length / blockLength));
  const commands: Command[] = [];
  let carries: Place | undefined;
  if (length > blockLength) {
    const totals = totalsOf(language, accumulation, sequence, shape);
    const outer = scanned(language, accumulation, totals.sequence, true);
    carries = place(type, shape);
    const command = elementwise(language, 'scan (of blocks)', carries, (writer, element) =>
      outer.value(writer, coordinatesOf(writer, element, shape)),
    );
    commands.push(...totals.commands, ...outer.commands, command);
  }
  return {
    commands,
    value: (writer, coordinates) => {
      const step = coordinates[axis]!;
      const block = writer.integer(writer.quotient(step, blockLength), length);
      const at = coordinates.with(axis, block);
      const begin = carries
        ? writer.evaluate(carried, [writer.load(carries, placeOf(at, rowMajor(shape)))])
        : writer.evaluate(rule.initial, []);
      return accumulated(writer, rule, axis, sequence, at, exclusive ? step : `(${step} + 1)`, begin);
    },
  };
}

/** From `begin` over the elements of a block, its number being the coordinate along the axis, to before the step `end`. */
function accumulated(
  writer: Writer,
  { combined }: Rule,
  axis: number,
  sequence: Sequence,
  coordinates: readonly string[],
  end: string,
  begin: Value,
): Value {
  const accumulator = writer.variable(begin);
  const length = sequence.shape[axis]!;
  writer.loop(Math.min(blockLength, length), (k) => {
    const step = writer.integer(`(${sumOf([times(coordinates[axis]!, blockLength), k])})`, length + blockLength);
    writer.block(`if (${step} < ${end})`, () => {
      const values = sequence.load(writer, coordinates.with(axis, step));
      writer.set(accumulator, writer.evaluate(combined, [accumulator, ...values]));
    });
  });
  return accumulator;
}

/** What becomes of each block. */
function totalsOf(
  language: Language,
  { combination, axis, type }: Accumulation,
  sequence: Sequence,
  shape: readonly number[],
): { commands: Command[]; sequence: Sequence } {
  const commands = rulesOf(combination, type, sequence.isOfTotals).totals.map((rule) =>
    elementwise(language, 'scan (totals)', place(type, shape), (writer, element) => {
      const at = coordinatesOf(writer, element, shape);
      const begin = writer.evaluate(rule.initial, []);
      return accumulated(writer, rule, axis, sequence, at, String(sequence.shape[axis]!), begin);
    }),
  );
  const load: Sequence['load'] = (writer, coordinates) =>
    commands.map(({ output }) => writer.load(output, placeOf(coordinates, rowMajor(shape))));
  return { commands, sequence: { shape, isOfTotals: true, load } };
}

function place(type: ValueType, shape: readonly number[]): Place {
  return temporaryPlace(type === 'f32' ? 'float32' : 'int32', product(shape));
}
