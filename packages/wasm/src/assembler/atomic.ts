// Atomic accesses. They are sequentially consistent, and their addresses must be multiples of their size.
import {
  checkMemory,
  checkOperands,
  loads,
  memoryArgument,
  stores,
  threads,
  type Loads,
  type Stores,
} from './instructions.ts';
import { statement, value, type Statement, type Value, type ValueType } from './value.ts';

/** The immediate operands of an atomic access, whose alignment is fixed. */
export interface AtomicAccess {
  readonly offset?: number;
}

type Modify<T extends ValueType> = (address: Value<'i32'>, operand: Value<T>, access?: AtomicAccess) => Value<T>;

/** Atomic read-modify-write instructions, which return the old value. */
export interface ReadModifyWrite<T extends ValueType> {
  readonly add: Modify<T>;
  readonly sub: Modify<T>;
  readonly and: Modify<T>;
  readonly or: Modify<T>;
  readonly xor: Modify<T>;
  readonly xchg: Modify<T>;
  /** Writes `replacement` if the old value is `expected`. */
  readonly cmpxchg: (
    address: Value<'i32'>,
    expected: Value<T>,
    replacement: Value<T>,
    access?: AtomicAccess,
  ) => Value<T>;
}

const narrowLoads64 = 'load8U load16U load32U';
const narrowStores64 = 'store8 store16 store32';

export interface Atomic32 extends Loads<'load' | 'load8U load16U', 'i32'>, Stores<'store' | 'store8 store16', 'i32'> {
  readonly rmw: ReadModifyWrite<'i32'>;
}

export interface Atomic64
  extends Loads<'load' | typeof narrowLoads64, 'i64'>, Stores<'store' | typeof narrowStores64, 'i64'> {
  readonly rmw: ReadModifyWrite<'i64'>;
}

/** @param which 0 for 32 bits, 1 for 64: their opcodes are consecutive. */
function readModifyWrite<T extends ValueType>(type: T, which: 0 | 1): ReadModifyWrite<T> {
  const operation =
    (opcode: number) =>
    (address: Value<'i32'>, ...rest: readonly (Value<T> | AtomicAccess | undefined)[]): Value<T> => {
      const operands = rest.filter((each): each is Value<T> => each !== undefined && 'type' in each);
      const access = rest.find((each): each is AtomicAccess => each !== undefined && !('type' in each));
      checkOperands(opcode === 0x48 ? [type, type] : [type], operands);
      const immediate = memoryArgument(4 << which, { offset: access?.offset ?? 0 });
      return value(type, (to) => {
        address.emit(to);
        for (const operand of operands) operand.emit(to);
        to.opcode(threads, opcode + which);
        immediate(to);
      });
    };
  return {
    add: operation(0x1e),
    sub: operation(0x25),
    and: operation(0x2c),
    or: operation(0x33),
    xor: operation(0x3a),
    xchg: operation(0x41),
    cmpxchg: operation(0x48),
  };
}

export const atomic32: Atomic32 = {
  ...loads(threads, 0x10, 'load', [4], 'i32'),
  ...loads(threads, 0x12, 'load8U load16U', [1, 2], 'i32'),
  ...stores(threads, 0x17, 'store', [4], 'i32'),
  ...stores(threads, 0x19, 'store8 store16', [1, 2], 'i32'),
  rmw: readModifyWrite('i32', 0),
};

export const atomic64: Atomic64 = {
  ...loads(threads, 0x11, 'load', [8], 'i64'),
  ...loads(threads, 0x14, narrowLoads64, [1, 2, 4], 'i64'),
  ...stores(threads, 0x18, 'store', [8], 'i64'),
  ...stores(threads, 0x1b, narrowStores64, [1, 2, 4], 'i64'),
  rmw: readModifyWrite('i64', 1),
};

function wait<T extends ValueType>(opcode: number, type: T, size: number) {
  return (
    address: Value<'i32'>,
    expected: Value<T>,
    timeout: Value<'i64'>,
    { offset = 0 }: AtomicAccess = {},
  ): Value<'i32'> => {
    checkOperands(['i32', type, 'i64'], [address, expected, timeout]);
    const immediate = memoryArgument(size, { offset });
    return value('i32', (to) => {
      address.emit(to);
      expected.emit(to);
      timeout.emit(to);
      to.opcode(threads, opcode);
      immediate(to);
    });
  };
}

type Wait<T extends ValueType> = (
  address: Value<'i32'>,
  expected: Value<T>,
  timeout: Value<'i64'>,
  access?: AtomicAccess,
) => Value<'i32'>;

export interface Memory {
  /** The size in pages of 64 KiB. */
  readonly size: () => Value<'i32'>;
  /** Adds pages and returns the old size, or −1 on failure. */
  readonly grow: (pages: Value<'i32'>) => Value<'i32'>;
  /** Ranges may overlap. */
  readonly copy: (to: Value<'i32'>, from: Value<'i32'>, bytes: Value<'i32'>) => Statement;
  readonly fill: (to: Value<'i32'>, byte: Value<'i32'>, bytes: Value<'i32'>) => Statement;
  readonly atomic: {
    /**
     * Sleeps while memory holds `expected`, at most `timeout` ns (negative: forever). Returns 0 if woken, 1 if not
     * equal, 2 if timed out. Store the result in a local: Node 20 loses values on the stack next to another `wait`.
     */
    readonly wait32: Wait<'i32'>;
    readonly wait64: Wait<'i64'>;
    /** Wakes at most `count` sleepers and returns how many. */
    readonly notify: (address: Value<'i32'>, count: Value<'i32'>, access?: AtomicAccess) => Value<'i32'>;
  };
}

export const memory: Memory = {
  size: () =>
    value('i32', (to) => {
      checkMemory(to);
      to.bytes([0x3f, 0]);
    }),
  grow: (pages) =>
    value('i32', (to) => {
      checkMemory(to);
      pages.emit(to);
      to.bytes([0x40, 0]);
    }),
  copy: (into, from, bytes) => bulk([into, from, bytes], 10, [0, 0]),
  fill: (into, byte, bytes) => bulk([into, byte, bytes], 11, [0]),
  atomic: {
    wait32: wait(1, 'i32', 4),
    wait64: wait(2, 'i64', 8),
    notify: (address, count, { offset = 0 } = {}) => {
      const immediate = memoryArgument(4, { offset });
      return value('i32', (to) => {
        address.emit(to);
        count.emit(to);
        to.opcode(threads, 0);
        immediate(to);
      });
    },
  },
};

function bulk(operands: readonly Value<'i32'>[], opcode: number, memories: readonly number[]): Statement {
  checkOperands(['i32', 'i32', 'i32'], operands);
  return statement((to) => {
    checkMemory(to);
    for (const operand of operands) operand.emit(to);
    to.opcode(0xfc, opcode);
    to.bytes(memories);
  });
}

export interface Atomic {
  /** Orders the memory accesses before it before those after it. */
  readonly fence: () => Statement;
}

export const atomic: Atomic = {
  fence: () =>
    statement((to) => {
      to.opcode(threads, 3);
      to.byte(0);
    }),
};
