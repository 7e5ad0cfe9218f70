import { checkOperands } from './instructions.ts';
import { i32 } from './scalar.ts';
import {
  encodings,
  statement,
  value,
  type Body,
  type Call,
  type FunctionRef,
  type Local,
  type Results,
  type Statement,
  type Value,
  type Values,
  type ValueType,
} from './value.ts';

const voidBlock = 0x40;
const opcode = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
} as const;

/** Exits its block or repeats its loop; with a condition, only if that is not 0. */
export type Branch = (condition?: Value<'i32'>) => void;

/** Writes the body of a function, statement by statement. */
export class Code {
  readonly #body: Body;
  readonly #results: Results;
  readonly #locals: ValueType[];
  /** The number of open blocks. */
  #depth = 0;
  #returned = false;

  constructor(body: Body, params: readonly ValueType[], results: Results) {
    this.#body = body;
    this.#results = results;
    this.#locals = [...params];
  }

  /** The types of the parameters and locals. */
  get locals(): readonly ValueType[] {
    return this.#locals;
  }

  /** Whether there is a `return`. */
  get returned(): boolean {
    return this.#returned;
  }

  /** A new local. Without an initial value it is 0 at the function's start (and only there, even inside a loop). */
  local<T extends ValueType>(type: T, initial?: Value<NoInfer<T>>): Local<T> {
    const local = localAt(this.#locals.push(type) - 1, type);
    if (initial) this.set(local, initial);
    return local;
  }

  set<T extends ValueType>(local: Local<T>, to: Value<NoInfer<T>>): void {
    checkOperands([local.type], [to]);
    to.emit(this.#body);
    this.#body.byte(opcode.localSet);
    this.#body.unsigned(local.index);
  }

  /** Emits `local += by`. */
  add(local: Local<'i32'>, by: Value<'i32'>): void {
    this.set(local, i32.add(local, by));
  }

  emit({ type, emit }: Statement): void {
    if ((type as string) !== 'none') {
      throw new TypeError(`assembler: emit takes a statement, got a value of type ${type as string}; drop it`);
    }
    emit(this.#body);
  }

  /** Computes a value for its side effects. */
  drop(unused: Value<ValueType>): void {
    unused.emit(this.#body);
    this.#body.byte(opcode.drop);
  }

  if(condition: Value<'i32'>, then: () => void, otherwise?: () => void): void {
    checkOperands(['i32'], [condition]);
    condition.emit(this.#body);
    this.#nested(opcode.if, () => {
      then();
      if (!otherwise) return;
      this.#body.byte(opcode.else);
      otherwise();
    });
  }

  /** Runs the body, which `exit` leaves. */
  block(body: (exit: Branch) => void): void {
    this.#nested(opcode.block, body);
  }

  /** Runs the body, which `again` repeats. */
  loop(body: (again: Branch) => void): void {
    this.#nested(opcode.loop, body);
  }

  while(condition: Value<'i32'>, body: () => void): void {
    // Test before the loop and at its end: one branch per iteration.
    this.if(condition, () => this.doWhile(body, condition));
  }

  /** Runs the body at least once. */
  doWhile(body: () => void, condition: Value<'i32'>): void {
    this.loop((again) => {
      body();
      again(condition);
    });
  }

  /**
   * Emits `for (local = from; local < to; local += step)`, unsigned. `to` and `step` are computed in each iteration.
   */
  for(local: Local<'i32'>, from: Value<'i32'>, to: Value<'i32'>, step: number | Value<'i32'>, body: () => void): void {
    const by = typeof step === 'number' ? i32.const(step) : step;
    this.set(local, from);
    this.while(i32.ltU(local, to), () => {
      body();
      this.add(local, by);
    });
  }

  return(result?: Value<ValueType>): void {
    checkOperands(this.#results, result ? [result] : []);
    result?.emit(this.#body);
    this.#body.byte(opcode.return);
    this.#returned = true;
  }

  /** Traps: ends the program with an error. */
  trap(): void {
    this.#body.byte(opcode.unreachable);
  }

  /** A call as a value, or as a statement for {@link emit}: see {@link call}. */
  call<P extends readonly ValueType[], R extends Results>(to: FunctionRef<P, R>, ...operands: Values<P>): Call<R> {
    return call(to, ...operands);
  }

  /** Calls the function at `index` in the table. Traps if that has another type. */
  callIndirect<const P extends readonly ValueType[], const R extends Results>(
    index: Value<'i32'>,
    params: P,
    results: R,
    ...operands: Values<P>
  ): Call<R> {
    checkOperands(['i32', ...params], [index, ...operands]);
    const { surroundings } = this.#body;
    if (!surroundings.table) {
      throw new Error('assembler: callIndirect in a module without a table; give ModuleBuilder the option `table`');
    }
    return resulting(results, (body) => {
      for (const operand of operands) operand.emit(body);
      index.emit(body);
      body.byte(opcode.callIndirect);
      body.unsigned(surroundings.typeIndex(params, results));
      body.byte(0);
    });
  }

  #nested(kind: number, body: (branch: Branch) => void): void {
    this.#body.byte(kind);
    this.#body.byte(voidBlock);
    const depth = this.#depth++;
    let open = true;
    body((condition) => {
      if (!open) throw new Error('assembler: a branch to a block that has ended');
      condition?.emit(this.#body);
      this.#body.byte(condition ? opcode.brIf : opcode.br);
      this.#body.unsigned(this.#depth - depth - 1);
    });
    open = false;
    this.#depth--;
    this.#body.byte(opcode.end);
  }
}

export function localAt<T extends ValueType>(index: number, type: T): Local<T> {
  const get = value(type, (to) => {
    to.byte(opcode.localGet);
    to.unsigned(index);
  });
  return { type, emit: get.emit, index };
}

/** Calls a function: a value if it has a result, otherwise a statement. */
export function call<P extends readonly ValueType[], R extends Results>(
  { index, params, results }: FunctionRef<P, R>,
  ...operands: Values<P>
): Call<R> {
  checkOperands(params, operands);
  return resulting(results, (to) => {
    for (const operand of operands) operand.emit(to);
    to.byte(opcode.call);
    to.unsigned(index);
  });
}

function resulting<R extends Results>([result]: R, emit: (to: Body) => void): Call<R> {
  return (result ? value(result, emit) : statement(emit)) as Call<R>;
}

/** Writes the declarations of locals, in runs of one type. */
export function declareLocals(into: Body, locals: readonly ValueType[]): void {
  const runs: { readonly type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  into.unsigned(runs.length);
  for (const { type, count } of runs) {
    into.unsigned(count);
    into.byte(encodings[type]);
  }
}
