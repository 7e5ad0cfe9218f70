// Smooth activations without variables, and normalizations to probabilities.
import type { Tensor } from '@thetagrad/core';
import { checkInteger } from '@thetagrad/core/backend';
import { glu, hardswish, logsigmoid, mish, softmin, softsign, tanhshrink } from '@thetagrad/ops';
import { FunctionLayer } from './functionLayer.ts';

/**
 * x · tanh(softplus(x)). (Misra, "Mish", 2019.)
 * @example
 * new Mish().forward(tensor([-1, 0, 1])); // tensor([-0.3034, 0.0000, 0.8651])
 */
export class Mish extends FunctionLayer {
  constructor() {
    super('Mish', mish);
  }
}

/**
 * x · relu6(x + 3) / 6. (Howard et al., ICCV 2019.)
 * @example
 * new Hardswish().forward(tensor([-4, 1, 5])); // tensor([0.0000, 0.6667, 5.0000])
 */
export class Hardswish extends FunctionLayer {
  constructor() {
    super('Hardswish', hardswish);
  }
}

/**
 * log(sigmoid(x)), without underflow.
 * @example
 * new LogSigmoid().forward(tensor([-1000, 0])); // tensor([-1000.0000, -0.6931])
 */
export class LogSigmoid extends FunctionLayer {
  constructor() {
    super('LogSigmoid', logsigmoid);
  }
}

/**
 * x / (1 + |x|).
 * @example
 * new Softsign().forward(tensor([-1, 0, 3])); // tensor([-0.50, 0.00, 0.75])
 */
export class Softsign extends FunctionLayer {
  constructor() {
    super('Softsign', softsign);
  }
}

/**
 * x − tanh(x).
 * @example
 * new Tanhshrink().forward(tensor([-1, 0, 1])); // tensor([-0.2384, 0.0000, 0.2384])
 */
export class Tanhshrink extends FunctionLayer {
  constructor() {
    super('Tanhshrink', tanhshrink);
  }
}

/** A function along an axis. */
export abstract class AxisLayer extends FunctionLayer {
  readonly axis: number;

  /** @throws {TypeError | RangeError} if the axis is not an integer. */
  protected constructor(name: string, axis: number, apply: (x: Tensor, axis: number) => Tensor) {
    super(name, (x) => apply(x, axis));
    checkInteger(name, 'axis', axis);
    this.axis = axis;
  }
}

/**
 * The gated linear unit: the first half of x along an axis times the sigmoid of the second half. (Dauphin et al., ICML 2017.)
 * @example
 * new GLU().forward(tensor([1, 2, 0, 100])); // tensor([0.5, 2.0])
 */
export class GLU extends AxisLayer {
  /**
   * @param axis Default: −1.
   * @throws {TypeError | RangeError} if it is not an integer.
   */
  constructor(axis = -1) {
    super('GLU', axis, glu);
  }
}

/**
 * Exponentials divided by their sum along an axis.
 * @example
 * new Softmax().forward(tensor([0, 0])); // tensor([0.5, 0.5])
 */
export class Softmax extends AxisLayer {
  /**
   * @param axis Default: −1.
   * @throws {TypeError | RangeError} if it is not an integer.
   */
  constructor(axis = -1) {
    super('Softmax', axis, (x, along) => x.softmax(along));
  }
}

/**
 * The logarithm of {@link Softmax}, without underflow.
 * @example
 * new LogSoftmax().forward(tensor([0, 0])); // tensor([-0.6931, -0.6931])
 */
export class LogSoftmax extends AxisLayer {
  /**
   * @param axis Default: −1.
   * @throws {TypeError | RangeError} if it is not an integer.
   */
  constructor(axis = -1) {
    super('LogSoftmax', axis, (x, along) => x.logSoftmax(along));
  }
}

/**
 * {@link Softmax} of −x.
 * @example
 * new Softmin().forward(tensor([0, 0, Infinity])); // tensor([0.5, 0.5, 0.0])
 */
export class Softmin extends AxisLayer {
  /**
   * @param axis Default: −1.
   * @throws {TypeError | RangeError} if it is not an integer.
   */
  constructor(axis = -1) {
    super('Softmin', axis, softmin);
  }
}
