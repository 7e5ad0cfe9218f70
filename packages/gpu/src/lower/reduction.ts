// What it is to reduce, in one thread or several.
import { constant, parameter, type Kernel, type Reduce, type Scalar } from '@thetagrad/core/backend';
import { valueTypeOf, type Value, type ValueType, type Writer } from '../code/writer.ts';

export type ReduceKernel = Kernel & { kind: 'reduce' };

/** How a kernel reduces. */
export function reductionOf({ operation, body, output }: ReduceKernel): Reduction {
  const input = body.steps.at(-1)?.dtype ?? body.operands[0]!.slot.dtype;
  return new Reduction(operation, valueTypeOf(input), valueTypeOf(output.dtype));
}

/** Whether neighbours in memory are reduced to one result. */
export function isAlongRows({ body, shape }: ReduceKernel): boolean {
  return body.operands.some(({ view }) => Math.abs(view.strides[shape.length - 1] ?? 0) === 1);
}

/** What has been reduced so far: a value, and of reductions to an index where it was. */
export interface Accumulator {
  readonly value: Value;
  readonly index?: Value;
}

/** How an operation reduces elements of one type to a result of another. Conditions are reduced as integers. */
export class Reduction {
  readonly #operation: Reduce;
  /** Of what is combined. */
  readonly type: ValueType;
  readonly #output: ValueType;
  readonly #combined: Scalar;

  constructor(operation: Reduce, input: ValueType, output: ValueType) {
    this.#operation = operation;
    const type = operation.index ? input : output;
    this.type = type === 'bool' ? 'i32' : type;
    this.#output = output;
    this.#combined = operation.lower(parameter(this.type, 0), parameter(this.type, 1));
  }

  /** Whether it matters in which order elements are combined. */
  get isSum(): boolean {
    return this.#operation.name === 'sum';
  }

  begin(writer: Writer): Accumulator {
    const value = writer.variable(writer.evaluate(constant(this.type, this.#operation.initial), []));
    if (!this.#operation.index) return { value };
    return { value, index: writer.variable(writer.constant('i32', 0)) };
  }

  /** Combines an element, whose number among those to be reduced is `at`. */
  add(writer: Writer, into: Accumulator, element: Value, at: string): void {
    const value = writer.convert(element, this.type);
    this.merge(writer, into, into.index ? { value, index: writer.fromIndex(at) } : { value });
  }

  /** Combines what has been reduced of later elements. */
  merge(writer: Writer, into: Accumulator, later: Accumulator): void {
    const combined = writer.evaluate(this.#combined, [into.value, later.value]);
    if (!into.index) return writer.set(into.value, combined);
    this.#take(writer, combined, into, later);
  }

  /** As {@link merge}, where elements of the other may also be earlier ones. */
  mergeUnordered(writer: Writer, into: Accumulator, other: Accumulator): void {
    if (!into.index) return this.merge(writer, into, other);
    const isEarlier = parameter('i32', 3).lt(parameter('i32', 2));
    const [x, y] = [parameter(this.type, 0), parameter(this.type, 1)];
    const wins = this.#operation.lower(x, y).or(this.#operation.lower(y, x).not().and(isEarlier));
    const combined = writer.evaluate(wins, [into.value, other.value, into.index, other.index!]);
    this.#take(writer, combined, into, other);
  }

  result(writer: Writer, { value, index }: Accumulator): Value {
    return index ?? writer.convert(value, this.#output);
  }

  #take(writer: Writer, condition: Value, into: Accumulator, other: Accumulator): void {
    writer.block(`if (${writer.holds(condition)})`, () => {
      writer.set(into.value, other.value);
      writer.set(into.index!, other.index!);
    });
  }
}
