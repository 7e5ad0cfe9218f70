// Opcodes are given as in the specification's tables: instructions of one signature with consecutive numbers, as words
// of a string. The functions and their types are derived from the string.
import { statement, value, type Body, type Statement, type Value, type Values, type ValueType } from './value.ts';

/** The words of a string. A dash stands for a number that is not an instruction of this kind. */
type Words<S extends string> = S extends `${infer Word} ${infer Rest}`
  ? Exclude<Word, '-'> | Words<Rest>
  : Exclude<S, '-'>;

/** A function for each name, from operands to the result. */
export type Instructions<Names extends string, Operands extends readonly ValueType[], Result extends ValueType> = {
  readonly [N in Words<Names>]: (...operands: Values<Operands>) => Value<Result>;
};

/** The operand's type, which a conversion's name ends in: `truncF32S`. */
type Source<Name extends string> = Name extends `${string}I32${string}`
  ? 'i32'
  : Name extends `${string}I64${string}`
    ? 'i64'
    : Name extends `${string}F32${string}`
      ? 'f32'
      : 'f64';

/** A function for each name, from the type in the name to the result. */
export type Conversions<Names extends string, Result extends ValueType> = {
  readonly [N in Words<Names>]: (operand: Value<Source<N>>) => Value<Result>;
};

/** The immediate operands of a memory access. */
export interface MemoryAccess {
  /** In bytes, 0 ≤ offset < 2³², added to the address without wrapping. Default: 0. */
  readonly offset?: number;
  /**
   * A promise that the address is a multiple of it; less than the access' size for unaligned addresses. Default: the
   * size.
   */
  readonly align?: number;
}

export type Loads<Names extends string, Result extends ValueType> = {
  readonly [N in Words<Names>]: (address: Value<'i32'>, access?: MemoryAccess) => Value<Result>;
};

export type Stores<Names extends string, Stored extends ValueType> = {
  readonly [N in Words<Names>]: (address: Value<'i32'>, stored: Value<Stored>, access?: MemoryAccess) => Statement;
};

/** Prefix bytes. */
export const none = 0;
export const numeric = 0xfc;
export const vector = 0xfd;
export const threads = 0xfe;

/** A record with an entry for each word that is not a dash; `make` gets its opcode. */
function eachWord<T>(first: number, names: string, make: (opcode: number, name: string) => T): Record<string, T> {
  return Object.fromEntries(
    names.split(' ').flatMap((name, i) => (name === '-' ? [] : [[name, make(first + i, name)] as const])),
  );
}

/** An instruction without immediate operands. */
function instruction<P extends readonly ValueType[], R extends ValueType>(
  prefix: number,
  opcode: number,
  operands: P,
  result: R,
): (...operands: Values<P>) => Value<R> {
  return (...given) => {
    checkOperands(operands, given);
    return value(result, (to) => {
      for (const operand of given) operand.emit(to);
      to.opcode(prefix, opcode);
    });
  };
}

export function instructions<N extends string, P extends readonly ValueType[], R extends ValueType>(
  prefix: number,
  first: number,
  names: N,
  operands: P,
  result: R,
): Instructions<N, P, R> {
  return eachWord(first, names, (opcode) => instruction(prefix, opcode, operands, result)) as Instructions<N, P, R>;
}

export function conversions<N extends string, R extends ValueType>(
  prefix: number,
  first: number,
  names: N,
  result: R,
): Conversions<N, R> {
  return eachWord(first, names, (opcode, name) => {
    const source = /[IF](32|64)/.exec(name)![0].toLowerCase() as ValueType;
    return instruction<readonly ValueType[], R>(prefix, opcode, [source], result);
  }) as unknown as Conversions<N, R>;
}

/** @param sizes The accesses' widths in bytes, in the order of names. */
export function loads<N extends string, R extends ValueType>(
  prefix: number,
  first: number,
  names: N,
  sizes: readonly number[],
  result: R,
): Loads<N, R> {
  return eachWord(first, names, (opcode) => (address: Value<'i32'>, access: MemoryAccess = {}) => {
    const immediate = memoryArgument(sizes[opcode - first]!, access);
    return value(result, (to) => {
      address.emit(to);
      to.opcode(prefix, opcode);
      immediate(to);
    });
  }) as Loads<N, R>;
}

export function stores<N extends string, T extends ValueType>(
  prefix: number,
  first: number,
  names: N,
  sizes: readonly number[],
  stored: T,
): Stores<N, T> {
  return eachWord(first, names, (opcode) => (address: Value<'i32'>, what: Value<T>, access: MemoryAccess = {}) => {
    checkOperands(['i32', stored], [address, what]);
    const immediate = memoryArgument(sizes[opcode - first]!, access);
    return statement((to) => {
      address.emit(to);
      what.emit(to);
      to.opcode(prefix, opcode);
      immediate(to);
    });
  }) as Stores<N, T>;
}

/**
 * The alignment and offset of an access of `size` bytes.
 * @throws {RangeError} if one is out of range.
 */
export function memoryArgument(size: number, { offset = 0, align = size }: MemoryAccess): (to: Body) => void {
  if (!Number.isInteger(offset) || offset < 0 || offset >= 2 ** 32) {
    throw new RangeError(
      `assembler: a memory offset must be an integer from 0 to 2³² − 1, got ${offset}; add it to the address`,
    );
  }
  const exponent = Math.log2(align);
  if (!Number.isInteger(exponent) || align > size || align < 1) {
    throw new RangeError(
      `assembler: the alignment of ${size} bytes must be a power of two up to ${size}, got ${align}`,
    );
  }
  return (to) => {
    checkMemory(to);
    to.unsigned(exponent);
    to.unsigned(offset);
  };
}

export function checkMemory(to: Body): void {
  if (!to.surroundings.memory) {
    throw new Error('assembler: a module without memory accesses it; give ModuleBuilder the option `memory`');
  }
}

/** @throws {TypeError} unless the operands have these types, for callers in JavaScript. */
export function checkOperands(
  types: readonly ValueType[],
  operands: readonly { readonly type: ValueType | 'none' }[],
): void {
  if (types.length !== operands.length || types.some((type, i) => operands[i]!.type !== type)) {
    const given = operands.map(({ type }) => type).join(', ');
    throw new TypeError(`assembler: operands of types (${types.join(', ')}) are expected, got (${given})`);
  }
}

export function checkLane(lane: number, lanes: number): void {
  if (!Number.isInteger(lane) || lane < 0 || lane >= lanes) {
    throw new RangeError(`assembler: lane ${lane} is out of range for a vector of ${lanes}; use 0 to ${lanes - 1}`);
  }
}
