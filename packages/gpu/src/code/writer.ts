// Writes the source of one kernel. What is the same in all languages is here; how things are said is in the subclasses.
import {
  call,
  constant,
  lowered,
  parameter,
  scalarTypeOf,
  type Body,
  type DType,
  type Scalar,
  type Step,
} from '@thetagrad/core/backend';
import { arrayName, type Code, type IndexCheck, type Place } from './code.ts';

export type ValueType = 'f32' | 'i32' | 'bool';

/** A value that has been computed: text that is cheap to repeat. */
export interface Value {
  readonly type: ValueType;
  readonly text: string;
  /** In languages without integer variables an i32 is two of its halves: `text` has the upper 16 bits, with the sign. */
  readonly low?: string;
}

export function valueTypeOf(dtype: DType): ValueType {
  const type = scalarTypeOf(dtype);
  if (type === 'f64') throw new TypeError('gpu: float64 is computed on the CPU alone');
  return type;
}

/** The sum of texts, without zeros. */
export function sumOf(terms: readonly string[]): string {
  const counted = terms.filter((term) => term !== '0');
  return counted.length === 0 ? '0' : counted.join(' + ');
}

/** i · n, with the trivial cases left out. */
export function times(i: string, n: number): string {
  if (n === 0 || i === '0') return '0';
  return n === 1 ? i : `${factor(i)} * ${n}`;
}

/** An integer as it may stand in a product: in parentheses, unless it is a name, a number, a call or in parentheses. */
export function factor(text: string): string {
  const closed = /^\w*\(/.test(text) && text.endsWith(')');
  if (/^\w+$/.test(text) || (closed && /^[^()]*$/.test(withoutInner(text)))) return text;
  return `(${text})`;
}

/** What lies between the first and the last parenthesis, without parts in parentheses of their own. */
function withoutInner(text: string): string {
  let inner = text.slice(text.indexOf('(') + 1, -1);
  for (let before = ''; before !== inner;) {
    before = inner;
    inner = inner.replace(/\([^()]*\)/g, '');
  }
  return inner;
}

/**
 * The statements of a kernel, in order. Integers for indices are text, of the language's own integer type; elements are
 * {@link Value}s. The language's loads, stores, declarations and scalar operations are the subclass's.
 */
export abstract class Writer {
  /** What the kernel reads, in the order of its arrays. */
  readonly #arrays = new Map<Place, string>();
  readonly #lines: string[] = [];
  readonly #known = new Map<Scalar, Value>();
  #depth = 1;
  #names = 0;

  /** The number of the output element that is computed, as an integer. */
  abstract readonly element: string;

  /** An integer that is used more than once, and of less than `bound` in magnitude: kept in a variable where that can hold it. */
  abstract integer(text: string, bound?: number): string;
  /** i / n without its fraction, for i ≥ 0. */
  abstract quotient(i: string, n: number): string;
  abstract remainder(i: string, n: number): string;
  /** Where an element is if the kernel's threads are in rows of this length. */
  rowAndColumn(_element: string, _length: number): { readonly row: string; readonly column: string } | undefined {
    return undefined;
  }
  /** An element as an integer for indices. */
  abstract index(value: Value): string;
  /** An integer as an element. */
  abstract fromIndex(i: string): Value;
  /** `x` where the condition (text, in the language) holds, else `y`. */
  abstract choose(condition: string, x: Value, y: Value): Value;
  /** As {@link choose} of integers. */
  abstract indexWhere(condition: string, x: string, y: string): string;
  /** The condition that a value is true. */
  abstract holds(value: Value): string;
  /** A condition as an element. */
  abstract condition(text: string): Value;
  /** That all of these conditions hold. */
  all(conditions: readonly string[]): Value {
    return this.condition(conditions.join(' && '));
  }
  /** A variable that may be set. */
  abstract variable(initial: Value): Value;
  abstract set(variable: Value, value: Value): void;
  /** `body` for k = 0, 1, …, count − 1. */
  abstract loop(count: number, body: (k: string) => void): void;
  /** Notes an index that is out of range, where kernels can. */
  abstract reportOutside(index: string, check: Omit<IndexCheck, 'input'>): void;
  /** Ends the kernel that computes one element in each thread. */
  abstract finish(name: string, result: Value, output: Place): Code;

  /** An element of the array that a place is read from. */
  protected abstract loaded(place: Place, array: string, index: string): Value;
  /** One operation, in a variable. */
  protected abstract node(node: Scalar, inputs: readonly Value[]): Value;
  /** Looks at an expression before it is written. */
  protected prepare(_root: Scalar): void {}
  /** Whether the language has its own way of computing the operation for this step, instead of the record's lowering. */
  protected abstract isNative(step: Step): boolean;

  get inputs(): Place[] {
    return [...this.#arrays.keys()];
  }

  /** The name of the array that a place is read from. */
  array(place: Place): string {
    let name = this.#arrays.get(place);
    if (name === undefined) this.#arrays.set(place, (name = arrayName(this.#arrays.size)));
    return name;
  }

  load(place: Place, index: string): Value {
    return this.loaded(place, this.array(place), index);
  }

  /** An element where all conditions hold, and `otherwise` elsewhere, where its place may be anything. */
  guarded(conditions: readonly string[], place: Place, index: string, otherwise: Value): Value {
    if (conditions.length === 0) return this.load(place, index);
    const inside = this.holds(this.all(conditions));
    const safe = this.integer(this.indexWhere(inside, `(${index})`, '0'), place.size);
    return this.choose(inside, this.load(place, safe), otherwise);
  }

  sum(x: Value, y: Value): Value {
    return this.evaluate(parameter(x.type, 0).add(parameter(x.type, 1)), [x, y]);
  }

  /** Adds to a variable. */
  increase(variable: Value, x: Value): void {
    this.set(variable, this.sum(variable, x));
  }

  product(x: Value, y: Value): Value {
    return this.evaluate(parameter(x.type, 0).mul(parameter(x.type, 1)), [x, y]);
  }

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#depth) + text);
  }

  /** Statements in braces after a head. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.line('}');
  }

  fresh(prefix = 'v'): string {
    return `${prefix}${this.#names++}`;
  }

  protected get statements(): string {
    return this.#lines.join('\n');
  }

  /** An expression of parameters with these values. */
  evaluate(root: Scalar, parameters: readonly Value[]): Value {
    this.#known.clear();
    this.prepare(root);
    return this.#render(root, parameters);
  }

  constant(type: ValueType, value: number): Value {
    return this.evaluate(constant(type, value), []);
  }

  convert(value: Value, type: ValueType): Value {
    return value.type === type ? value : this.evaluate(parameter(value.type, 0).to(type), [value]);
  }

  /** Whether a body needs functions that only JavaScript has is an error of {@link node}. */
  body({ operands, steps }: Body, values: readonly Value[]): Value {
    const scalars: Scalar[] = operands.map(({ slot }, i) => parameter(valueTypeOf(slot.dtype), i));
    for (const step of steps) {
      const inputs = step.inputs.map((number) => scalars[number]!);
      const { operation, dtype } = step;
      scalars.push(
        this.isNative(step) ? call(operation.value, valueTypeOf(dtype), inputs) : lowered(operation, inputs, dtype),
      );
    }
    return this.evaluate(scalars.at(-1)!, values);
  }

  #render(node: Scalar, parameters: readonly Value[]): Value {
    if (node.operation === 'parameter') return parameters[node.value]!;
    const known = this.#known.get(node);
    if (known) return known;
    const value =
      node.operation === 'rarely'
        ? this.#rarely(node, parameters)
        : this.node(
            node,
            node.inputs.map((input) => this.#render(input, parameters)),
          );
    this.#known.set(node, value);
    return value;
  }

  /** What is computed inside the branch is known only there. */
  #rarely({ inputs: [condition, rare, usual] }: Scalar, parameters: readonly Value[]): Value {
    const where = this.#render(condition!, parameters);
    const result = this.variable(this.#render(usual!, parameters));
    const before = new Map(this.#known);
    this.block(`if (${this.holds(where)})`, () => this.set(result, this.#render(rare!, parameters)));
    this.#known.clear();
    for (const [node, value] of before) this.#known.set(node, value);
    return result;
  }
}
