// Kernels in the subset of JavaScript that gpu.js translates, for the modes webasm and cpu. Its variables are floats, so an
// i32 is two of them: the upper 16 bits, with the sign, and the lower 16. Integer expressions join them,
// `(high << 16 | low) + 1`, and are split again to be stored. Conditions are 0 or 1.
import type { Scalar } from '@thetagrad/core/backend';
import type { Code, Location } from './command.ts';
import { helpersOf } from './javascriptHelpers.ts';
import { javaScriptIntrinsics, type Intrinsics } from './intrinsics.ts';
import { parenthesize, Writer, valueTypeOf, type Value, type ValueType } from './writer.ts';

/** The number of floats that store an element: two for an int32, the lower half first. */
export function floatsPerElement(type: ValueType): number {
  return type === 'i32' ? 2 : 1;
}

/** Replaced at the end, when it is known whether threads are in rows. */
const elementPlaceholder = 'this.thread.element';

export class JavaScriptWriter extends Writer {
  override readonly element: string;
  protected override readonly intrinsics: Intrinsics = javaScriptIntrinsics;
  readonly #helpers = new Set<string>();
  readonly #size: number;
  #width: number | undefined;

  /** @param output An int32 output has two threads for each element, one for each half. */
  constructor({ dtype, size }: Location) {
    super();
    this.#size = size;
    this.element = dtype === 'int32' ? '(this.thread.x >> 1)' : elementPlaceholder;
  }

  /**
   * Saves the division for row and column. gpu.js also computes four threads of a row together, and what depends
   * only on the row once for the four.
   */
  override rowAndColumn(
    element: string,
    length: number,
  ): { readonly row: string; readonly column: string } | undefined {
    if (element !== elementPlaceholder || length < 4 || length === this.#size) return undefined;
    this.#width ??= length;
    return this.#width === length ? { row: 'this.thread.y', column: 'this.thread.x' } : undefined;
  }

  override bindIndex(text: string, bound: number = Infinity): string {
    if (/^[\w.-]+$/.test(text)) return text;
    // A variable would be a float: short expressions are cheaper to repeat, as integers.
    if (/^[\d\s()*+]*$/.test(text.replaceAll(/this\.thread\.[xy]/g, ''))) return `(${text})`;
    return bound > 2 ** 24 ? parenthesize(text) : `(${this.#bind('f32', text).text} | 0)`;
  }

  override quotient(i: string, n: number): string {
    if (n === 1) return i;
    const bits = Math.log2(n);
    return Number.isInteger(bits) ? `(${i} >> ${bits})` : this.#callHelper('floorDivide', i, String(n), '0', '0');
  }

  override remainder(i: string, n: number): string {
    return Number.isInteger(Math.log2(n)) ? `(${i} & ${n - 1})` : `(${i} - ${this.quotient(i, n)} * ${n})`;
  }

  override toIndex(value: Value): string {
    return joinHalves(value);
  }

  override fromIndex(i: string): Value {
    return this.#bindInt(i);
  }

  override select(condition: string, x: Value, y: Value): Value {
    if (x.type !== 'i32') return this.#bind(x.type, `${condition} ? ${x.text} : ${y.text}`);
    const high = this.#bind('f32', `${condition} ? ${x.text} : ${y.text}`);
    return { type: 'i32', text: high.text, low: this.#bind('f32', `${condition} ? ${x.low} : ${y.low}`).text };
  }

  override selectIndex(condition: string, x: string, y: string): string {
    return `(${condition} ? ${x} : ${y})`;
  }

  override fromCondition(text: string): Value {
    return this.#bind('bool', `${text} ? 1 : 0`);
  }

  override isTrue(value: Value): string {
    return `${value.text} > 0`;
  }

  override variable(initial: Value): Value {
    const declare = (text: string): string => {
      const name = this.newName();
      this.line(`let ${name} = ${text};`);
      return name;
    };
    const text = declare(initial.text);
    return { type: initial.type, text, ...(initial.low !== undefined && { low: declare(initial.low) }) };
  }

  override assign(variable: Value, value: Value): void {
    this.line(`${variable.text} = ${value.text};`);
    if (variable.low !== undefined) this.line(`${variable.low} = ${value.low};`);
  }

  override loop(count: number, body: (k: string) => void): void {
    if (count === 1) return body('0');
    const k = this.newName('k');
    this.block(`for (let ${k} = 0; ${k} < ${count}; ${k} += 1)`, () => body(k));
  }

  override finish(name: string, result: Value, output: Location): Code {
    this.line(
      result.type === 'i32'
        ? `return (this.thread.x & 1) === 0 ? ${result.low} : ${result.text};`
        : `return ${result.text};`,
    );
    const width = this.#width;
    const element = width === undefined ? 'this.thread.x' : `(this.thread.y * ${width} + this.thread.x)`;
    const statements = this.statements.replaceAll(elementPlaceholder, element);
    return {
      name,
      source: `function kernel(${this.inputs.map((location) => this.array(location)).join(', ')}) {\n${statements}\n}`,
      inputs: this.inputs.map(({ dtype }) => dtype),
      output: { dtype: output.dtype, size: output.size },
      ...(width !== undefined && { width }),
      helpers: helpersOf(this.#helpers),
    };
  }

  protected override renderLoad({ dtype }: Location, array: string, position: string): Value {
    const type = valueTypeOf(dtype);
    if (type !== 'i32') return this.#bind(type, `${array}[${position}]`);
    const low = this.#bind('f32', `${array}[(${position}) * 2]`).text;
    return { type, text: this.#bind('f32', `${array}[(${position}) * 2 + 1]`).text, low };
  }

  protected override renderNode(node: Scalar, inputs: readonly Value[]): Value {
    const type = node.type as ValueType;
    switch (node.operation) {
      case 'constant':
        return this.#constant(type, node.value);
      case 'select':
        return this.select(this.isTrue(inputs[0]!), inputs[1]!, inputs[2]!);
      case 'bitcastI32': {
        const high = this.#bind('f32', this.#callHelper('upperBits', inputs[0]!.text));
        return { type, text: high.text, low: this.#bind('f32', this.#callHelper('lowerBits', inputs[0]!.text)).text };
      }
      case 'convert':
        return this.#convert(inputs[0]!, type);
      case 'call': {
        const name = this.intrinsicOf(node);
        if (type === 'i32') return this.#bindInt(this.#callHelper(name, ...inputs.map(joinHalves), '0', '0', '0'));
        return this.#bind(type, toFloat32(this.#callHelper(name, ...inputs.map(({ text }) => text))));
      }
      default:
        break;
    }
    switch (inputs[0]!.type) {
      case 'f32':
        return this.#renderFloat(
          node,
          inputs.map(({ text }) => text),
        );
      case 'bool':
        return this.#renderBool(
          node,
          inputs.map(({ text }) => text),
        );
      case 'i32':
        return this.#renderInt(node, inputs);
    }
  }

  #renderFloat(node: Scalar, inputs: readonly string[]): Value {
    const { operation } = node;
    const [x, y] = inputs as [string, string];
    const infix = { add: '+', sub: '-', mul: '*', div: '/' };
    const comparison = { eq: '===', ne: '!==', lt: '<', le: '<=' };
    switch (operation) {
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
        return this.#bind('f32', toFloat32(`${x} ${infix[operation]} ${y}`));
      case 'min':
      case 'max':
        return this.#bind('f32', `Math.${operation}(${x}, ${y})`);
      case 'neg':
        return this.#bind('f32', `-${x}`);
      case 'sqrt':
        return this.#bind('f32', toFloat32(`Math.sqrt(${x})`));
      case 'abs':
      case 'floor':
      case 'ceil':
      case 'trunc':
        return this.#bind('f32', `Math.${operation}(${x})`);
      case 'nearest':
        return this.#bind('f32', this.#callHelper('roundToEven', x));
      case 'eq':
      case 'ne':
      case 'lt':
      case 'le':
        return this.fromCondition(`${x} ${comparison[operation]} ${y}`);
      default:
        throw unsupportedError(node);
    }
  }

  #renderBool(node: Scalar, inputs: readonly string[]): Value {
    const [x, y] = inputs as [string, string];
    switch (node.operation) {
      case 'and':
      case 'mul':
      case 'min':
        return this.fromCondition(`${x} + ${y} > 1`);
      case 'or':
      case 'max':
        return this.fromCondition(`${x} + ${y} > 0`);
      case 'xor':
      case 'ne':
        return this.fromCondition(`${x} !== ${y}`);
      case 'eq':
        return this.fromCondition(`${x} === ${y}`);
      case 'lt':
        return this.fromCondition(`${x} < ${y}`);
      case 'le':
        return this.fromCondition(`${x} <= ${y}`);
      case 'not':
        return this.fromCondition(`${x} < 1`);
      default:
        throw unsupportedError(node);
    }
  }

  #renderInt(node: Scalar, [x, y]: readonly Value[]): Value {
    const { operation, value } = node;
    switch (operation) {
      case 'add':
        return this.#bindInt(`${joinHalves(x!)} + ${joinHalves(y!)}`);
      case 'sub':
        return this.#bindInt(`${joinHalves(x!)} - ${joinHalves(y!)}`);
      case 'mul':
        return this.#bindInt(this.#callHelper('multiplyInt', joinHalves(x!), joinHalves(y!)));
      case 'and':
        return this.#bindInt(`${joinHalves(x!)} & ${joinHalves(y!)}`);
      case 'or':
        return this.#bindInt(`${joinHalves(x!)} | ${joinHalves(y!)}`);
      case 'xor':
        return this.#bindInt(`${joinHalves(x!)} ^ ${joinHalves(y!)}`);
      case 'not':
        return this.#bindInt(`${joinHalves(x!)} ^ -1`);
      case 'neg':
        return this.#bindInt(`0 - ${joinHalves(x!)}`);
      case 'abs':
        return this.select(`${x!.text} < 0`, this.#bindInt(`0 - ${joinHalves(x!)}`), x!);
      case 'shl':
        return this.#bindInt(`${joinHalves(x!)} << ${value}`);
      case 'shrS':
        return this.#bindInt(`${joinHalves(x!)} >> ${value}`);
      case 'shrU':
        return this.#bindInt(`${joinHalves(x!)} >>> ${value}`);
      case 'min':
        return this.select(lessInt(x!, y!), x!, y!);
      case 'max':
        return this.select(lessInt(x!, y!), y!, x!);
      case 'eq':
        return this.fromCondition(`${x!.text} === ${y!.text} && ${x!.low} === ${y!.low}`);
      case 'ne':
        return this.fromCondition(`${x!.text} !== ${y!.text} || ${x!.low} !== ${y!.low}`);
      case 'lt':
        return this.fromCondition(lessInt(x!, y!));
      case 'le':
        return this.fromCondition(`${x!.text} < ${y!.text} || ${x!.text} === ${y!.text} && ${x!.low} <= ${y!.low}`);
      case 'bitcastF32':
        return this.#bind('f32', this.#callHelper('floatFromBits', x!.text, x!.low!));
      default:
        throw unsupportedError(node);
    }
  }

  #convert(x: Value, to: ValueType): Value {
    switch (to) {
      case 'f32':
        return x.type === 'i32' ? this.#bind('f32', toFloat32(`${x.text} * 65536 + ${x.low}`)) : { ...x, type: 'f32' };
      case 'bool':
        return this.fromCondition(x.type === 'i32' ? `${x.text} !== 0 || ${x.low} !== 0` : `${x.text} !== 0`);
      case 'i32': {
        if (x.type === 'bool') return { type: 'i32', text: '0', low: x.text };
        const high = this.#bind('f32', this.#callHelper('upperInt', x.text));
        return { type: 'i32', text: high.text, low: this.#bind('f32', this.#callHelper('lowerInt', x.text)).text };
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
    if (number !== number) return this.#bind('f32', this.#callHelper('nan'));
    return {
      type,
      text: Object.is(number, -0) ? this.#bind('f32', this.#callHelper('negativeZero')).text : String(number),
    };
  }

  /** A call of a helper function, or of a function of `Math`. */
  #callHelper(name: string, ...inputs: readonly string[]): string {
    if (!name.startsWith('Math.')) this.#helpers.add(name);
    return `${name}(${inputs.join(', ')})`;
  }

  /** Binds an expression to a name. */
  #bind(type: ValueType, text: string): Value {
    const name = this.newName();
    this.line(`const ${name} = ${text};`);
    return { type, text: name };
  }

  /** Binds the two halves of an integer expression. */
  #bindInt(expression: string): Value {
    const high = this.#bind('f32', `(${expression}) >> 16`);
    return { type: 'i32', text: high.text, low: this.#bind('f32', `(${expression}) & 65535`).text };
  }
}

/** Joins the halves of an i32 into an integer expression. */
function joinHalves({ text, low }: Value): string {
  return `(${text} << 16 | ${low})`;
}

function lessInt(x: Value, y: Value): string {
  return `${x.text} < ${y.text} || ${x.text} === ${y.text} && ${x.low} < ${y.low}`;
}

/** Rounds to float32: in the mode cpu JavaScript computes in double precision. */
function toFloat32(text: string): string {
  return `Math.fround(${text})`;
}

function unsupportedError({ operation, type }: Scalar): Error {
  return new Error(`gpu: no JavaScript for ${operation} of ${type}`);
}
