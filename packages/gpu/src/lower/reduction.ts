import { constant, parameter, type ReduceKernel, type Scalar, type ScalarReduction } from '@thetagrad/core/backend';
import { valueTypeOf, type Value, type ValueType, type Writer } from '../code/writer.ts';

/** Whether neighbors in memory are reduced to one result. */
export function isAlongRows({ body, shape }: ReduceKernel): boolean {
  return body.operands.some(({ view }) => Math.abs(view.strides[shape.length - 1] ?? 0) === 1);
}

/** The state of a reduction: a value and, for reductions to an index, the index of that value. */
export interface Accumulator {
  readonly value: Value;
  readonly index?: Value;
}

/** What a reduction computes. */
type Accumulated = Pick<ScalarReduction, 'initial' | 'index' | 'lower'>;

/** Makes the reduction of a kernel. */
export function reductionOf({ operation, body, output }: ReduceKernel): Reduction {
  const inputType = valueTypeOf(body.steps.at(-1)?.dtype ?? body.operands[0]!.slot.dtype);
  return new Reduction(operation, inputType, valueTypeOf(output.dtype));
}

/** Makes the reduction that adds up elements. */
export function sumOf(type: ValueType): Reduction {
  return new Reduction({ initial: 0, lower: (total, value) => total.add(value) }, type, type);
}

/** Combines elements with an operation; conditions as integers. */
export class Reduction {
  readonly #operation: Accumulated;
  /** The type of the combined values. */
  readonly type: ValueType;
  readonly #outputType: ValueType;
  readonly #combine: Scalar;

  constructor(operation: Accumulated, inputType: ValueType, outputType: ValueType) {
    this.#operation = operation;
    this.#outputType = outputType;
    const type = operation.index ? inputType : outputType;
    this.type = type === 'bool' ? 'i32' : type;
    this.#combine = operation.lower(parameter(this.type, 0), parameter(this.type, 1));
  }

  /** Whether the result is the index of an element. */
  get isIndex(): boolean {
    return this.#operation.index ?? false;
  }

  begin(writer: Writer): Accumulator {
    const value = writer.variable(writer.evaluate(constant(this.type, this.#operation.initial), []));
    if (!this.#operation.index) return { value };
    return { value, index: writer.variable(writer.constant('i32', 0)) };
  }

  /** Combines an element, whose number among those of its result is `index`. */
  add(writer: Writer, total: Accumulator, element: Value, index: string): void {
    const value = writer.convert(element, this.type);
    this.merge(writer, total, total.index ? { value, index: writer.fromIndex(index) } : { value });
  }

  /** Combines the accumulator of later elements. */
  merge(writer: Writer, total: Accumulator, later: Accumulator): void {
    const combined = writer.evaluate(this.#combine, [total.value, later.value]);
    if (!total.index) return writer.assign(total.value, combined);
    this.#replaceIf(writer, combined, total, later);
  }

  /** As {@link merge}, where the other elements may also be earlier ones. */
  mergeUnordered(writer: Writer, total: Accumulator, other: Accumulator): void {
    if (!total.index) return this.merge(writer, total, other);
    const isEarlier = parameter('i32', 3).lt(parameter('i32', 2));
    const [x, y] = [parameter(this.type, 0), parameter(this.type, 1)];
    const wins = this.#operation.lower(x, y).or(this.#operation.lower(y, x).not().and(isEarlier));
    const condition = writer.evaluate(wins, [total.value, other.value, total.index, other.index!]);
    this.#replaceIf(writer, condition, total, other);
  }

  result(writer: Writer, { value, index }: Accumulator): Value {
    return index ?? writer.convert(value, this.#outputType);
  }

  #replaceIf(writer: Writer, condition: Value, total: Accumulator, other: Accumulator): void {
    writer.block(`if (${writer.isTrue(condition)})`, () => {
      writer.assign(total.value, other.value);
      writer.assign(total.index!, other.index!);
    });
  }
}
