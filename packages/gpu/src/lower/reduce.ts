import { temporaryPlace, type Command } from '../code/code.ts';
import { coordinatesOf, joinAxes, placeOf, product, rowMajor, type Axes } from '../code/views.ts';
import { sumOf, times, type Value, type Writer } from '../code/writer.ts';
import { elementwise, type Language } from './language.ts';
import { namesOf } from './map.ts';
import { lowerGroups, suitsGroups } from './reduceGroups.ts';
import { isAlongRows, reductionOf, type Accumulator, type ReduceKernel, type Reduction } from './reduction.ts';
import { inRuns, runLength, shareOf, unrolled, type Gathering } from './runs.ts';

export function lowerReduce(kernel: ReduceKernel, language: Language): Command[] {
  const { operation, body, output } = kernel;
  const name = [namesOf(body), operation.name].filter((part) => part !== '').join(' → ');
  if (language.hasSharing && suitsGroups(kernel)) return lowerGroups(kernel, name);
  const slices = slicesOf(kernel, language);
  if (slices > 1) return lowerSlices(kernel, name, language, slices);
  return [
    elementwise(language, name, output, (writer, element) =>
      oneByOne(writer, kernel, element, stepOf(kernel, language)),
    ),
  ];
}

/** Into how many slices the elements of a result are cut. */
function slicesOf(kernel: ReduceKernel, { hasSharing, busyThreads, mostTerms }: Language): number {
  const results = kernel.output.size;
  const count = product(kernel.shape.slice(kernel.kept));
  if (count <= (hasSharing ? mostTerms : 2 * runLength) || mostTerms === Infinity) return 1;
  // Where results are few, as many threads as each then has elements.
  if (results < busyThreads || count > mostTerms) return Math.ceil(count / Math.max(runLength, Math.sqrt(count)));
  return 1;
}

/** How many elements are looked at in one turn of a loop. */
function stepOf({ body }: ReduceKernel, { unrolled }: Language): number {
  return body.steps.length <= 2 ? unrolled : 1;
}

/** The elements of one result. */
interface Terms {
  readonly inner: Axes;
  /** The element at some coordinates among them. */
  readonly at: (coordinates: readonly string[]) => Value;
}

function termsOf(writer: Writer, { body, kept, shape }: ReduceKernel, result: string): Terms {
  const views = body.operands.map(({ view }) => view);
  const outer = joinAxes(views, 0, kept);
  const place = coordinatesOf(writer, result, outer.lengths);
  const bases = views.map(({ offset }, i) =>
    writer.integer(placeOf(place, outer.strides[i]!, offset), body.operands[i]!.slot.size),
  );
  const inner = joinAxes(views, kept, shape.length);
  const at = (coordinates: readonly string[]): Value =>
    writer.body(
      body,
      body.operands.map(({ slot }, i) => writer.load(slot, placeOf(coordinates, inner.strides[i]!, bases[i]!))),
    );
  return { inner, at };
}

/** A thread reduces all elements of its result. */
function oneByOne(writer: Writer, kernel: ReduceKernel, element: string, step: number): Value {
  const { inner, at } = termsOf(writer, kernel, element);
  const { lengths } = inner;
  const steps = rowMajor(lengths);
  const reduction = reductionOf(kernel);
  const total = reduction.begin(writer);
  const along = (axis: number, before: readonly string[]): void => {
    if (axis < lengths.length - 1) {
      writer.loop(lengths[axis]!, (k) => along(axis + 1, [...before, k]));
      return;
    }
    const add = (into: Accumulator, k: string): void => {
      const all = [...before, k];
      reduction.add(writer, into, at(all), sumOf(all.map((one, i) => times(one, steps[i]!))));
    };
    const length = lengths.at(-1)!;
    if (reduction.isSum) {
      const part = inRuns(writer, length, gathering(writer, reduction, add), step);
      reduction.merge(writer, total, part);
    } else unrolled(writer, length, step, (k) => add(total, k));
  };
  if (product(lengths) > 0) {
    if (lengths.length === 0) reduction.add(writer, total, at([]), '0');
    else along(0, []);
  }
  return reduction.result(writer, total);
}

function gathering(
  writer: Writer,
  reduction: Reduction,
  add: (into: Accumulator, k: string) => void,
): Gathering<Accumulator> {
  return {
    begin: () => reduction.begin(writer),
    add,
    merge: (into, part) => reduction.merge(writer, into, part),
  };
}

/**
 * A thread reduces a slice of the elements of a result, and a second kernel what has become of the slices. Of reductions to
 * an index that is an index, at which the second kernel loads the element again.
 */
function lowerSlices(kernel: ReduceKernel, name: string, language: Language, slices: number): Command[] {
  const { operation, output, shape, kept } = kernel;
  const count = product(shape.slice(kept));
  const results = output.size;
  const reduction = reductionOf(kernel);
  const type = operation.index ? 'i32' : reduction.type;
  const partial = temporaryPlace(type === 'f32' ? 'float32' : 'int32', results * slices);
  // So that threads that are neighbours read what are neighbours in memory.
  const isAlong = isAlongRows(kernel);
  const order = isAlong ? [results, slices] : [slices, results];
  const flat = (writer: Writer, { inner, at }: Terms, k: string): Value => at(coordinatesOf(writer, k, inner.lengths));
  return [
    elementwise(language, `${name} (slices)`, partial, (writer, element) => {
      const place = coordinatesOf(writer, element, order) as [string, string];
      const [result, slice] = isAlong ? place : place.toReversed();
      const terms = termsOf(writer, kernel, result!);
      const share = shareOf(writer, slice!, slices, count, isAlong);
      const add = (into: Accumulator, k: string): void =>
        share.visit(k, (part) => reduction.add(writer, into, flat(writer, terms, part), part));
      const total = inRuns(writer, share.length, gathering(writer, reduction, add), stepOf(kernel, language));
      return total.index ?? total.value;
    }),
    elementwise(language, `${name} (of slices)`, output, (writer, element) => {
      const terms = termsOf(writer, kernel, element);
      const add = (into: Accumulator, slice: string): void => {
        const place = isAlong ? [times(element, slices), slice] : [times(slice, results), element];
        const known = writer.load(partial, sumOf(place));
        if (!operation.index) return reduction.merge(writer, into, { value: known });
        const index = writer.index(known);
        const value = writer.convert(flat(writer, terms, index), reduction.type);
        reduction.mergeUnordered(writer, into, { value, index: known });
      };
      return reduction.result(writer, inRuns(writer, slices, gathering(writer, reduction, add)));
    }),
  ];
}
