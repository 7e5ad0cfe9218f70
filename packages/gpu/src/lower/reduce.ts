import { temporaryPlace, type Command } from '../code/code.ts';
import { coordinatesOf, joinAxes, placeOf, product, rowMajor, type Axes } from '../code/views.ts';
import { sumOf, times, type Value, type Writer } from '../code/writer.ts';
import { elementwise, type Language } from './language.ts';
import { namesOf } from './map.ts';
import { lowerGroups, manyResults, suitsGroups } from './reduceGroups.ts';
import { reductionOf, type Accumulator, type ReduceKernel, type Reduction } from './reduction.ts';
import { inRuns, runLength, shareOf, type Gathering } from './runs.ts';

export function lowerReduce(kernel: ReduceKernel, language: Language): Command[] {
  const { operation, body, output, shape, kept } = kernel;
  const name = [namesOf(body), operation.name].filter((part) => part !== '').join(' → ');
  if (language.hasSharing && suitsGroups(kernel)) return lowerGroups(kernel, name);
  const count = product(shape.slice(kept));
  const { mostTerms } = language;
  // Where results are few, so are the threads.
  if (count > (output.size < manyResults ? mostTerms / 8 : mostTerms)) return lowerSlices(kernel, name, language);
  return [elementwise(language, name, output, (writer, element) => oneByOne(writer, kernel, element))];
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
function oneByOne(writer: Writer, kernel: ReduceKernel, element: string): Value {
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
      const part = inRuns(writer, length, gathering(writer, reduction, add));
      reduction.merge(writer, total, part);
    } else writer.loop(length, (k) => add(total, k));
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
function lowerSlices(kernel: ReduceKernel, name: string, language: Language): Command[] {
  const { operation, output, shape, kept } = kernel;
  const count = product(shape.slice(kept));
  // As many threads as each then has elements.
  const slices = Math.ceil(count / Math.max(runLength, Math.ceil(Math.sqrt(count))));
  const reduction = reductionOf(kernel);
  const type = operation.index ? 'i32' : reduction.type;
  const partial = temporaryPlace(type === 'f32' ? 'float32' : 'int32', output.size * slices);
  const flat = (writer: Writer, { inner, at }: Terms, k: string): Value => at(coordinatesOf(writer, k, inner.lengths));
  return [
    elementwise(language, `${name} (slices)`, partial, (writer, element) => {
      const [slice, result] = coordinatesOf(writer, element, [slices, output.size]) as [string, string];
      const terms = termsOf(writer, kernel, result);
      const share = shareOf(writer, slice, slices, count);
      const add = (into: Accumulator, k: string): void =>
        share.visit(k, (part) => reduction.add(writer, into, flat(writer, terms, part), part));
      const total = inRuns(writer, share.length, gathering(writer, reduction, add));
      return total.index ?? total.value;
    }),
    elementwise(language, `${name} (of slices)`, output, (writer, element) => {
      const terms = termsOf(writer, kernel, element);
      const add = (into: Accumulator, slice: string): void => {
        const known = writer.load(partial, sumOf([times(slice, output.size), element]));
        if (!operation.index) return reduction.merge(writer, into, { value: known });
        const index = writer.index(known);
        reduction.add(writer, into, flat(writer, terms, index), index);
      };
      return reduction.result(writer, inRuns(writer, slices, gathering(writer, reduction, add)));
    }),
  ];
}
