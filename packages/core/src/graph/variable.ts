import { argumentError, checkOptions, markCopy } from '../data/checks.ts';
import type { DType } from '../data/dtype.ts';
import { formatShape, sameShape, type Shape } from '../data/shape.ts';
import { share, type Buffer } from '../data/buffer.ts';
import { Assignment } from './assignment.ts';
import { preventReplay, touch } from './recording.ts';
import { checkNotDisposed, setAssignee, setBuffer, setInputs, Tensor } from './tensor.ts';
import { recordAssignment, recordUndo, reportOutcome } from './transaction.ts';

export interface VariableOptions {
  /** The name in error messages. Default: 'variable'. */
  readonly name?: string;
  /** Whether `grad` and `valueAndGrad` differentiate with respect to it. Default: true. */
  readonly trainable?: boolean;
}

let storage: {
  readonly setBuffer: (variable: Variable, buffer: Buffer, isShared: boolean) => void;
  readonly setInitial: (variable: Variable, initial: Tensor | undefined) => void;
  readonly store: (variable: Variable, buffer: Buffer) => () => void;
  readonly fail: (variable: Variable, failure: FailedStore) => void;
  readonly drop: (variable: Variable) => void;
};

/** An evaluation that failed to store values. */
export interface FailedStore {
  /** The values that it was to store. */
  readonly values: ReadonlyMap<Variable, Tensor>;
  /** The tensors that it was to compute besides. */
  readonly results: ReadonlySet<Tensor>;
}

/**
 * Mutable state that persists between training steps: a parameter, an optimizer's moment, a running statistic. `value` is
 * an ordinary lazy tensor. `assign` records a new value, which `evaluate` writes to the variable's buffer in place. If that
 * fails, `value` is what it was before, and the same call tries again.
 */
export class Variable {
  /** The name in error messages. */
  readonly name: string;
  /** Whether `grad` and `valueAndGrad` differentiate with respect to it. */
  readonly trainable: boolean;
  /** The shape of every value. */
  readonly shape: Shape;
  /** The dtype of every value. */
  readonly dtype: DType;
  #assignment: Assignment | undefined;
  #failure: FailedStore | undefined;
  /** The value inside a transformation, until another is assigned there. */
  #substitute: { readonly value: Tensor; readonly before: Assignment | undefined } | undefined;
  /** The stored value as a tensor. */
  #read: Tensor | undefined;
  #initial: Tensor | undefined;
  #buffer: Buffer | undefined;
  #isShared = false;
  #version = 0;

  /**
   * Creates a variable of the shape and dtype of its initial value.
   * @throws {TypeError} if the initial value is not a tensor.
   */
  constructor(initial: Tensor, options: VariableOptions = {}) {
    if (!(initial instanceof Tensor)) {
      throw argumentError('Variable', 'the initial value', 'a tensor', initial, false);
    }
    checkNotDisposed('Variable', initial);
    checkOptions('Variable', options, ['name', 'trainable']);
    preventReplay();
    this.shape = initial.shape;
    this.dtype = initial.dtype;
    this.name = options.name ?? 'variable';
    if (typeof this.name !== 'string') throw argumentError('Variable', 'name', 'a string', this.name);
    this.trainable = options.trainable ?? true;
    // Takes over a known value now: the tensor may be disposed of, or the other variable written, before this one is used.
    const reader = variableOf(initial);
    const other = reader && reader.#read === initial ? reader : undefined;
    const buffer = other ? other.#buffer : initial.buffer;
    this.#initial = other ? other.#initial : initial;
    if (!buffer) return;
    if (other) other.#isShared = true;
    storage.setBuffer(this, buffer, true);
  }

  static {
    markCopy(this);
    storage = {
      setBuffer: (variable, buffer, isShared) => {
        variable.#buffer = buffer;
        variable.#isShared = isShared;
        variable.#initial = undefined;
        if (isShared) share(buffer);
      },
      setInitial: (variable, initial) => {
        variable.#buffer = undefined;
        variable.#initial = initial;
      },
      store: (variable, newBuffer) => {
        const { initial, buffer, isShared } = variable;
        storage.setBuffer(variable, newBuffer, false);
        variable.#version++;
        variable.#assignment = variable.#failure = undefined;
        variable.#read = undefined;
        return () => {
          if (buffer) storage.setBuffer(variable, buffer, isShared);
          else storage.setInitial(variable, initial);
        };
      },
      fail: (variable, failure) => {
        // Keeps what has been assigned in the meantime.
        if (variable.#assignment?.value === failure.values.get(variable)) variable.#discard();
        else if (!variable.#failure) return;
        variable.#failure = failure;
      },
      drop: (variable) => {
        variable.#assignment = undefined;
      },
    };
  }

  /** The number of writes, to detect tensors built from an older value. */
  get version(): number {
    return this.#version;
  }

  /** The stored value. */
  get buffer(): Buffer | undefined {
    return this.#buffer;
  }

  /** Whether a tensor may share the buffer, which must not be written in place then. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /**
   * The value as a lazy tensor: what was assigned last, else the stored value. Tensors built from it can no longer be
   * evaluated once the variable has been written: evaluate them together with the variable.
   */
  get value(): Tensor {
    this.#touch();
    return this.#substituted?.value ?? this.pending ?? this.#storedValue();
  }

  /** The initial value; `undefined` once a value is stored. */
  get initial(): Tensor | undefined {
    return this.#initial;
  }

  /**
   * Sets a new value. `value` returns it from now on; `evaluate(variable)` stores it.
   * @throws {TypeError} if the value is not a tensor.
   * @throws {RangeError} if its shape or dtype differs from the variable's.
   */
  assign(value: Tensor): void {
    if (!(value instanceof Tensor)) {
      throw argumentError('assign', `the new value of variable '${this.name}'`, 'a tensor', value, false);
    }
    checkNotDisposed('assign', value);
    if (!sameShape(value.shape, this.shape) || value.dtype !== this.dtype) {
      throw new RangeError(
        `assign: variable '${this.name}' expects ${this.dtype} ${formatShape(this.shape)}, got ${value.dtype} ${formatShape(value.shape)}`,
      );
    }
    this.#touch();
    const [before, failure, version] = [this.#assignment, this.#failure, this.#version];
    recordUndo(() => {
      if (version === this.#version) [this.#assignment, this.#failure] = [before, failure];
    });
    this.#assignment = value === this.#read ? undefined : new Assignment(this.name, value, before);
    this.#failure = undefined;
    setAssignee(value, this);
    recordAssignment({ name: this.name, value });
  }

  /** The assigned value that is in effect and not stored yet; `undefined` if there is none. */
  get pending(): Tensor | undefined {
    if (this.#substituted) return undefined;
    const assignment = this.#assignment;
    if (assignment?.isAbandoned) {
      this.#discard();
      reportOutcome([assignment.value], false);
    }
    return this.#assignment?.value;
  }

  /** The last evaluation that failed to store an assigned value, which is discarded; `undefined` after an assignment. */
  get failure(): FailedStore | undefined {
    return this.#failure;
  }

  /** Replaces the value by another tensor until the returned function is called. For transformations. */
  substitute(value: Tensor): () => void {
    const outer = this.#substitute;
    this.#substitute = { value, before: this.#assignment };
    return () => {
      this.#substitute = outer;
    };
  }

  /** Prepares for being read or assigned in a compiled function. */
  #touch(): void {
    if (!touch(this)) return;
    // A new node for each read tells it from one that the function has captured: a replay reads stored values.
    if (this.pending) preventReplay();
    this.#read = undefined;
  }

  /** Returns to the value before the assignment, or before the step that it is part of. */
  #discard(): void {
    const fallback = this.#assignment?.fallback;
    this.#assignment = fallback && new Assignment(this.name, fallback, undefined);
  }

  /** The substitute, unless another value has been assigned since. */
  get #substituted(): { readonly value: Tensor } | undefined {
    return this.#substitute?.before === this.#assignment ? this.#substitute : undefined;
  }

  #storedValue(): Tensor {
    // Discards a tensor whose buffer a device failed to compute, so that the value can be read again.
    if (this.#read?.buffer?.failure) this.#read = undefined;
    const { version } = this;
    return (this.#read ??= new Tensor({ kind: 'source', name: 'variable', variable: this, version }, [], this));
  }

  /** A description for JSON, such as a log, without the value: `Variable 'weight' float32[2, 3]`. */
  toJSON(): string {
    return `Variable '${this.name}' ${this.dtype}${formatShape(this.shape)}`;
  }

  toString(): string {
    return `Variable '${this.name}' ${this.value.toString()}`;
  }
}

/** The variable that evaluating the tensor reads; `undefined` if the tensor has a value or is not a variable's. */
export function variableOf({ buffer, primitive }: Tensor): Variable | undefined {
  return !buffer && primitive.kind === 'source' && primitive.name === 'variable' ? primitive.variable : undefined;
}

/** Sets the buffer of the same value: the initial one, one that a tensor shares, or a copy on another backend. For evaluation. */
export function setVariableBuffer(variable: Variable, buffer: Buffer, isShared: boolean): void {
  storage.setBuffer(variable, buffer, isShared);
}

/** Makes the initial value, with the graph behind it, one that is not stored yet again. For evaluation. */
export function restoreInitial(variable: Variable, initial: Tensor, inputs: readonly Tensor[]): void {
  setInputs(initial, inputs);
  setBuffer(initial, undefined);
  storage.setInitial(variable, initial);
}

/** Stores the assigned value, which the buffer holds. Returns how to take it back. For evaluation. */
export function storeAssigned(variable: Variable, buffer: Buffer): () => void {
  return storage.store(variable, buffer);
}

/** Discards what an evaluation failed to store. For evaluation. */
export function discardAssigned(variable: Variable, failure: FailedStore): void {
  storage.fail(variable, failure);
}

/** Returns to the stored value. For evaluation. */
export function dropAssigned(variable: Variable): void {
  storage.drop(variable);
}
