import { Bytes } from './bytes.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** An expression: instructions that leave one value on the stack. Used twice, it is computed twice. */
export interface Value<T extends ValueType> {
  readonly type: T;
  readonly emit: (to: Body) => void;
}

/** Instructions that leave nothing on the stack, for {@link Code.emit}. */
export interface Statement {
  readonly type: 'none';
  readonly emit: (to: Body) => void;
}

/** A local variable or parameter. As a value, what the variable holds at that point. */
export interface Local<T extends ValueType> extends Value<T> {
  readonly index: number;
}

/** A function of a module, imported or defined. */
export interface FunctionRef<P extends readonly ValueType[] = readonly ValueType[], R extends Results = Results> {
  readonly index: number;
  readonly params: P;
  readonly results: R;
}

/** A function has one result or none. */
export type Results = readonly [] | readonly [ValueType];

/** A call: a value of the result's type, or a statement. */
export type Call<R extends Results> = R extends readonly [infer T extends ValueType] ? Value<T> : Statement;

/** A tuple of values of these types. */
export type Values<P extends readonly ValueType[]> = { readonly [I in keyof P]: Value<P[I]> };

/** A tuple of locals of these types. */
export type Locals<P extends readonly ValueType[]> = { readonly [I in keyof P]: Local<P[I]> };

/** What instructions depend on in their module. */
export interface Surroundings {
  readonly memory: boolean;
  readonly table: boolean;
  /** The index of a function type. */
  typeIndex(params: readonly ValueType[], results: Results): number;
}

/** The bytes of a function's body. */
export class Body extends Bytes {
  readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    super();
    this.surroundings = surroundings;
  }

  /** The opcode of an instruction; after a prefix, in LEB128. */
  opcode(prefix: number, number: number): void {
    if (prefix === 0) return this.byte(number);
    this.byte(prefix);
    this.unsigned(number);
  }
}

export const encodings: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

export function value<T extends ValueType>(type: T, emit: (to: Body) => void): Value<T> {
  return { type, emit };
}

export function statement(emit: (to: Body) => void): Statement {
  return { type: 'none', emit };
}
