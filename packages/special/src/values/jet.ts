// Arithmetic of truncated power series in one or two variables, whose coefficients are derivatives of any order (Griewank and
// Walther, Evaluating Derivatives, 2nd edition, chapter 13).

/** The orders of the derivatives that are wanted: of one variable, or of two. */
export type Orders = readonly [first: number, second: number];

/** The coefficients of a function of (a + s, b + t) at sⁱ tʲ. All jets of an expression have the same orders. */
export class Jet {
  readonly #orders: Orders;
  /** Coefficient (i, j) is at i · (second order + 1) + j. */
  readonly #coefficients: readonly number[];

  private constructor(orders: Orders, coefficients: readonly number[]) {
    this.#orders = orders;
    this.#coefficients = coefficients;
  }

  /** A constant. */
  static constant(value: number, orders: Orders): Jet {
    return Jet.of(orders, (i, j) => (i === 0 && j === 0 ? value : 0));
  }

  /** The jet of a + s or b + t. */
  static variable(value: number, index: 0 | 1, orders: Orders): Jet {
    return Jet.of(orders, (i, j) => {
      if (i === 0 && j === 0) return value;
      return (index === 0 ? i === 1 && j === 0 : i === 0 && j === 1) ? 1 : 0;
    });
  }

  /** Coefficients in their order, each from those before it. */
  static of([first, second]: Orders, coefficient: (i: number, j: number, before: readonly number[]) => number): Jet {
    const coefficients: number[] = [];
    for (let i = 0; i <= first; i++) {
      for (let j = 0; j <= second; j++) coefficients.push(coefficient(i, j, coefficients));
    }
    return new Jet([first, second], coefficients);
  }

  get value(): number {
    return this.#coefficients[0]!;
  }

  /** The derivative of the highest orders. */
  get derivative(): number {
    let factor = 1;
    for (const order of this.#orders) for (let k = 2; k <= order; k++) factor *= k;
    return factor * this.#coefficients.at(-1)!;
  }

  /** Whether a coefficient is larger than a fraction of that of y. */
  exceeds(y: Jet, fraction: number): boolean {
    return this.#coefficients.some(
      (coefficient, i) => Math.abs(coefficient) > fraction * Math.abs(y.#coefficients[i]!),
    );
  }

  add(y: Jet): Jet {
    return this.#map((coefficient, i) => coefficient + y.#coefficients[i]!);
  }

  /** Adds a number. */
  shift(c: number): Jet {
    return this.#map((coefficient, i) => (i === 0 ? coefficient + c : coefficient));
  }

  /** Multiplies by a number. */
  scale(c: number): Jet {
    return this.#map((coefficient) => c * coefficient);
  }

  /** Replaces the value, by one that is more accurate. */
  withValue(value: number): Jet {
    return this.#map((coefficient, i) => (i === 0 ? value : coefficient));
  }

  mul(y: Jet): Jet {
    return Jet.of(this.#orders, (i, j) => this.#convolve(i, j, y.#coefficients));
  }

  div(y: Jet): Jet {
    const x = this.#coefficients;
    return Jet.of(this.#orders, (i, j, quotient) => (x[quotient.length]! - y.#convolve(i, j, quotient)) / y.value);
  }

  sqrt(): Jet {
    const root = Math.sqrt(this.value);
    return Jet.of(this.#orders, (i, j, before) => {
      if (before.length === 0) return root;
      const rest = new Jet(this.#orders, before).#convolve(i, j, before);
      return (this.#coefficients[before.length]! - rest) / (2 * root);
    });
  }

  /** The exponential, given its value. */
  exp(value: number): Jet {
    return this.#integrate(value);
  }

  /** A function of this whose value is given, and whose derivative is `slope`. */
  integrate(value: number, slope: Jet): Jet {
    return this.#integrate(value, slope.#coefficients);
  }

  /** A polynomial of this. */
  polynomial(coefficients: readonly number[]): Jet {
    return coefficients.reduceRight((sum, c) => sum.mul(this).shift(c), Jet.constant(0, this.#orders));
  }

  #map(f: (coefficient: number, index: number) => number): Jet {
    return new Jet(this.#orders, this.#coefficients.map(f));
  }

  /** The sum of x_kl y_(i−k)(j−l), without coefficients that are not there yet. */
  #convolve(i: number, j: number, y: readonly number[]): number {
    const columns = this.#orders[1] + 1;
    let sum = 0;
    for (let k = 0; k <= i; k++) {
      for (let l = 0; l <= j; l++) {
        sum += (this.#coefficients[k * columns + l] ?? 0) * (y[(i - k) * columns + j - l] ?? 0);
      }
    }
    return sum;
  }

  /** Integrates along s, or t where i is 0. The slope is by default the result itself. */
  #integrate(value: number, slope?: readonly number[]): Jet {
    const columns = this.#orders[1] + 1;
    return Jet.of(this.#orders, (i, j, before) => {
      if (before.length === 0) return value;
      const derivative = this.#map(
        (coefficient, at) => (i > 0 ? Math.floor(at / columns) : at % columns) * coefficient,
      );
      return derivative.#convolve(i, j, slope ?? before) / (i > 0 ? i : j);
    });
  }
}
