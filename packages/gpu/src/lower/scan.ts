// All partial results of a reduction along an axis, in blocks: totals of blocks are scanned by the same means, and what is
// carried from them into a block is where its elements begin. So no element is reached from far away, and there are few
// kernels. (Blelloch, "Prefix sums and their applications", CMU-CS-90-190, section 1.3.)
import { constant, parameter, type Scalar } from '@thetagrad/core';
import { temporaryPlace, type Command, type Place } from '../code/code.ts';
import { coordinatesOf, placeOf, product, rowMajor } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value, type ValueType, type Writer } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';

interface ScanAttributes {
  readonly combination: 'sum' | 'prod' | 'max' | 'min' | 'linear';
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** So many elements are combined one after another. */
const blockLength = 16;

/** What is scanned: elements, or totals of blocks of them. */
interface Sequence {
  readonly shape: readonly number[];
  /** The value at some coordinates, of which the one along the axis is a step; of `linear`, also the factor. */
  readonly load: (writer: Writer, coordinates: readonly string[]) => readonly Value[];
}

interface Accumulation {
  readonly type: ValueType;
  readonly axis: number;
  readonly initial: Scalar;
  /** Of what is there, the next value and, of `linear`, its factor. */
  readonly combined: Scalar;
  readonly isLinear: boolean;
}

export function lowerScan(kernel: RoutineKernel, language: Language): Command[] {
  const { combination, axis, exclusive, reverse } = kernel.attributes as unknown as ScanAttributes;
  const { shape, operands, output, tail } = kernel;
  const type = valueTypeOf(output.dtype) === 'f32' ? 'f32' : 'i32';
  const accumulation = { axis, type, isLinear: combination === 'linear', ...combinations(combination, type) } as const;
  /** From a step to the coordinate, and back. */
  const turned = (writer: Writer, coordinates: readonly string[]): string[] => {
    if (!reverse) return [...coordinates];
    const last = shape[axis]! - 1;
    return coordinates.with(axis, writer.integer(`(${last} - ${coordinates[axis]!})`, last + 1));
  };
  const elements: Sequence = {
    shape,
    load: (writer, coordinates) => {
      const at = turned(writer, coordinates);
      return operands.map(({ slot, view }) =>
        writer.convert(writer.load(slot, placeOf(at, view.strides, view.offset)), type),
      );
    },
  };
  const { commands, value } = scanned(language, accumulation, elements, exclusive);
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
  const { axis, type } = accumulation;
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
      const begin = carries
        ? writer.load(carries, placeOf(coordinates.with(axis, block), rowMajor(shape)))
        : writer.evaluate(accumulation.initial, []);
      const end = exclusive ? step : `(${step} + 1)`;
      return accumulated(writer, accumulation, sequence, coordinates.with(axis, block), end, begin);
    },
  };
}

/** From `begin` over the elements of a block, its number being the coordinate along the axis, to before the step `end`. */
function accumulated(
  writer: Writer,
  { axis, combined }: Accumulation,
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

/** A total for each block; of `linear`, what 0 becomes in it, and the product of its factors. */
function totalsOf(
  language: Language,
  accumulation: Accumulation,
  sequence: Sequence,
  shape: readonly number[],
): { commands: Command[]; sequence: Sequence } {
  const { axis, type, isLinear } = accumulation;
  const factors = { ...accumulation, ...combinations('prod', type) };
  const factorsAlone = { ...sequence, load: (...where: Parameters<Sequence['load']>) => [sequence.load(...where)[1]!] };
  const parts = isLinear
    ? ([
        [accumulation, sequence],
        [factors, factorsAlone],
      ] as const)
    : ([[accumulation, sequence]] as const);
  const commands = parts.map(([how, what]) =>
    elementwise(language, 'scan (totals)', place(type, shape), (writer, element) => {
      const at = coordinatesOf(writer, element, shape);
      const begin = writer.evaluate(how.initial, []);
      return accumulated(writer, how, what, at, String(sequence.shape[axis]!), begin);
    }),
  );
  const load: Sequence['load'] = (writer, coordinates) =>
    commands.map(({ output }) => writer.load(output, placeOf(coordinates, rowMajor(shape))));
  return { commands, sequence: { shape, load } };
}

function place(type: ValueType, shape: readonly number[]): Place {
  return temporaryPlace(type === 'f32' ? 'float32' : 'int32', product(shape));
}

/** As the reference backend combines: NaN from the first on, and the first of equals. */
function combinations(
  combination: ScanAttributes['combination'],
  type: ValueType,
): Pick<Accumulation, 'initial' | 'combined'> {
  const [accumulator, value, factor] = [0, 1, 2].map((i) => parameter(type, i)) as [Scalar, Scalar, Scalar];
  const least = type === 'f32' ? Infinity : 2 ** 31;
  const from = (initial: number, combined: Scalar): Pick<Accumulation, 'initial' | 'combined'> => ({
    initial: constant(type, initial),
    combined,
  });
  switch (combination) {
    case 'sum':
      return from(0, accumulator.add(value));
    case 'prod':
      return from(1, accumulator.mul(value));
    case 'max':
      return from(-least, value.gt(accumulator).or(value.isNaN()).select(value, accumulator));
    case 'min':
      return from(least, value.lt(accumulator).or(value.isNaN()).select(value, accumulator));
    case 'linear':
      return from(0, factor.mul(accumulator).add(value));
  }
}
