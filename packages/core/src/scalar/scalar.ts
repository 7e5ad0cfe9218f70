// The scalar expression IR: what an elementwise operation does to one element, in so few kinds of node that a backend
// that generates code renders it in a page. Operations are lowered to it by their records; see primitives/elementwise.ts.
import type { DType } from '../data/dtype.ts';

/** The type of a value: a number of a dtype, or a condition (`bool`: true or false, 1 or 0 when stored). */
export type ScalarType = 'f32' | 'f64' | 'i32' | 'bool';

export type ScalarUnary = 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest' | 'not';
/** Numbers: IEEE arithmetic, or wrapping for i32 (which has no `div`). `min` and `max` are NaN if an input is. */
export type ScalarBinary = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'and' | 'or' | 'xor';
/** i32 by a constant number of bits: left, right filling with zeros, right filling with the sign. */
export type ScalarShift = 'shl' | 'shrU' | 'shrS';
/** To bool; false if an input is NaN, but for `ne`. */
export type ScalarComparison = 'eq' | 'ne' | 'lt' | 'le';
/**
 * `bitcastI32`: the bits of an f32 as an i32; `bitcastF32`: the reverse; `convert`: the same number in another type, f32 and
 * f64 to i32 truncated (0 for NaN, saturating), to bool whether it differs from 0.
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
  /** Input 1 where input 0 (bool) is true, else input 2. */
  | 'select'
  /** The same as select; input 2 alone is what nearly all elements need: a backend may skip input 1 where none needs it. */
  | 'rarely'
  /** A JavaScript function of the inputs, for what has no lowering. */
  | 'call';

/** A node: an operation on nodes. Nodes are shared, so an expression is a graph, and rendered as one. */
export class Scalar {
  readonly operation: ScalarOperation;
  readonly type: ScalarType;
  readonly inputs: readonly Scalar[];
  /** The number of a parameter, the value of a constant, the bits of a shift. */
  readonly value: number;
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
  /** To the nearest integer, halves to the even one. */
  nearest(): Scalar {
    return this.#unary('nearest');
  }
  /** Of a condition, or of the bits of an i32. */
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
    return new Scalar('eq', 'bool', [this, this.#alike(y)]);
  }
  ne(y: Scalar | number): Scalar {
    return new Scalar('ne', 'bool', [this, this.#alike(y)]);
  }
  lt(y: Scalar | number): Scalar {
    return new Scalar('lt', 'bool', [this, this.#alike(y)]);
  }
  le(y: Scalar | number): Scalar {
    return new Scalar('le', 'bool', [this, this.#alike(y)]);
  }
  gt(y: Scalar | number): Scalar {
    return new Scalar('lt', 'bool', [this.#alike(y), this]);
  }
  ge(y: Scalar | number): Scalar {
    return new Scalar('le', 'bool', [this.#alike(y), this]);
  }
  isNaN(): Scalar {
    return this.ne(this);
  }

  /** `condition.select(x, y)`: x where the condition holds, else y. One of them may be a number. */
  select(x: Scalar | number, y: Scalar | number): Scalar {
    return this.#choice('select', x, y);
  }
  /** As {@link select} where the condition hardly ever holds and `rare` costs much. */
  rarely(rare: Scalar | number, usual: Scalar | number): Scalar {
    return this.#choice('rarely', rare, usual);
  }

  /** The bits of an f32 as an i32. */
  bitcastI32(): Scalar {
    return new Scalar('bitcastI32', 'i32', [this]);
  }
  /** The f32 that has the bits of an i32. */
  bitcastF32(): Scalar {
    return new Scalar('bitcastF32', 'f32', [this]);
  }
  /** The same number as a typed array of the type stores it: in i32 without its fraction, modulo 2³². */
  to(type: ScalarType): Scalar {
    if (type === this.type) return this;
    if (type === 'i32' && this.type !== 'bool') {
      return this.abs()
        .lt(2 ** 31)
        .not()
        .rarely(wrapped(this), this.toInteger());
    }
    return new Scalar('convert', type, [this]);
  }
  /** The i32 without the fraction: of a float that i32 reaches. */
  toInteger(): Scalar {
    return new Scalar('convert', 'i32', [this]);
  }

  #unary(operation: ScalarUnary): Scalar {
    return new Scalar(operation, this.type, [this]);
  }
  #binary(operation: ScalarBinary, y: Scalar | number): Scalar {
    return new Scalar(operation, this.type, [this, this.#alike(y)]);
  }
  #alike(y: Scalar | number): Scalar {
    return typeof y === 'number' ? constant(this.type, y) : y;
  }
  #choice(operation: 'select' | 'rarely', x: Scalar | number, y: Scalar | number): Scalar {
    const { type } = (typeof x === 'number' ? y : x) as Scalar;
    const of = (z: Scalar | number): Scalar => (typeof z === 'number' ? constant(type, z) : z);
    return new Scalar(operation, type, [this, of(x), of(y)]);
  }
}

export function parameter(type: ScalarType, index: number): Scalar {
  return new Scalar('parameter', type, [], index);
}

export function constant(type: ScalarType, value: number): Scalar {
  return new Scalar('constant', type, [], value);
}

/** A JavaScript function of numbers, which a backend calls for each element. */
export function call(f: (...x: number[]) => number, type: ScalarType, inputs: readonly Scalar[]): Scalar {
  return new Scalar('call', type, inputs, 0, f);
}

/** A float without its fraction, modulo 2³², by its digits to the base 2¹⁶. NaN and infinities (NaN on the way) give 0. */
function wrapped(x: Scalar): Scalar {
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

export function scalarTypeOf(dtype: DType): ScalarType {
  return ({ float32: 'f32', float64: 'f64', int32: 'i32', bool: 'bool' } as const)[dtype];
}

/** The nodes of an expression, inputs before what uses them, each once. */
export function nodesOf(root: Scalar): Scalar[] {
  const seen = new Set<Scalar>();
  const order: Scalar[] = [];
  const visit = (node: Scalar): void => {
    if (seen.has(node)) return;
    seen.add(node);
    node.inputs.forEach(visit);
    order.push(node);
  };
  visit(root);
  return order;
}
