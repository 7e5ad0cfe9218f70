import { constant, parameter, type Kernel, type Reduce, type Scalar } from '@thetagrad/core';
import type { Command } from '../code/code.ts';
import { coordinatesOf, joinAxes, placeOf, product, rowMajor } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value, type ValueType, type Writer } from '../code/writer.ts';
import { elementwise, type Language } from './language.ts';
import { namesOf } from './map.ts';

type ReduceKernel = Kernel & { kind: 'reduce' };

/** So many terms are added one after another, then their sums: the error grows with both counts, not with the product. */
export const runLength = 256;

export function lowerReduce(kernel: ReduceKernel, language: Language): Command[] {
  const { operation, body, output } = kernel;
  const name = [namesOf(body), operation.name].filter((part) => part !== '').join(' → ');
  return [elementwise(language, name, output, (writer, element) => oneByOne(writer, kernel, element))];
}

/** A thread reduces all elements of its result. */
function oneByOne(writer: Writer, kernel: ReduceKernel, element: string): Value {
  const { body, kept, shape, output } = kernel;
  const views = body.operands.map(({ view }) => view);
  const outer = joinAxes(views, 0, kept);
  const at = coordinatesOf(writer, element, outer.lengths);
  const bases = views.map(({ offset }, i) =>
    writer.integer(placeOf(at, outer.strides[i]!, offset), body.operands[i]!.slot.size),
  );
  const inner = joinAxes(views, kept, shape.length);
  const steps = rowMajor(inner.lengths);
  const reduction = new Reduction(kernel.operation, valueTypeOf(lastType(kernel)), valueTypeOf(output.dtype));
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

/** The dtype of a body's elements. */
function lastType({ body }: ReduceKernel): ReduceKernel['output']['dtype'] {
  return body.steps.at(-1)?.dtype ?? body.operands[0]!.slot.dtype;
}

/** What has been reduced so far: a value, and of reductions to an index where it was. */
export interface Accumulator {
  readonly value: Value;
  readonly index?: Value;
}

/** How an operation reduces elements of one type to a result of another. Conditions are reduced as integers. */
export class Reduction {
  readonly #operation: Reduce;
  readonly #type: ValueType;
  readonly #output: ValueType;
  readonly #combined: Scalar;

  constructor(operation: Reduce, input: ValueType, output: ValueType) {
    this.#operation = operation;
    const type = operation.index ? input : output;
    this.#type = type === 'bool' ? 'i32' : type;
    this.#output = output;
    this.#combined = operation.lower(parameter(this.#type, 0), parameter(this.#type, 1));
  }

  /** Whether it matters in which order elements are combined. */
  get isSum(): boolean {
    return this.#operation.name === 'sum';
  }

  begin(writer: Writer): Accumulator {
    const value = writer.variable(writer.evaluate(constant(this.#type, this.#operation.initial), []));
    if (!this.#operation.index) return { value };
    return { value, index: writer.variable(writer.constant('i32', 0)) };
  }

  /** Combines an element, whose number among those to be reduced is `at`. */
  add(writer: Writer, into: Accumulator, element: Value, at: string): void {
    const value = writer.convert(element, this.#type);
    this.merge(writer, into, into.index ? { value, index: writer.fromIndex(at) } : { value });
  }

  /** Combines what has been reduced of later elements. */
  merge(writer: Writer, into: Accumulator, later: Accumulator): void {
    const combined = writer.evaluate(this.#combined, [into.value, later.value]);
    if (!into.index) return writer.set(into.value, combined);
    writer.block(`if (${writer.holds(combined)})`, () => {
      writer.set(into.value, later.value);
      writer.set(into.index!, later.index!);
    });
  }

  result(writer: Writer, { value, index }: Accumulator): Value {
    return index ?? writer.convert(value, this.#output);
  }
}
