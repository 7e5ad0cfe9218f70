// Kernels in the JavaScript that gpu.js translates, for all modes but webgpu. It declares float variables alone, so an i32
// is two of them: its upper 16 bits, with the sign, and its lower 16. Integer expressions join them, and are cut in two
// again: `(h << 16 | l) + 1`. Conditions are 0 or 1.
import type { Scalar, Step } from '@thetagrad/core/backend';
import type { Code, Place } from './code.ts';
import { helpersOf } from './javascriptHelpers.ts';
import { natives, noLowering, type Native } from './natives.ts';
import { factor, Writer, valueTypeOf, type Value, type ValueType } from './writer.ts';

/** How many floats an element takes: an int32 two, the lower half first. */
export function floatsPerElement(type: ValueType): number {
  return type === 'i32' ? 2 : 1;
}

/** Stands for the element until it is known whether threads are in rows. */
const elementToCome = 'this.thread.element';

export class JavaScriptWriter extends Writer {
  override readonly element: string;
  readonly #helpers = new Set<string>();
  readonly #size: number;
  #width: number | undefined;

  /** Of elements of what `output` is. Integers are computed twice, once for each half. */
  constructor({ dtype, size }: Place) {
    super();
    this.#size = size;
    this.element = dtype === 'int32' ? '(this.thread.x >> 1)' : elementToCome;
  }

  /** Row and column are then known without a division, and what depends on the row alone is computed for four threads at once. */
  override rowAndColumn(
    element: string,
    length: number,
  ): { readonly row: string; readonly column: string } | undefined {
    if (element !== elementToCome || length < 4 || length === this.#size) return undefined;
    this.#width ??= length;
    return this.#width === length ? { row: 'this.thread.y', column: 'this.thread.x' } : undefined;
  }

  override integer(text: string, bound: number = Infinity): string {
    if (/^[\w.-]+$/.test(text)) return text;
    // Variables are floats: what is soon computed is better computed again, as an integer.
    if (/^[\d\s()*+]*$/.test(text.replaceAll(/this\.thread\.[xy]/g, ''))) return `(${text})`;
    return bound > 2 ** 24 ? factor(text) : `(${this.#keep('f32', text).text} | 0)`;
  }

  override quotient(i: string, n: number): string {
    if (n === 1) return i;
    const bits = Math.log2(n);
    return Number.isInteger(bits) ? `(${i} >> ${bits})` : this.helper('quotient', i, String(n), '0', '0');
  }

  override remainder(i: string, n: number): string {
    return Number.isInteger(Math.log2(n)) ? `(${i} & ${n - 1})` : `(${i} - ${this.quotient(i, n)} * ${n})`;
  }

  override index(value: Value): string {
    return join(value);
  }

  override fromIndex(i: string): Value {
    return this.#keepInteger(i);
  }

  override choose(condition: string, x: Value, y: Value): Value {
    if (x.type !== 'i32') return this.#keep(x.type, `${condition} ? ${x.text} : ${y.text}`);
    const high = this.#keep('f32', `${condition} ? ${x.text} : ${y.text}`);
    return { type: 'i32', text: high.text, low: this.#keep('f32', `${condition} ? ${x.low} : ${y.low}`).text };
  }

  override indexWhere(condition: string, x: string, y: string): string {
    return `(${condition} ? ${x} : ${y})`;
  }

  override condition(text: string): Value {
    return this.#condition(text);
  }

  /** Indices are checked before such a kernel runs, see `translated.ts`. */
  override reportOutside(): void {}

  override holds(value: Value): string {
    return `${value.text} > 0`;
  }

  override variable(initial: Value): Value {
    const declared = (text: string): string => {
      const name = this.fresh();
      this.line(`let ${name} = ${text};`);
      return name;
    };
    const text = declared(initial.text);
    return { type: initial.type, text, ...(initial.low !== undefined && { low: declared(initial.low) }) };
  }

  override set(variable: Value, value: Value): void {
    this.line(`${variable.text} = ${value.text};`);
    if (variable.low !== undefined) this.line(`${variable.low} = ${value.low};`);
  }

  override loop(count: number, body: (k: string) => void): void {
    if (count === 1) return body('0');
    const k = this.fresh('k');
    this.block(`for (let ${k} = 0; ${k} < ${count}; ${k} += 1)`, () => body(k));
  }

  override finish(name: string, result: Value, output: Place): Code {
    this.line(
      result.type === 'i32'
        ? `return (this.thread.x & 1) === 0 ? ${result.low} : ${result.text};`
        : `return ${result.text};`,
    );
    const width = this.#width;
    const element = width === undefined ? 'this.thread.x' : `(this.thread.y * ${width} + this.thread.x)`;
    const statements = this.statements.replaceAll(elementToCome, element);
    return {
      name,
      source: `function kernel(${this.inputs.map((place) => this.array(place)).join(', ')}) {\n${statements}\n}`,
      inputs: this.inputs.map(({ dtype }) => dtype),
      output: { dtype: output.dtype, size: output.size },
      ...(width !== undefined && { width }),
      helpers: helpersOf(this.#helpers),
    };
  }

  /** A call of a helper function of `javascriptHelpers.ts`. */
  helper(name: string, ...inputs: readonly string[]): string {
    if (!name.startsWith('Math.')) this.#helpers.add(name);
    return `${name}(${inputs.join(', ')})`;
  }

  protected override loaded({ dtype }: Place, array: string, index: string): Value {
    const type = valueTypeOf(dtype);
    if (type !== 'i32') return this.#keep(type, `${array}[${index}]`);
    const low = this.#keep('f32', `${array}[(${index}) * 2]`).text;
    return { type, text: this.#keep('f32', `${array}[(${index}) * 2 + 1]`).text, low };
  }

  protected override isNative({ operation, dtype }: Step): boolean {
    return native(operation.value, valueTypeOf(dtype)) !== undefined;
  }

  protected override node(node: Scalar, inputs: readonly Value[]): Value {
    const type = node.type as ValueType;
    switch (node.operation) {
      case 'constant':
        return this.#constant(type, node.value);
      case 'select':
        return this.choose(this.holds(inputs[0]!), inputs[1]!, inputs[2]!);
      case 'bitcastI32': {
        const high = this.#keep('f32', this.helper('upperBits', inputs[0]!.text));
        return { type, text: high.text, low: this.#keep('f32', this.helper('lowerBits', inputs[0]!.text)).text };
      }
      case 'convert':
        return this.#convert(inputs[0]!, type);
      case 'call': {
        const name = native(node.function!, type);
        if (name === undefined) throw noLowering();
        if (type === 'i32') return this.#keepInteger(this.helper(name, ...inputs.map(join), '0', '0', '0'));
        return this.#keep(type, rounded(this.helper(name, ...inputs.map(({ text }) => text))));
      }
      default:
        break;
    }
    switch (inputs[0]!.type) {
      case 'f32':
        return this.#ofFloats(
          node,
          inputs.map(({ text }) => text),
        );
      case 'bool':
        return this.#ofConditions(
          node,
          inputs.map(({ text }) => text),
        );
      case 'i32':
        return this.#ofIntegers(node, inputs);
    }
  }

  #ofFloats(node: Scalar, inputs: readonly string[]): Value {
    const { operation } = node;
    const [x, y] = inputs as [string, string];
    const infix = { add: '+', sub: '-', mul: '*', div: '/' };
    const comparison = { eq: '===', ne: '!==', lt: '<', le: '<=' };
    switch (operation) {
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
        return this.#keep('f32', rounded(`${x} ${infix[operation]} ${y}`));
      case 'min':
      case 'max':
        return this.#keep('f32', `Math.${operation}(${x}, ${y})`);
      case 'neg':
        return this.#keep('f32', `-${x}`);
      case 'sqrt':
        return this.#keep('f32', rounded(`Math.sqrt(${x})`));
      case 'abs':
      case 'floor':
      case 'ceil':
      case 'trunc':
        return this.#keep('f32', `Math.${operation}(${x})`);
      case 'nearest':
        return this.#keep('f32', this.helper('nearest', x));
      case 'eq':
      case 'ne':
      case 'lt':
      case 'le':
        return this.#condition(`${x} ${comparison[operation]} ${y}`);
      default:
        throw unknown(node);
    }
  }

  #ofConditions(node: Scalar, inputs: readonly string[]): Value {
    const [x, y] = inputs as [string, string];
    switch (node.operation) {
      case 'and':
      case 'mul':
      case 'min':
        return this.#condition(`${x} + ${y} > 1`);
      case 'or':
      case 'max':
        return this.#condition(`${x} + ${y} > 0`);
      case 'xor':
      case 'ne':
        return this.#condition(`${x} !== ${y}`);
      case 'eq':
        return this.#condition(`${x} === ${y}`);
      case 'lt':
        return this.#condition(`${x} < ${y}`);
      case 'le':
        return this.#condition(`${x} <= ${y}`);
      case 'not':
        return this.#condition(`${x} < 1`);
      default:
        throw unknown(node);
    }
  }

  #ofIntegers(node: Scalar, [x, y]: readonly Value[]): Value {
    const { operation, value } = node;
    switch (operation) {
      case 'add':
        return this.#keepInteger(`${join(x!)} + ${join(y!)}`);
      case 'sub':
        return this.#keepInteger(`${join(x!)} - ${join(y!)}`);
      case 'mul':
        return this.#keepInteger(this.helper('product', join(x!), join(y!)));
      case 'and':
        return this.#keepInteger(`${join(x!)} & ${join(y!)}`);
      case 'or':
        return this.#keepInteger(`${join(x!)} | ${join(y!)}`);
      case 'xor':
        return this.#keepInteger(`${join(x!)} ^ ${join(y!)}`);
      case 'not':
        return this.#keepInteger(`${join(x!)} ^ -1`);
      case 'neg':
        return this.#keepInteger(`0 - ${join(x!)}`);
      case 'abs':
        return this.choose(`${x!.text} < 0`, this.#keepInteger(`0 - ${join(x!)}`), x!);
      case 'shl':
        return this.#keepInteger(`${join(x!)} << ${value}`);
      case 'shrS':
        return this.#keepInteger(`${join(x!)} >> ${value}`);
      case 'shrU':
        return this.#keepInteger(`${join(x!)} >>> ${value}`);
      case 'min':
        return this.choose(less(x!, y!), x!, y!);
      case 'max':
        return this.choose(less(x!, y!), y!, x!);
      case 'eq':
        return this.#condition(`${x!.text} === ${y!.text} && ${x!.low} === ${y!.low}`);
      case 'ne':
        return this.#condition(`${x!.text} !== ${y!.text} || ${x!.low} !== ${y!.low}`);
      case 'lt':
        return this.#condition(less(x!, y!));
      case 'le':
        return this.#condition(`${x!.text} < ${y!.text} || ${x!.text} === ${y!.text} && ${x!.low} <= ${y!.low}`);
      case 'bitcastF32':
        return this.#keep('f32', this.helper('floatOfBits', x!.text, x!.low!));
      default:
        throw unknown(node);
    }
  }

  #convert(x: Value, to: ValueType): Value {
    switch (to) {
      case 'f32':
        return x.type === 'i32' ? this.#keep('f32', rounded(`${x.text} * 65536 + ${x.low}`)) : { ...x, type: 'f32' };
      case 'bool':
        return this.#condition(x.type === 'i32' ? `${x.text} !== 0 || ${x.low} !== 0` : `${x.text} !== 0`);
      case 'i32': {
        if (x.type === 'bool') return { type: 'i32', text: '0', low: x.text };
        const high = this.#keep('f32', this.helper('upperInteger', x.text));
        return { type: 'i32', text: high.text, low: this.#keep('f32', this.helper('lowerInteger', x.text)).text };
      }
    }
  }

  #constant(type: ValueType, value: number): Value {
    if (type === 'bool') return { type, text: value === 0 ? '0' : '1' };
    if (type === 'i32') {
      const whole = Math.max(-(2 ** 31), Math.min(Math.trunc(value), 2 ** 31 - 1));
      return { type, text: String(whole >> 16), low: String(whole & 0xffff) };
    }
    const number = Math.fround(value);
    if (number !== number) return this.#keep('f32', this.helper('notANumber'));
    return { type, text: Object.is(number, -0) ? this.#keep('f32', this.helper('negativeZero')).text : String(number) };
  }

  #condition(text: string): Value {
    return this.#keep('bool', `${text} ? 1 : 0`);
  }

  #keep(type: ValueType, text: string): Value {
    const name = this.fresh();
    this.line(`const ${name} = ${text};`);
    return { type, text: name };
  }

  /** An integer expression, cut into halves. */
  #keepInteger(expression: string): Value {
    const high = this.#keep('f32', `(${expression}) >> 16`);
    return { type: 'i32', text: high.text, low: this.#keep('f32', `(${expression}) & 65535`).text };
  }
}

/** An i32 as an integer expression. */
function join({ text, low }: Value): string {
  return `(${text} << 16 | ${low})`;
}

function less(x: Value, y: Value): string {
  return `${x.text} < ${y.text} || ${x.text} === ${y.text} && ${x.low} < ${y.low}`;
}

/** To float32, where JavaScript computes in double precision. */
function rounded(text: string): string {
  return `Math.fround(${text})`;
}

function native(f: Native, type: ValueType): string | undefined {
  return natives.javascript.get(f)?.[type];
}

function unknown({ operation, type }: Scalar): Error {
  return new Error(`gpu: no JavaScript for ${operation} of ${type}`);
}
