import type { Command } from '../code/code.ts';
import { coordinatesOf, joinAxes, placeOf, product, rowMajor } from '../code/views.ts';
import { sumOf, times, type Value, type Writer } from '../code/writer.ts';
import { elementwise, type Language } from './language.ts';
import { namesOf } from './map.ts';
import { lowerGroups, suitsGroups } from './reduceGroups.ts';
import { reductionOf, runLength, type Accumulator, type ReduceKernel } from './reduction.ts';

export function lowerReduce(kernel: ReduceKernel, language: Language): Command[] {
  const { operation, body, output } = kernel;
  const name = [namesOf(body), operation.name].filter((part) => part !== '').join(' → ');
  if (language.name === 'WGSL' && suitsGroups(kernel)) return lowerGroups(kernel, name);
  return [elementwise(language, name, output, (writer, element) => oneByOne(writer, kernel, element))];
}

/** A thread reduces all elements of its result. */
function oneByOne(writer: Writer, kernel: ReduceKernel, element: string): Value {
  const { body, kept, shape } = kernel;
  const views = body.operands.map(({ view }) => view);
  const outer = joinAxes(views, 0, kept);
  const at = coordinatesOf(writer, element, outer.lengths);
  const bases = views.map(({ offset }, i) =>
    writer.integer(placeOf(at, outer.strides[i]!, offset), body.operands[i]!.slot.size),
  );
  const inner = joinAxes(views, kept, shape.length);
  const steps = rowMajor(inner.lengths);
  const reduction = reductionOf(kernel);
  const term = (ks: readonly string[]): Value =>
    writer.body(
      body,
      body.operands.map(({ slot }, i) =>
        writer.load(slot, sumOf([bases[i]!, ...ks.map((k, axis) => times(k, inner.strides[i]![axis]!))])),
      ),
    );
  const total = reduction.begin(writer);
  const loops = (axis: number, ks: readonly string[]): void => {
    if (axis < inner.lengths.length - 1) {
      writer.loop(inner.lengths[axis]!, (k) => loops(axis + 1, [...ks, k]));
      return;
    }
    const add = (into: Accumulator, k: string): void => {
      const all = [...ks, k];
      reduction.add(writer, into, term(all), sumOf(all.map((one, i) => times(one, steps[i]!))));
    };
    const length = inner.lengths.at(-1)!;
    if (reduction.isSum && length > runLength) {
      writer.loop(Math.floor(length / runLength), (block) => {
        const part = reduction.begin(writer);
        writer.loop(runLength, (k) => add(part, `${times(block, runLength)} + ${k}`));
        reduction.merge(writer, total, part);
      });
      const done = Math.floor(length / runLength) * runLength;
      if (done < length) {
        const part = reduction.begin(writer);
        writer.loop(length - done, (k) => add(part, `${k} + ${done}`));
        reduction.merge(writer, total, part);
      }
    } else if (reduction.isSum && inner.lengths.length > 1) {
      const part = reduction.begin(writer);
      writer.loop(length, (k) => add(part, k));
      reduction.merge(writer, total, part);
    } else writer.loop(length, (k) => add(total, k));
  };
  if (product(inner.lengths) > 0) {
    if (inner.lengths.length === 0) reduction.add(writer, total, term([]), '0');
    else loops(0, []);
  }
  return reduction.result(writer, total);
}
