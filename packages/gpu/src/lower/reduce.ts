import { joinAxes, rowMajorStrides, sizeOf, type JoinedAxes, type ReduceKernel } from '@thetagrad/core/backend';
import { createScratch, type Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, type Value, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { lowerGroups } from './groups.ts';
import { nameOf } from './map.ts';
import { groupedOf, suitsGroups } from './reduceGroups.ts';
import { isAlongRows, reductionOf, type Accumulator, type Reduction } from './reduction.ts';
import { accumulateInRuns, runLength, sliceOf, type Accumulation } from './runs.ts';

export function lowerReduce(kernel: ReduceKernel, language: Language): Command[] {
  const { operation, body, output } = kernel;
  const name = [nameOf(body), operation.name].filter((part) => part !== '').join(' → ');
  if (language.hasSharedMemory && suitsGroups(kernel)) return lowerGroups(groupedOf(kernel, name), language);
  const slices = slicesOf(kernel, language);
  if (slices > 1) return lowerSlices(kernel, name, language, slices);
  return [
    emitElementwise(language, name, output, (writer, element) =>
      reduceInThread(writer, kernel, element, unrollOf(kernel, language)),
    ),
  ];
}

/** The number of slices into which the elements of a result are cut. */
function slicesOf(kernel: ReduceKernel, { hasSharedMemory, busyThreads, maxTerms }: Language): number {
  const results = kernel.output.size;
  const count = sizeOf(kernel.shape.slice(kernel.kept));
  if (count <= (hasSharedMemory ? maxTerms : 2 * runLength) || maxTerms === Infinity) return 1;
  // Where results are few, each has as many threads as a thread has elements.
  if (results < busyThreads || count > maxTerms) return Math.ceil(count / Math.max(runLength, Math.sqrt(count)));
  return 1;
}

/** How many iterations of the inner loop are unrolled. */
function unrollOf({ body }: ReduceKernel, { unrolled }: Language): number {
  return body.steps.length <= 2 ? unrolled : 1;
}

/** The elements that are reduced to one result. */
interface Terms {
  readonly axes: JoinedAxes;
  /** The element at some coordinates along these axes. */
  readonly at: (coordinates: readonly string[]) => Value;
}

function termsOf(writer: Writer, { body, kept, shape }: ReduceKernel, result: string): Terms {
  const views = body.operands.map(({ view }) => view);
  const outer = joinAxes(views, 0, kept);
  const coordinates = coordinatesOf(writer, result, outer.shape);
  const starts = views.map(({ offset }, i) =>
    writer.bindIndex(positionOf(coordinates, outer.strides[i]!, offset), body.operands[i]!.slot.size),
  );
  const axes = joinAxes(views, kept, shape.length);
  const at = (coordinates: readonly string[]): Value =>
    writer.evaluateBody(
      body,
      body.operands.map(({ slot }, i) => writer.load(slot, positionOf(coordinates, axes.strides[i]!, starts[i]!))),
    );
  return { axes, at };
}

/** One thread reduces all elements of its result. */
function reduceInThread(writer: Writer, kernel: ReduceKernel, element: string, step: number): Value {
  const {
    axes: { shape },
    at,
  } = termsOf(writer, kernel, element);
  const strides = rowMajorStrides(shape);
  const reduction = reductionOf(kernel);
  /** Reduces the axes from `axis` on; each axis of a sum separately. */
  const reduceFrom = (axis: number, outer: readonly string[]): Accumulator => {
    const isLast = axis === shape.length - 1;
    const add = (total: Accumulator, k: string): void => {
      const coordinates = [...outer, k];
      if (isLast) reduction.add(writer, total, at(coordinates), positionOf(coordinates, strides));
      else reduction.merge(writer, total, reduceFrom(axis + 1, coordinates));
    };
    return accumulateInRuns(writer, shape[axis]!, accumulationOf(writer, reduction, add), isLast ? step : 1);
  };
  if (shape.length > 0 && sizeOf(shape) > 0) return reduction.result(writer, reduceFrom(0, []));
  const total = reduction.begin(writer);
  if (shape.length === 0) reduction.add(writer, total, at([]), '0');
  return reduction.result(writer, total);
}

function accumulationOf(
  writer: Writer,
  reduction: Reduction,
  add: (total: Accumulator, k: string) => void,
): Accumulation<Accumulator> {
  return {
    begin: () => reduction.begin(writer),
    add,
    merge: (total, part) => reduction.merge(writer, total, part),
  };
}

/**
 * A thread reduces a slice of the elements of a result, and a second command combines the slices. For reductions to an index
 * the first writes the index, and the second loads the element at it again.
 */
function lowerSlices(kernel: ReduceKernel, name: string, language: Language, slices: number): Command[] {
  const { operation, output, shape, kept } = kernel;
  const count = sizeOf(shape.slice(kept));
  const results = output.size;
  const reduction = reductionOf(kernel);
  const type = operation.index ? 'i32' : reduction.type;
  const partial = createScratch(type === 'f32' ? 'float32' : 'int32', results * slices);
  // Neighboring threads read neighbors in memory.
  const isAlong = isAlongRows(kernel);
  const lengths = isAlong ? [results, slices] : [slices, results];
  const termAt = (writer: Writer, { axes, at }: Terms, k: string): Value => at(coordinatesOf(writer, k, axes.shape));
  return [
    emitElementwise(language, `${name} (slices)`, partial, (writer, element) => {
      const coordinates = coordinatesOf(writer, element, lengths) as [string, string];
      const [result, slice] = isAlong ? coordinates : coordinates.toReversed();
      const terms = termsOf(writer, kernel, result!);
      const share = sliceOf(writer, slice!, slices, count, isAlong);
      const add = (total: Accumulator, k: string): void =>
        share.visit(k, (term) => reduction.add(writer, total, termAt(writer, terms, term), term));
      const accumulation = accumulationOf(writer, reduction, add);
      const total = accumulateInRuns(writer, share.length, accumulation, unrollOf(kernel, language));
      return total.index ?? total.value;
    }),
    emitElementwise(language, `${name} (of slices)`, output, (writer, element) => {
      const terms = termsOf(writer, kernel, element);
      const add = (total: Accumulator, slice: string): void => {
        const position = isAlong ? [times(element, slices), slice] : [times(slice, results), element];
        const part = writer.load(partial, plus(position));
        if (!operation.index) return reduction.merge(writer, total, { value: part });
        const value = writer.convert(termAt(writer, terms, writer.toIndex(part)), reduction.type);
        reduction.mergeUnordered(writer, total, { value, index: part });
      };
      return reduction.result(writer, accumulateInRuns(writer, slices, accumulationOf(writer, reduction, add)));
    }),
  ];
}
