import { meaningOf } from './meaning.ts';

/** The type of a scalar value. In vector code `bool` is a lane mask. */
export type Type = 'f32' | 'f64' | 'i32' | 'bool';

/**
 * What a node computes of its inputs, rounded to the node's type:
 * - of floats: `sqrt`, `div`, and `floor`, `ceil`, `trunc`, `nearest` (halves to the even integer);
 * - of floats and i32, which wraps: `neg`, `abs`, `add`, `sub`, `mul`, and `min` and `max` as `Math.min` and `Math.max`
 *   (NaN if an input is, −0 below 0);
 * - of i32 and bool: `and`, `or`, `xor`; of i32: shifts by a constant;
 * - of two numbers to bool: `equal`, `notEqual`, `less`, `lessEqual`, where NaN equals nothing and has no order;
 * - `where(condition, x, y)`, of any type, and `rarely(condition, x, y)`, which has the same value: y is needed so seldom
 *   that it should be computed only if the condition holds in some lane;
 * - `convert`: among i32 and floats; fractions are cut, i32 saturates, and NaN becomes 0;
 * - `reinterpret`: the bits of an f32 as an i32, or back.
 */
export type Op = (typeof unaryOps)[number] | (typeof binaryOps)[number] | 'where' | 'rarely';
const unaryOps = ['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest', 'convert', 'reinterpret'] as const;
const binaryOps = [
  ...(['add', 'sub', 'mul', 'div', 'min', 'max', 'and', 'or', 'xor'] as const),
  ...(['shiftLeft', 'shiftRight', 'shiftRightUnsigned', 'equal', 'notEqual', 'less', 'lessEqual'] as const),
] as const;

export type Operand = Expression | number;

let expressions = 0;

/**
 * What a kernel computes of one element of each input: a node of a directed acyclic graph. Immutable, and equal
 * expressions of the same parameters are one object, so a renderer need only look at identity to compute a common
 * subexpression once. A number among the operands is a constant of the type of the others.
 * @throws {TypeError} if an operand has the wrong type.
 */
export class Expression {
  readonly op: Op | 'parameter' | 'constant' | 'call';
  readonly type: Type;
  readonly inputs: readonly Expression[];
  readonly #id: number = expressions++;
  /** What has been made of this as the first input that is no constant; kept here to go when this goes. */
  readonly #made = new Map<string, Expression>();

  protected constructor(op: Expression['op'], type: Type, inputs: readonly Expression[]) {
    this.op = op;
    this.type = type;
    this.inputs = inputs;
  }

  /** A number as an expression of the same type. */
  like(value: Operand): Expression {
    return typeof value === 'number' ? constant(value, this.type) : value;
  }

  neg(): Expression {
    return this.#arithmetic('neg');
  }
  abs(): Expression {
    return this.#arithmetic('abs');
  }
  sqrt(): Expression {
    return this.#need('sqrt', isFloat).#node('sqrt', this.type);
  }
  /** This and the other roundings give an i32 as it is. */
  floor(): Expression {
    return this.#rounding('floor');
  }
  ceil(): Expression {
    return this.#rounding('ceil');
  }
  trunc(): Expression {
    return this.#rounding('trunc');
  }
  nearest(): Expression {
    return this.#rounding('nearest');
  }

  add(y: Operand): Expression {
    return this.#arithmetic('add', y);
  }
  sub(y: Operand): Expression {
    return this.#arithmetic('sub', y);
  }
  mul(y: Operand): Expression {
    return this.#arithmetic('mul', y);
  }
  div(y: Operand): Expression {
    return this.#need('div', isFloat).#node('div', this.type, y);
  }
  min(y: Operand): Expression {
    return this.#arithmetic('min', y);
  }
  max(y: Operand): Expression {
    return this.#arithmetic('max', y);
  }

  and(y: Operand): Expression {
    return this.#need('and', isBits).#node('and', this.type, y);
  }
  or(y: Operand): Expression {
    return this.#need('or', isBits).#node('or', this.type, y);
  }
  xor(y: Operand): Expression {
    return this.#need('xor', isBits).#node('xor', this.type, y);
  }
  not(): Expression {
    return this.#need('not', isBits).xor(this.type === 'bool' ? 1 : -1);
  }
  /** By a constant number of bits; this and the other shifts. */
  shiftLeft(count: number): Expression {
    return this.#need('shiftLeft', isInteger).#node('shiftLeft', 'i32', count);
  }
  /** With copies of the sign bit. */
  shiftRight(count: number): Expression {
    return this.#need('shiftRight', isInteger).#node('shiftRight', 'i32', count);
  }
  /** With zeros. */
  shiftRightUnsigned(count: number): Expression {
    return this.#need('shiftRightUnsigned', isInteger).#node('shiftRightUnsigned', 'i32', count);
  }

  equal(y: Operand): Expression {
    return this.#need('equal', isNumber).#node('equal', 'bool', y);
  }
  notEqual(y: Operand): Expression {
    return this.#need('notEqual', isNumber).#node('notEqual', 'bool', y);
  }
  less(y: Operand): Expression {
    return this.#need('less', isNumber).#node('less', 'bool', y);
  }
  lessEqual(y: Operand): Expression {
    return this.#need('lessEqual', isNumber).#node('lessEqual', 'bool', y);
  }
  greater(y: Operand): Expression {
    return this.like(y).less(this);
  }
  greaterEqual(y: Operand): Expression {
    return this.like(y).lessEqual(this);
  }

  /** x where this condition holds, y elsewhere. */
  where(x: Operand, y: Operand): Expression {
    return this.#choice('where', x, y);
  }
  /** The usual value, or `rare` where this condition holds; a renderer may skip that if it holds nowhere. */
  rarely(rare: Expression, usual: Expression): Expression {
    return this.#choice('rarely', rare, usual);
  }

  /** The nearest value of another type; cut and saturated to i32. A bool is 0 or 1, and all but 0 is true. */
  convert(type: Type): Expression {
    if (type === this.type) return this;
    if (this.type === 'bool') return this.where(constant(1, type), constant(0, type));
    return type === 'bool' ? this.notEqual(0) : this.#node('convert', type);
  }
  /** The bits of an f32, as an i32. */
  toBits(): Expression {
    return this.#need('toBits', (type) => type === 'f32').#node('reinterpret', 'i32');
  }
  /** The f32 with the bits of this i32. */
  fromBits(): Expression {
    return this.#need('fromBits', isInteger).#node('reinterpret', 'f32');
  }

  /** One line for each node, inputs first: `%2 = f32 add(%0, 1)`. */
  toString(): string {
    const numbers = new Map<Expression, string>();
    const lines: string[] = [];
    for (const node of nodesOf([this])) {
      if (node instanceof Constant) {
        numbers.set(node, Object.is(node.value, -0) ? '-0' : String(node.value));
        continue;
      }
      numbers.set(node, `%${lines.length}`);
      let what: string = node.op;
      if (node instanceof Parameter) what += ` ${node.index}`;
      if (node instanceof Call) what += ` ${node.name}`;
      const inputs = node.inputs.map((input) => numbers.get(input)!).join(', ');
      lines.push(`%${lines.length} = ${node.type} ${what}${inputs && `(${inputs})`}`);
    }
    return lines.join('\n') || `${this.type} ${numbers.get(this)!}`;
  }

  #arithmetic(op: Op, ...rest: Operand[]): Expression {
    return this.#need(op, isNumber).#node(op, this.type, ...rest);
  }

  #rounding(op: Op): Expression {
    return this.#need(op, isNumber).type === 'i32' ? this : this.#node(op, this.type);
  }

  #choice(op: 'where' | 'rarely', x: Operand, y: Operand): Expression {
    this.#need(op, (type) => type === 'bool');
    const sample = typeof x === 'number' ? y : x;
    if (typeof sample === 'number') throw new TypeError(`${op}: one of the values must be an expression, for the type`);
    const [first, second] = [sample.like(x), sample.like(y)];
    if (first.type !== second.type) throw new TypeError(`${op}: chooses between ${first.type} and ${second.type}`);
    return this.#node(op, sample.type, first, second);
  }

  #need(op: string, has: (type: Type) => boolean): this {
    if (!has(this.type)) throw new TypeError(`${op}: not for ${this.type}`);
    return this;
  }

  /** The node, or what it is simplified to. */
  #node(op: Op, type: Type, ...rest: Operand[]): Expression {
    const inputs = [this, ...rest.map((input) => this.like(input))];
    if (inputs.length === 2 && inputs[1]!.type !== this.type) {
      throw new TypeError(`${op}: of ${this.type} and ${inputs[1]!.type}; convert one of them`);
    }
    const owner = inputs.find((input) => !(input instanceof Constant));
    if (!owner) {
      const values = (inputs as Constant[]).map(({ value }) => value);
      return constant(meaningOf(op, type, this.type)(...values), type);
    }
    const simpler = simplify(op, type, inputs);
    if (simpler) return simpler;
    const key = `${op} ${type} ${inputs.map((input) => input.#key).join(' ')}`;
    let node = owner.#made.get(key);
    if (!node) owner.#made.set(key, (node = new Expression(op, type, inputs)));
    return node;
  }

  get #key(): string {
    if (!(this instanceof Constant)) return String(this.#id);
    return `${this.type}:${Object.is(this.value, -0) ? '-0' : this.value}`;
  }
}

/** The element of input number `index` of a kernel. */
export class Parameter extends Expression {
  readonly index: number;

  constructor(index: number, type: Type) {
    super('parameter', type, []);
    this.index = index;
  }
}

/** A number of its type; a bool is 0 or 1. */
export class Constant extends Expression {
  readonly value: number;

  constructor(value: number, type: Type) {
    super('constant', type, []);
    this.value = value;
  }
}

/** A JavaScript function of the inputs as numbers, for each element; its result is stored in the type as in a typed array. */
export class Call extends Expression {
  readonly name: string;
  readonly f: (...elements: number[]) => number;

  constructor(name: string, f: Call['f'], type: Type, inputs: readonly Expression[]) {
    super('call', type, inputs);
    this.name = name;
    this.f = f;
  }
}

export function parameter(index: number, type: Type): Expression {
  return new Parameter(index, type);
}

/** The number rounded to the type. */
export function constant(value: number, type: Type): Expression {
  return new Constant(round(value, type), type);
}

/** c₀ + c₁x + c₂x² + …, by Horner's rule. */
export function polynomial(x: Expression, coefficients: readonly number[]): Expression {
  return coefficients
    .slice(0, -1)
    .reduceRight((sum, c) => sum.mul(x).add(c), x.like(coefficients.at(-1)!));
}

/**
 * All nodes that the roots are made of, each once and after its inputs.
 * @param options `usual`: without those that only the rare values of `rarely` need.
 */
export function nodesOf(roots: readonly Expression[], options: { readonly usual?: boolean } = {}): Expression[] {
  const nodes = new Set<Expression>();
  const visit = (node: Expression): void => {
    if (nodes.has(node)) return;
    node.inputs.forEach((input, i) => {
      if (!(options.usual && node.op === 'rarely' && i === 1)) visit(input);
    });
    nodes.add(node);
  };
  roots.forEach(visit);
  return [...nodes];
}

/** As the type stores a number: i32 modulo 2³², all but 0 as true. */
export function round(value: number, type: Type): number {
  switch (type) {
    case 'f32':
      return Math.fround(value);
    case 'f64':
      return value;
    case 'i32':
      return value | 0;
    case 'bool':
      return value !== 0 ? 1 : 0;
  }
}

/** Only what is exact for every value of the inputs, NaN, infinities and signed zeros included. */
function simplify(op: Op, type: Type, [x, y, z]: readonly (Expression | undefined)[]): Expression | undefined {
  const is = (input: Expression | undefined, value: number): boolean =>
    input instanceof Constant && Object.is(input.value, value);
  switch (op) {
    case 'neg':
    case 'reinterpret':
      return x!.op === op ? x!.inputs[0] : undefined;
    case 'add':
      // In floating point 0 + −0 is 0, so only −0 is neutral.
      return is(y, type === 'i32' ? 0 : -0) ? x : is(x, type === 'i32' ? 0 : -0) ? y : undefined;
    case 'sub':
    case 'shiftLeft':
    case 'shiftRight':
    case 'shiftRightUnsigned':
      return is(y, 0) ? x : undefined;
    case 'mul':
      return is(y, 1) ? x : is(x, 1) ? y : undefined;
    case 'div':
      return is(y, 1) ? x : undefined;
    case 'where':
    case 'rarely':
      if (x instanceof Constant) return x.value ? y : z;
      return y === z ? y : undefined;
    default:
      return undefined;
  }
}

const isFloat = (type: Type): boolean => type === 'f32' || type === 'f64';
const isInteger = (type: Type): boolean => type === 'i32';
const isBits = (type: Type): boolean => type === 'i32' || type === 'bool';
const isNumber = (type: Type): boolean => type !== 'bool';
