import type { DType } from '../data/dtype.ts';
import { formatShape, sameShape, type Shape } from '../data/shape.ts';
import type { Buffer } from '../schedule/backend.ts';
import { Tensor } from './tensor.ts';

export interface VariableOptions {
  /** For messages; modules name their variables by their path. Default: 'variable'. */
  readonly name?: string;
  /** Whether `grad` and `valueAndGrad` differentiate with respect to it. Default: true. */
  readonly trainable?: boolean;
}

/**
 * A named cell that keeps its value from step to step: a parameter, a moment, a running statistic. `value` is an
 * ordinary lazy tensor. `assign` records a new value, which `evaluate` writes into the cell's own memory.
 */
export class Variable {
  readonly name: string;
  readonly trainable: boolean;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Counts the writes, so that a tensor built from an older value is noticed. */
  version = 0;
  /** The stored value, in memory that belongs to the variable alone: evaluation writes to it in place. */
  buffer: Buffer | undefined;
  /** The tensor that {@link value} returns: the stored value, unless another was assigned. */
  #current: Tensor | undefined;
  /** The stored value as a tensor. */
  #read: Tensor | undefined;
  #initial: Tensor | undefined;

  /** @throws {TypeError} if the initial value is not a tensor. */
  constructor(initial: Tensor, options: VariableOptions = {}) {
    if (!(initial instanceof Tensor)) throw new TypeError('Variable: the initial value must be a tensor');
    this.#initial = initial;
    this.shape = initial.shape;
    this.dtype = initial.dtype;
    this.name = options.name ?? 'variable';
    this.trainable = options.trainable ?? true;
  }

  /**
   * The value as a lazy tensor: the stored one, or what was assigned since. A tensor built from it is lost when the
   * variable is written: evaluate both together.
   */
  get value(): Tensor {
    // After a device has failed to read the value, it can be read again.
    if (this.#read?.buffer?.failure) {
      if (this.#current === this.#read) this.#current = undefined;
      this.#read = undefined;
    }
    const { version } = this;
    return (this.#current ??= this.#read =
      new Tensor({ kind: 'source', name: 'variable', variable: this, version }, [], this));
  }

  /** The initial value, until a value is stored. */
  get initial(): Tensor | undefined {
    return this.buffer ? undefined : this.#initial;
  }

  /**
   * Records a new value; the variable holds it from here on, and `evaluate(variable)` stores it.
   * @throws {TypeError} if the value is not a tensor.
   * @throws {RangeError} if shape or dtype differ from the variable's.
   */
  assign(value: Tensor): void {
    if (!(value instanceof Tensor)) throw new TypeError(`assign: variable '${this.name}' takes a tensor`);
    if (!sameShape(value.shape, this.shape) || value.dtype !== this.dtype) {
      throw new RangeError(
        `assign: variable '${this.name}' is ${this.dtype} ${formatShape(this.shape)}, the new value ${value.dtype} ${formatShape(value.shape)}`,
      );
    }
    this.#current = value;
  }

  /** The assigned value that is not stored yet. */
  get pending(): Tensor | undefined {
    return this.#current === this.#read ? undefined : this.#current;
  }

  /** For transformations: replaces the value by another tensor, until the returned function is called. */
  substitute(value: Tensor): () => void {
    const before = { current: this.#current, read: this.#read };
    // As if it were the stored value, so that evaluating the variable inside a transformation does not write it.
    this.#current = this.#read = value;
    return () => {
      // Keeps what was assigned in between.
      if (this.#current === value) this.#current = before.current;
      if (this.#read === value) this.#read = before.read;
    };
  }

  /** For evaluation: stores the initial value. */
  initialize(buffer: Buffer): void {
    this.buffer = buffer;
    this.#initial = undefined;
  }

  /** For evaluation: the pending value has been written. */
  markStored(): void {
    this.version++;
    this.#current = undefined;
    this.#read = undefined;
  }

  toString(): string {
    return `Variable '${this.name}' ${this.value.toString()}`;
  }
}
