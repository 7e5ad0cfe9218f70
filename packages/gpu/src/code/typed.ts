// What WGSL and GLSL have in common: integers, conditions and the bits of floats, so that all dtypes are computed exactly.
import { nodesOf, type Scalar, type Step } from '@thetagrad/core/backend';
import { natives, noLowering, type Native } from './natives.ts';
import { Writer, valueTypeOf, type Value, type ValueType } from './writer.ts';

export abstract class TypedWriter extends Writer {
  protected readonly helpers: Set<string> = new Set();
  /** Nodes whose rounding matters: compilers would take x for (x + y) − y, and x + 3 for (x + 1) + 2. */
  #rounded: ReadonlySet<Scalar> = new Set();

  /** The name of a type. */
  protected abstract typeName(type: ValueType): string;
  /** The statement that gives a new variable its first value, or its only one. */
  protected abstract declaration(type: ValueType, name: string, initial: string, isConstant: boolean): string;
  /** An expression: `x` where the condition holds, else `y`. */
  protected abstract chosen(condition: string, x: string, y: string): string;
  /** That both conditions hold, or one of them at least. */
  protected abstract both(x: string, y: string): string;
  protected abstract either(x: string, y: string): string;
  /** A float as the integer of the same bits, and back. */
  protected abstract bitsOf(x: string): string;
  protected abstract floatOfBits(x: string): string;
  /** A shift of an integer to the right, by so many bits, that fills with zeros. */
  protected abstract shiftedUnsigned(x: string, bits: number): string;
  /** To the nearest integer, of two the even one. */
  protected abstract nearest(x: string): string;
  /** The least integer, whose magnitude no literal can say. */
  protected abstract readonly leastInteger: string;

  override integer(text: string): string {
    return /^-?\w+$/.test(text) ? text : this.#declare('i32', text, 'c');
  }

  override quotient(i: string, n: number): string {
    if (n === 1) return i;
    const bits = Math.log2(n);
    // Compilers do not know that i is not negative.
    return Number.isInteger(bits) ? `(${i} >> ${bits}u)` : `(${i} / ${n})`;
  }

  override remainder(i: string, n: number): string {
    return Number.isInteger(Math.log2(n)) ? `(${i} & ${n - 1})` : `(${i} % ${n})`;
  }

  override index(value: Value): string {
    return value.text;
  }

  override fromIndex(i: string): Value {
    return this.keep('i32', `${this.typeName('i32')}(${i})`);
  }

  override choose(condition: string, x: Value, y: Value): Value {
    return this.keep(x.type, this.chosen(condition, x.text, y.text));
  }

  override indexWhere(condition: string, x: string, y: string): string {
    return this.chosen(condition, x, y);
  }

  override condition(text: string): Value {
    return this.keep('bool', text);
  }

  override holds(value: Value): string {
    return value.text;
  }

  override variable({ type, text }: Value): Value {
    return { type, text: this.#declare(type, text, 'v', false) };
  }

  override set(variable: Value, value: Value): void {
    this.line(`${variable.text} = ${value.text};`);
  }

  /** A call of a helper function. */
  helper(name: string, ...inputs: readonly string[]): string {
    this.helpers.add(name);
    return `${name}(${inputs.join(', ')})`;
  }

  protected keep(type: ValueType, text: string): Value {
    return { type, text: this.#declare(type, text, 'v') };
  }

  protected override isNative({ operation, dtype }: Step): boolean {
    return native(operation.value, valueTypeOf(dtype)) !== undefined;
  }

  protected override node(node: Scalar, inputs: readonly Value[]): Value {
    // Compilers compute constant expressions themselves, and refuse infinities and overflow.
    const isConstant = node.inputs.length > 0 && node.inputs.every(({ operation }) => operation === 'constant');
    const texts = inputs.map(({ text, type }) =>
      isConstant && type !== 'bool' ? this.helper(`${type}AtRunTime`, text) : text,
    );
    const text = this.#expression(node, texts);
    const type = node.type as ValueType;
    if (node.operation === 'constant') return { type, text };
    return this.keep(type, this.#rounded.has(node) ? this.helper('rounded', text) : text);
  }

  protected override prepare(root: Scalar): void {
    this.#rounded = new Set(nodesOf(root).flatMap(cancelling));
  }

  #declare(type: ValueType, text: string, prefix: string, isConstant = true): string {
    const name = this.fresh(prefix);
    this.line(this.declaration(type, name, text, isConstant));
    return name;
  }

  #expression(node: Scalar, inputs: readonly string[]): string {
    const { operation, value } = node;
    const [x, y, z] = inputs as [string, string, string];
    const type = (node.inputs[0]?.type ?? node.type) as ValueType;
    const [isFloat, isCondition] = [type === 'f32', type === 'bool'];
    switch (operation) {
      case 'constant':
        return this.#constant(node.type as ValueType, value);
      case 'add':
        return `${x} + ${y}`;
      case 'sub':
        // Of infinities and NaN it is not 0.
        return isFloat && node.inputs[0] === node.inputs[1] ? `${x} - ${this.helper('rounded', x)}` : `${x} - ${y}`;
      case 'mul':
        return `${x} * ${y}`;
      case 'div':
        return `${x} / ${y}`;
      case 'min':
      case 'max':
        return isFloat ? this.helper(operation === 'min' ? 'smaller' : 'larger', x, y) : `${operation}(${x}, ${y})`;
      case 'and':
        return isCondition ? this.both(x, y) : `${x} & ${y}`;
      case 'or':
        return isCondition ? this.either(x, y) : `${x} | ${y}`;
      case 'xor':
        return isCondition ? `${x} != ${y}` : `${x} ^ ${y}`;
      case 'neg':
        return `-${x}`;
      case 'abs':
      case 'sqrt':
      case 'floor':
      case 'ceil':
      case 'trunc':
        return `${operation}(${x})`;
      case 'nearest':
        return this.nearest(x);
      case 'not':
        return isCondition ? `!${x}` : `~${x}`;
      case 'shl':
      case 'shrS':
        return `${x} ${operation === 'shl' ? '<<' : '>>'} ${value}u`;
      case 'shrU':
        return this.shiftedUnsigned(x, value);
      case 'eq':
        return `${x} == ${y}`;
      case 'ne':
        // Compilers may hold that nothing differs from itself.
        if (isFloat && node.inputs[0] === node.inputs[1]) return this.helper('notANumber', x);
        // WGSL's != is false for NaN.
        return isFloat ? `!(${x} == ${y})` : `${x} != ${y}`;
      case 'lt':
        return isFloat ? this.helper('less', x, y) : `${x} < ${y}`;
      case 'le':
        return isFloat ? this.helper('lessOrEqual', x, y) : `${x} <= ${y}`;
      case 'select':
        return this.chosen(x, y, z);
      case 'bitcastI32':
        return this.bitsOf(x);
      case 'bitcastF32':
        return this.floatOfBits(x);
      case 'convert':
        if (node.type === 'bool') return isFloat ? `!(${x} == 0.0)` : `${x} != 0`;
        return isFloat ? this.helper('integer', x) : `${this.typeName(node.type as ValueType)}(${x})`;
      case 'call': {
        const name = native(node.function!, node.type as ValueType);
        if (name !== undefined) return this.helper(name, x, y);
        throw noLowering();
      }
      default:
        throw new Error(`gpu: no code for ${operation} of ${type}`);
    }
  }

  #constant(type: ValueType, value: number): string {
    if (type === 'bool') return String(value !== 0);
    if (type === 'i32') {
      const whole = Math.max(-(2 ** 31), Math.min(Math.trunc(value), 2 ** 31 - 1));
      return whole === -(2 ** 31) ? this.leastInteger : `${this.typeName(type)}(${whole})`;
    }
    const rounded = Math.fround(value);
    // Literals may be neither infinite nor NaN, and denormal ones may become 0.
    if (!Number.isFinite(rounded) || (rounded !== 0 && Math.abs(rounded) < 2 ** -126) || Object.is(rounded, -0)) {
      const bits = new Uint32Array(Float32Array.of(rounded).buffer)[0]!;
      return this.helper('floatOf', `${bits}u`);
    }
    const literal = String(rounded);
    return `${this.typeName(type)}(${/[.e]/.test(literal) ? literal : `${literal}.0`})`;
  }
}

function native(f: Native, type: ValueType): string | undefined {
  return natives.typed.get(f)?.[type];
}

/**
 * Of a sum or difference, the inputs that are sums or differences with which a compiler could merge it; of a comparison, those
 * that are computed: it would compare x with y for x − y with 0.
 */
function cancelling({ operation, inputs }: Scalar): Scalar[] {
  if (inputs[0]?.type !== 'f32') return [];
  if (isComparison(operation)) return inputs.filter((input) => isSum(input.operation) || input.operation === 'mul');
  if (!isSum(operation)) return [];
  return inputs.filter((input, i) => {
    const other = inputs[1 - i]!;
    return isSum(input.operation) && input.inputs.some((part) => part === other || areConstant(part, other));
  });
}

function isSum(operation: Scalar['operation']): boolean {
  return operation === 'add' || operation === 'sub';
}

function isComparison(operation: Scalar['operation']): boolean {
  return operation === 'eq' || operation === 'ne' || operation === 'lt' || operation === 'le';
}

function areConstant(x: Scalar, y: Scalar): boolean {
  return x.operation === 'constant' && y.operation === 'constant';
}
