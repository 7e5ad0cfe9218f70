// What WGSL and GLSL share: integers, conditions and the bits of floats, so that every dtype is computed exactly.
import { nodesOf, type Scalar } from '@thetagrad/core/backend';
import { shaderIntrinsics, type Intrinsics } from './intrinsics.ts';
import { Writer, type Value, type ValueType } from './writer.ts';

/** Subclasses give the language's expressions as text. */
export abstract class ShaderWriter extends Writer {
  protected override readonly intrinsics: Intrinsics = shaderIntrinsics;
  protected readonly helpers: Set<string> = new Set();
  /** Nodes whose rounding must survive: compilers simplify (x + y) − y to x, and (x + 1) + 2 to x + 3. */
  #rounded: ReadonlySet<Scalar> = new Set();

  protected abstract typeName(type: ValueType): string;
  /** The statement that declares a variable or a constant. */
  protected abstract declaration(type: ValueType, name: string, initial: string, isConstant: boolean): string;
  /** `x` where the condition holds, else `y`. */
  protected abstract selection(condition: string, x: string, y: string): string;
  protected abstract conjunction(x: string, y: string): string;
  protected abstract disjunction(x: string, y: string): string;
  protected abstract bitcastToInt(x: string): string;
  protected abstract bitcastToFloat(x: string): string;
  /** Shifts an integer right by a number of bits, filling with zeros. */
  protected abstract shiftRightLogical(x: string, bits: number): string;
  /** Rounds to the nearest integer, ties to even. */
  protected abstract roundToEven(x: string): string;
  /** −2³¹, whose magnitude is not a literal. */
  protected abstract readonly minInteger: string;

  override bindIndex(text: string): string {
    return /^-?\w+$/.test(text) ? text : this.#declare('i32', text, 'c');
  }

  override quotient(i: string, n: number): string {
    if (n === 1) return i;
    const bits = Math.log2(n);
    // Compilers do not know that i ≥ 0, so they would not shift.
    return Number.isInteger(bits) ? `(${i} >> ${bits}u)` : `(${i} / ${n})`;
  }

  override remainder(i: string, n: number): string {
    return Number.isInteger(Math.log2(n)) ? `(${i} & ${n - 1})` : `(${i} % ${n})`;
  }

  override toIndex(value: Value): string {
    return value.text;
  }

  override fromIndex(i: string): Value {
    return this.bind('i32', `${this.typeName('i32')}(${i})`);
  }

  override select(condition: string, x: Value, y: Value): Value {
    return this.bind(x.type, this.selection(condition, x.text, y.text));
  }

  override selectIndex(condition: string, x: string, y: string): string {
    return this.selection(condition, x, y);
  }

  override fromCondition(text: string): Value {
    return this.bind('bool', text);
  }

  override isTrue(value: Value): string {
    return value.text;
  }

  override variable({ type, text }: Value): Value {
    return { type, text: this.#declare(type, text, 'v', false) };
  }

  override assign(variable: Value, value: Value): void {
    this.line(`${variable.text} = ${value.text};`);
  }

  /** A call of a helper function. */
  protected callHelper(name: string, ...inputs: readonly string[]): string {
    this.helpers.add(name);
    return `${name}(${inputs.join(', ')})`;
  }

  /** Binds an expression to a name. */
  protected bind(type: ValueType, text: string): Value {
    return { type, text: this.#declare(type, text, 'v') };
  }

  protected override renderNode(node: Scalar, inputs: readonly Value[]): Value {
    // Compilers evaluate constant expressions, and reject overflow and infinities in them.
    const isConstant = node.inputs.length > 0 && node.inputs.every(({ operation }) => operation === 'constant');
    const texts = inputs.map(({ text, type }) =>
      isConstant && type !== 'bool' ? this.callHelper(type === 'f32' ? 'opaqueFloat' : 'opaqueInt', text) : text,
    );
    const text = this.#expression(node, texts);
    const type = node.type as ValueType;
    if (node.operation === 'constant') return { type, text };
    return this.bind(type, this.#rounded.has(node) ? this.callHelper('keepRounding', text) : text);
  }

  protected override prepare(root: Scalar): void {
    this.#rounded = new Set(nodesOf(root).flatMap(inputsToRound));
  }

  #declare(type: ValueType, text: string, prefix: string, isConstant = true): string {
    const name = this.newName(prefix);
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
        // x − x of an infinity or NaN is NaN, but compilers simplify it to 0.
        return isFloat && node.inputs[0] === node.inputs[1]
          ? `${x} - ${this.callHelper('keepRounding', x)}`
          : `${x} - ${y}`;
      case 'mul':
        return `${x} * ${y}`;
      case 'div':
        return `${x} / ${y}`;
      case 'min':
      case 'max':
        return isFloat
          ? this.callHelper(operation === 'min' ? 'minimum' : 'maximum', x, y)
          : `${operation}(${x}, ${y})`;
      case 'and':
        return isCondition ? this.conjunction(x, y) : `${x} & ${y}`;
      case 'or':
        return isCondition ? this.disjunction(x, y) : `${x} | ${y}`;
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
        return this.roundToEven(x);
      case 'not':
        return isCondition ? `!${x}` : `~${x}`;
      case 'shl':
      case 'shrS':
        return `${x} ${operation === 'shl' ? '<<' : '>>'} ${value}u`;
      case 'shrU':
        return this.shiftRightLogical(x, value);
      case 'eq':
        return `${x} == ${y}`;
      case 'ne':
        // Compilers may assume that x equals x.
        if (isFloat && node.inputs[0] === node.inputs[1]) return this.callHelper('isNaN', x);
        // WGSL's != is false for NaN.
        return isFloat ? `!(${x} == ${y})` : `${x} != ${y}`;
      case 'lt':
        return isFloat ? this.callHelper('less', x, y) : `${x} < ${y}`;
      case 'le':
        return isFloat ? this.callHelper('lessEqual', x, y) : `${x} <= ${y}`;
      case 'select':
        return this.selection(x, y, z);
      case 'bitcastI32':
        return this.bitcastToInt(x);
      case 'bitcastF32':
        return this.bitcastToFloat(x);
      case 'convert':
        if (node.type === 'bool') return isFloat ? `!(${x} == 0.0)` : `${x} != 0`;
        return isFloat ? this.callHelper('truncateToInt', x) : `${this.typeName(node.type as ValueType)}(${x})`;
      case 'call':
        return this.callHelper(this.intrinsicOf(node), x, y);
      default:
        throw new Error(`gpu: no code for ${operation} of ${type}`);
    }
  }

  #constant(type: ValueType, value: number): string {
    if (type === 'bool') return String(value !== 0);
    if (type === 'i32') {
      const whole = Math.max(-(2 ** 31), Math.min(Math.trunc(value), 2 ** 31 - 1));
      return whole === -(2 ** 31) ? this.minInteger : `${this.typeName(type)}(${whole})`;
    }
    const rounded = Math.fround(value);
    // Infinities and NaN have no literals, and denormal literals may become 0.
    if (!Number.isFinite(rounded) || (rounded !== 0 && Math.abs(rounded) < 2 ** -126) || Object.is(rounded, -0)) {
      const bits = new Uint32Array(Float32Array.of(rounded).buffer)[0]!;
      return this.callHelper('floatFromBits', `${bits}u`);
    }
    const literal = String(rounded);
    return `${this.typeName(type)}(${/[.e]/.test(literal) ? literal : `${literal}.0`})`;
  }
}

/**
 * The inputs of a node that a compiler might merge with it, at the cost of their rounding: sums inside a sum that cancel or
 * are constant, and sums or products that are compared (x − y with 0 becomes x with y).
 */
function inputsToRound({ operation, inputs }: Scalar): Scalar[] {
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
