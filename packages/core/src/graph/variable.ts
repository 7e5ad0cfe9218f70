import { argumentError } from '../data/checks.ts';
import type { DType } from '../data/dtype.ts';
import { formatShape, sameShape, type Shape } from '../data/shape.ts';
import type { Buffer } from '../data/buffer.ts';
import { Tensor } from './tensor.ts';

export interface VariableOptions {
  /** The name in error messages. Default: 'variable'. */
  readonly name?: string;
  /** Whether `grad` and `valueAndGrad` differentiate with respect to it. Default: true. */
  readonly trainable?: boolean;
}

let storage: {
  readonly setBuffer: (variable: Variable, buffer: Buffer) => void;
  readonly markStored: (variable: Variable) => void;
};

/**
 * Mutable state that persists between training steps: a parameter, an optimizer's moment, a running statistic. `value` is
 * an ordinary lazy tensor. `assign` records a new value, which `evaluate` writes to the variable's buffer in place.
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
  /** The tensor that {@link value} returns: what was assigned last, else the stored value. */
  #current: Tensor | undefined;
  /** The stored value as a tensor. */
  #read: Tensor | undefined;
  #initial: Tensor | undefined;
  #buffer: Buffer | undefined;
  #version = 0;

  /**
   * Creates a variable of the shape and dtype of its initial value.
   * @throws {TypeError} if the initial value is not a tensor.
   */
  constructor(initial: Tensor, options: VariableOptions = {}) {
    if (!(initial instanceof Tensor)) {
      throw argumentError('Variable', 'the initial value', 'a tensor', initial, false);
    }
    this.#initial = initial;
    this.shape = initial.shape;
    this.dtype = initial.dtype;
    this.name = options.name ?? 'variable';
    this.trainable = options.trainable ?? true;
  }

  static {
    storage = {
      setBuffer: (variable, buffer) => {
        variable.#buffer = buffer;
        variable.#initial = undefined;
      },
      markStored: (variable) => {
        variable.#version++;
        variable.#current = undefined;
        variable.#read = undefined;
      },
    };
  }

  /** The number of writes, to detect tensors built from an older value. */
  get version(): number {
    return this.#version;
  }

  /** The stored value, in a buffer that no tensor shares: evaluation writes to it in place. */
  get buffer(): Buffer | undefined {
    return this.#buffer;
  }

  /**
   * The value as a lazy tensor: what was assigned last, else the stored value. Tensors built from it can no longer be
   * evaluated once the variable has been written: evaluate them together with the variable.
   */
  get value(): Tensor {
    // Discards a tensor whose buffer a device failed to compute, so that the value can be read again.
    if (this.#read?.buffer?.failure) {
      if (this.#current === this.#read) this.#current = undefined;
      this.#read = undefined;
    }
    const { version } = this;
    return (this.#current ??= this.#read =
      new Tensor({ kind: 'source', name: 'variable', variable: this, version }, [], this));
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
    if (!sameShape(value.shape, this.shape) || value.dtype !== this.dtype) {
      throw new RangeError(
        `assign: variable '${this.name}' expects ${this.dtype} ${formatShape(this.shape)}, got ${value.dtype} ${formatShape(value.shape)}`,
      );
    }
    this.#current = value;
  }

  /** The assigned value that has not been stored yet; `undefined` if there is none. */
  get pending(): Tensor | undefined {
    return this.#current === this.#read ? undefined : this.#current;
  }

  /** Replaces the value by another tensor until the returned function is called. For transformations. */
  substitute(value: Tensor): () => void {
    const before = { current: this.#current, read: this.#read };
    // Makes the value appear stored, so that evaluating the variable inside a transformation does not write it.
    this.#current = this.#read = value;
    return () => {
      // Keeps values that were assigned in the meantime.
      if (this.#current === value) this.#current = before.current;
      if (this.#read === value) this.#read = before.read;
    };
  }

  toString(): string {
    return `Variable '${this.name}' ${this.value.toString()}`;
  }
}

/** Stores the initial value, or moves the value to another backend. For evaluation. */
export function setVariableBuffer(variable: Variable, buffer: Buffer): void {
  storage.setBuffer(variable, buffer);
}

/** Records that the pending value has been written. For evaluation. */
export function markStored(variable: Variable): void {
  storage.markStored(variable);
}
