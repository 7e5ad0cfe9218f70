// Writes the source of one kernel. Subclasses know the language; what all languages share is here.
import { constant, parameter, scalarTypeOf, type Body, type DType, type Scalar } from '@thetagrad/core/backend';
import { expressionOf } from './body.ts';
import { arrayName, type Code, type Location } from './command.ts';
import type { Intrinsics } from './intrinsics.ts';

export type ValueType = 'f32' | 'i32' | 'bool';

/** A computed value: the name of a variable, or a literal. */
export interface Value {
  readonly type: ValueType;
  readonly text: string;
  /** Languages without integer variables split an i32: `text` is its upper 16 bits, with the sign, and `low` its lower 16. */
  readonly low?: string;
}

export function valueTypeOf(dtype: DType): ValueType {
  const type = scalarTypeOf(dtype);
  if (type === 'f64') throw new TypeError('gpu: float64 is computed on the CPU only');
  return type;
}

/** The sum of integer expressions, without zeros. */
export function plus(terms: readonly string[]): string {
  const nonzero = terms.filter((term) => term !== '0');
  return nonzero.length === 0 ? '0' : nonzero.join(' + ');
}

/** i · n, simplified for 0 and 1. */
export function times(i: string, n: number): string {
  if (n === 0 || i === '0') return '0';
  return n === 1 ? i : `${parenthesize(i)} * ${n}`;
}

/** An integer expression as a factor of a product: in parentheses, unless it is a name, a number or a call. */
export function parenthesize(text: string): string {
  const closed = /^\w*\(/.test(text) && text.endsWith(')');
  if (/^\w+$/.test(text) || (closed && /^[^()]*$/.test(withoutInnerParentheses(text)))) return text;
  return `(${text})`;
}

/** The text between the first and the last parenthesis, without parts in parentheses. */
function withoutInnerParentheses(text: string): string {
  let inner = text.slice(text.indexOf('(') + 1, -1);
  for (let before = ''; before !== inner;) {
    before = inner;
    inner = inner.replace(/\([^()]*\)/g, '');
  }
  return inner;
}

/**
 * Collects the statements of a kernel, in order. Indices are expressions of the language's integer type, as text; elements
 * are {@link Value}s.
 */
export abstract class Writer {
  /** The names of the arrays that the kernel reads, in order. */
  readonly #arrays = new Map<Location, string>();
  readonly #lines: string[] = [];
  /** The values of the nodes of the expression that is being written. */
  readonly #values = new Map<Scalar, Value>();
  #depth = 1;
  #names = 0;

  /** The row-major number of the output element that the thread computes. */
  abstract readonly element: string;

  /** Binds an integer below `bound` in magnitude to a name, if it is not one yet and a variable can hold it. */
  abstract bindIndex(text: string, bound?: number): string;
  /** ⌊i / n⌋ for i ≥ 0. */
  abstract quotient(i: string, n: number): string;
  abstract remainder(i: string, n: number): string;
  /** The coordinates of the thread, if `element` is its number and threads are in rows of `length`. */
  rowAndColumn(_element: string, _length: number): { readonly row: string; readonly column: string } | undefined {
    return undefined;
  }
  /** An i32 as an index. */
  abstract toIndex(value: Value): string;
  /** An index as an i32. */
  abstract fromIndex(i: string): Value;
  /** `x` where the condition (an expression of the language) holds, else `y`. */
  abstract select(condition: string, x: Value, y: Value): Value;
  /** As {@link select}, for indices. */
  abstract selectIndex(condition: string, x: string, y: string): string;
  /** The condition that a bool is true. */
  abstract isTrue(value: Value): string;
  /** A condition as a bool. */
  abstract fromCondition(text: string): Value;
  /** Whether all of these conditions hold. */
  all(conditions: readonly string[]): Value {
    return this.fromCondition(conditions.join(' && '));
  }
  /** Declares a variable that may be assigned. */
  abstract variable(initial: Value): Value;
  abstract assign(variable: Value, value: Value): void;
  /** Runs `body` for k = 0, 1, …, count − 1. */
  abstract loop(count: number, body: (k: string) => void): void;
  /** Ends a kernel in which each thread computes one element. */
  abstract finish(name: string, result: Value, output: Location): Code;

  /** Reads an element of an array. */
  protected abstract renderLoad(location: Location, array: string, position: string): Value;
  /** Computes one node of an expression. */
  protected abstract renderNode(node: Scalar, inputs: readonly Value[]): Value;
  /** Called with each expression before it is written. */
  protected prepare(_root: Scalar): void {}
  /** The functions of the language that compute operations instead of core's lowerings. */
  protected abstract readonly intrinsics: Intrinsics;

  /** The name of the function of the language that a node calls. */
  protected intrinsicOf({ function: definition, type }: Scalar): string {
    return this.intrinsics.get(definition!)![type]!;
  }

  /** The locations that the kernel reads, in the order of its arrays. */
  get inputs(): Location[] {
    return [...this.#arrays.keys()];
  }

  /** The name of the array for a location. */
  array(location: Location): string {
    let name = this.#arrays.get(location);
    if (name === undefined) this.#arrays.set(location, (name = arrayName(this.#arrays.size)));
    return name;
  }

  load(location: Location, position: string): Value {
    return this.renderLoad(location, this.array(location), position);
  }

  /** Loads an element where all conditions hold, and gives `otherwise` elsewhere, where `position` may be out of bounds. */
  loadWhere(conditions: readonly string[], location: Location, position: string, otherwise: Value): Value {
    if (conditions.length === 0) return this.load(location, position);
    const inside = this.isTrue(this.all(conditions));
    const safe = this.bindIndex(this.selectIndex(inside, `(${position})`, '0'), location.size);
    return this.select(inside, this.load(location, safe), otherwise);
  }

  add(x: Value, y: Value): Value {
    return this.evaluate(parameter(x.type, 0).add(parameter(x.type, 1)), [x, y]);
  }

  mul(x: Value, y: Value): Value {
    return this.evaluate(parameter(x.type, 0).mul(parameter(x.type, 1)), [x, y]);
  }

  /** Adds to a variable. */
  addTo(variable: Value, x: Value): void {
    this.assign(variable, this.add(variable, x));
  }

  /** Appends a statement. */
  line(text: string): void {
    this.#lines.push('  '.repeat(this.#depth) + text);
  }

  /** Appends a head, and the statements of `body` in braces. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.line('}');
  }

  newName(prefix = 'v'): string {
    return `${prefix}${this.#names++}`;
  }

  protected get statements(): string {
    return this.#lines.join('\n');
  }

  /** Computes an expression from the values of its parameters. */
  evaluate(root: Scalar, parameters: readonly Value[]): Value {
    this.#values.clear();
    this.prepare(root);
    return this.#render(root, parameters);
  }

  constant(type: ValueType, value: number): Value {
    return this.evaluate(constant(type, value), []);
  }

  convert(value: Value, type: ValueType): Value {
    return value.type === type ? value : this.evaluate(parameter(value.type, 0).to(type), [value]);
  }

  /** Computes a body, for which the language has code, from one element of each operand. */
  evaluateBody(body: Body, values: readonly Value[]): Value {
    return this.evaluate(expressionOf(body, this.intrinsics), values);
  }

  #render(node: Scalar, parameters: readonly Value[]): Value {
    if (node.operation === 'parameter') return parameters[node.value]!;
    const known = this.#values.get(node);
    if (known) return known;
    const value =
      node.operation === 'rarely'
        ? this.#renderRarely(node, parameters)
        : this.renderNode(
            node,
            node.inputs.map((input) => this.#render(input, parameters)),
          );
    this.#values.set(node, value);
    return value;
  }

  /** A branch. Values computed inside it are not visible after it. */
  #renderRarely({ inputs: [condition, rare, usual] }: Scalar, parameters: readonly Value[]): Value {
    const isRare = this.#render(condition!, parameters);
    const result = this.variable(this.#render(usual!, parameters));
    const before = new Map(this.#values);
    this.block(`if (${this.isTrue(isRare)})`, () => this.assign(result, this.#render(rare!, parameters)));
    this.#values.clear();
    for (const [node, value] of before) this.#values.set(node, value);
    return result;
  }
}
