import type { Buffer } from '../schedule/backend.ts';
import type { DType } from '../data/dtype.ts';
import { evaluateSync } from '../evaluate.ts';
import { alias } from '../ops/movementRecords.ts';
import { readVariable } from './source.ts';
import { sameShape, show, type Shape } from '../data/shape.ts';
import { Tensor } from './tensor.ts';

export interface VariableOptions {
  /** For messages; modules name their variables by where they are. */
  readonly name?: string;
  /** Whether `grad` and `valueAndGrad` differentiate with respect to it; true unless said otherwise. */
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
  #buffer: Buffer | undefined;
  /** What `value` gives: the stored value as a tensor, unless something was assigned. */
  #current: Tensor | undefined;
  #read: Tensor | undefined;
  /** Until it has been computed. */
  #initial: Tensor | undefined;

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
    // What a device has failed to read can be read again.
    if (this.#read?.buffer?.failure) {
      if (this.#current === this.#read) this.#current = undefined;
      this.#read = undefined;
    }
    return (this.#current ??= this.#read = readVariable(this, this.version));
  }

  /** The value that it begins with, until that is stored. */
  get initial(): Tensor | undefined {
    return this.#initial;
  }

  /** The stored value, in memory that belongs to the variable alone: evaluation writes to it in place. */
  get buffer(): Buffer {
    if (!this.#buffer) {
      // A copy, since the initial tensor never changes and may be in use elsewhere.
      const own = new Tensor(alias, [this.#initial!], this);
      evaluateSync(own);
      this.#buffer = own.buffer!;
      this.#initial = undefined;
    }
    return this.#buffer;
  }

  set buffer(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /**
   * Records a new value; the variable holds it from here on, and `evaluate(variable)` stores it.
   * @throws {RangeError} if shape or dtype differ from the variable's.
   */
  assign(value: Tensor): void {
    if (!(value instanceof Tensor)) throw new TypeError(`assign: variable '${this.name}' takes a tensor`);
    if (!sameShape(value.shape, this.shape) || value.dtype !== this.dtype) {
      throw new RangeError(
        `assign: variable '${this.name}' is ${this.dtype} ${show(this.shape)}, the new value ${value.dtype} ${show(value.shape)}`,
      );
    }
    this.#current = value;
  }

  /** The assigned value that is not stored yet. */
  get pending(): Tensor | undefined {
    return this.#current === this.#read ? undefined : this.#current;
  }

  /** For transformations: shows another tensor as the value, until the returned function is called. */
  substitute(value: Tensor): () => void {
    const before = { current: this.#current, read: this.#read };
    // As if it were the stored value, so that evaluating the variable inside a transformation does not write it.
    this.#current = this.#read = value;
    return () => {
      // What was assigned in between stays.
      if (this.#current === value) this.#current = before.current;
      if (this.#read === value) this.#read = before.read;
    };
  }

  /** Called by `evaluate` once the pending value has been written. */
  stored(): void {
    this.version++;
    this.#current = undefined;
    this.#read = undefined;
  }

  toString(): string {
    return `Variable '${this.name}' ${this.value.toString()}`;
  }
}
