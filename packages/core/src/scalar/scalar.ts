// The scalar expression IR: one element of an elementwise operation as a graph of a few kinds of node, from which backends
// generate code. The definitions of operations build it by `lower`; see ops/elementwise.ts.
import type { DType } from '../data/dtype.ts';

/** The type of a node's value. `bool` is a condition, stored as 1 or 0. */
export type ScalarType = 'f32' | 'f64' | 'i32' | 'bool';

export type ScalarUnary = 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest' | 'not';
/** IEEE arithmetic for floats; arithmetic modulo 2³² for i32, without `div`. `min` and `max` are NaN if an input is. */
export type ScalarBinary = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'and' | 'or' | 'xor';
/** Shifts of i32 by a constant number of bits: left, right logical, right arithmetic. */
export type ScalarShift = 'shl' | 'shrU' | 'shrS';
/** Comparisons, with result bool: if an input is NaN, `ne` is true and the others false. */
export type ScalarComparison = 'eq' | 'ne' | 'lt' | 'le';
/**
 * `bitcastI32` reinterprets the bits of an f32 as an i32, `bitcastF32` the reverse. `convert` keeps the number: floats to
 * i32 are truncated and saturate (NaN gives 0), bool is whether the number differs from 0.
 */
export type ScalarConversion = 'bitcastI32' | 'bitcastF32' | 'convert';

export type ScalarOperation =
  | 'parameter'
  | 'constant'
  | ScalarUnary
  | ScalarBinary
  | ScalarShift
  | ScalarComparison
  | ScalarConversion
  /** Input 1 if input 0 (bool) is true, else input 2. */
  | 'select'
  /** `select` whose condition is almost never true: a backend may skip input 1 when no element of a vector needs it. */
  | 'rarely'
  /** A call of a JavaScript function, for operations without an expression. */
  | 'call';

/** A node of an expression. Nodes may be shared: an expression is a directed acyclic graph. */
export class Scalar {
  readonly operation: ScalarOperation;
  readonly type: ScalarType;
  readonly inputs: readonly Scalar[];
  /** The index of a parameter, the value of a constant, or the number of bits of a shift. */
  readonly value: number;
  /** The function of a `call`. */
  readonly function: ((...x: number[]) => number) | undefined;

  constructor(
    operation: ScalarOperation,
    type: ScalarType,
    inputs: readonly Scalar[],
    value = 0,
    f?: (...x: number[]) => number,
  ) {
    this.operation = operation;
    this.type = type;
    this.inputs = inputs;
    this.value = value;
    this.function = f;
  }

  add(y: Scalar | number): Scalar {
    return this.#binary('add', y);
  }
  sub(y: Scalar | number): Scalar {
    return this.#binary('sub', y);
  }
  mul(y: Scalar | number): Scalar {
    return this.#binary('mul', y);
  }
  div(y: Scalar | number): Scalar {
    return this.#binary('div', y);
  }
  min(y: Scalar | number): Scalar {
    return this.#binary('min', y);
  }
  max(y: Scalar | number): Scalar {
    return this.#binary('max', y);
  }
  and(y: Scalar | number): Scalar {
    return this.#binary('and', y);
  }
  or(y: Scalar | number): Scalar {
    return this.#binary('or', y);
  }
  xor(y: Scalar | number): Scalar {
    return this.#binary('xor', y);
  }

  neg(): Scalar {
    return this.#unary('neg');
  }
  abs(): Scalar {
    return this.#unary('abs');
  }
  sqrt(): Scalar {
    return this.#unary('sqrt');
  }
  floor(): Scalar {
    return this.#unary('floor');
  }
  ceil(): Scalar {
    return this.#unary('ceil');
  }
  trunc(): Scalar {
    return this.#unary('trunc');
  }
  /** Rounds to the nearest integer, halves to even. */
  nearest(): Scalar {
    return this.#unary('nearest');
  }
  /** Negates a condition, or the bits of an i32. */
  not(): Scalar {
    return this.#unary('not');
  }

  shl(bits: number): Scalar {
    return new Scalar('shl', 'i32', [this], bits);
  }
  shrU(bits: number): Scalar {
    return new Scalar('shrU', 'i32', [this], bits);
  }
  shrS(bits: number): Scalar {
    return new Scalar('shrS', 'i32', [this], bits);
  }

  eq(y: Scalar | number): Scalar {
    return new Scalar('eq', 'bool', [this, this.#operand(y)]);
  }
  ne(y: Scalar | number): Scalar {
    return new Scalar('ne', 'bool', [this, this.#operand(y)]);
  }
  lt(y: Scalar | number): Scalar {
    return new Scalar('lt', 'bool', [this, this.#operand(y)]);
  }
  le(y: Scalar | number): Scalar {
    return new Scalar('le', 'bool', [this, this.#operand(y)]);
  }
  gt(y: Scalar | number): Scalar {
    return new Scalar('lt', 'bool', [this.#operand(y), this]);
  }
  ge(y: Scalar | number): Scalar {
    return new Scalar('le', 'bool', [this.#operand(y), this]);
  }
  isNaN(): Scalar {
    return this.ne(this);
  }

  /** `condition.select(x, y)`: x if the condition is true, else y. At most one of them is a plain number. */
  select(x: Scalar | number, y: Scalar | number): Scalar {
    return this.#choose('select', x, y);
  }
  /** As {@link select}, for a condition that is almost never true and a `rare` that is expensive. */
  rarely(rare: Scalar | number, usual: Scalar | number): Scalar {
    return this.#choose('rarely', rare, usual);
  }

  /** Reinterprets the bits of an f32 as an i32. */
  bitcastI32(): Scalar {
    return new Scalar('bitcastI32', 'i32', [this]);
  }
  /** Reinterprets the bits of an i32 as an f32. */
  bitcastF32(): Scalar {
    return new Scalar('bitcastF32', 'f32', [this]);
  }
  /** Converts to another type as storing in a typed array does: to i32 by truncation, modulo 2³². */
  to(type: ScalarType): Scalar {
    if (type === this.type) return this;
    if (type === 'i32' && this.type !== 'bool') {
      return this.abs()
        .lt(2 ** 31)
        .not()
        .rarely(wrapToInt32(this), this.toInteger());
    }
    return new Scalar('convert', type, [this]);
  }
  /** Truncates a float of magnitude below 2³¹ to i32. Larger ones saturate. */
  toInteger(): Scalar {
    return new Scalar('convert', 'i32', [this]);
  }

  #unary(operation: ScalarUnary): Scalar {
    return new Scalar(operation, this.type, [this]);
  }
  #binary(operation: ScalarBinary, y: Scalar | number): Scalar {
    return new Scalar(operation, this.type, [this, this.#operand(y)]);
  }
  /** Turns a plain number into a constant of this node's type. */
  #operand(y: Scalar | number): Scalar {
    return typeof y === 'number' ? constant(this.type, y) : y;
  }
  #choose(operation: 'select' | 'rarely', x: Scalar | number, y: Scalar | number): Scalar {
    const { type } = (typeof x === 'number' ? y : x) as Scalar;
    const operand = (z: Scalar | number): Scalar => (typeof z === 'number' ? constant(type, z) : z);
    return new Scalar(operation, type, [this, operand(x), operand(y)]);
  }
}

/** The input number `index` of an expression. */
export function parameter(type: ScalarType, index: number): Scalar {
  return new Scalar('parameter', type, [], index);
}

/** A constant. */
export function constant(type: ScalarType, value: number): Scalar {
  return new Scalar('constant', type, [], value);
}

/** A call of a JavaScript function of numbers, which a backend makes for each element. */
export function call(f: (...x: number[]) => number, type: ScalarType, inputs: readonly Scalar[]): Scalar {
  return new Scalar('call', type, inputs, 0, f);
}

/** Truncates a float to i32 modulo 2³², by its digits to base 2¹⁶. NaN and ±Infinity give 0. */
function wrapToInt32(x: Scalar): Scalar {
  const whole = x.trunc();
  const upper = whole.mul(2 ** -16).floor();
  const lowerDigit = whole.sub(upper.mul(2 ** 16));
  const upperDigit = upper.sub(
    upper
      .mul(2 ** -16)
      .floor()
      .mul(2 ** 16),
  );
  return upperDigit.toInteger().shl(16).add(lowerDigit.toInteger());
}

/** The type of the elements of a dtype. */
export function scalarTypeOf(dtype: DType): ScalarType {
  return ({ float32: 'f32', float64: 'f64', int32: 'i32', bool: 'bool' } as const)[dtype];
}

/** The nodes of an expression in topological order, inputs first, each once. */
export function nodesOf(root: Scalar): Scalar[] {
  const visited = new Set<Scalar>();
  const order: Scalar[] = [];
  const visit = (node: Scalar): void => {
    if (visited.has(node)) return;
    visited.add(node);
    node.inputs.forEach(visit);
    order.push(node);
  };
  visit(root);
  return order;
}
