// Arithmetic of truncated power series: the coefficients of a function of a + t in t, from which derivatives of any order are
// had (Griewank and Walther, Evaluating Derivatives, 2nd edition, chapter 13).

/** The coefficients of t⁰ to tⁿ. All jets of an expression have the same length. */
export type Jet = readonly number[];

/** The jet of a + t. */
export function variable(a: number, order: number): Jet {
  return Array.from({ length: order + 1 }, (_, k) => (k === 0 ? a : k === 1 ? 1 : 0));
}

export function add(x: Jet, y: Jet): Jet {
  return x.map((coefficient, k) => coefficient + y[k]!);
}

/** x + c for a number c. */
export function shift(x: Jet, c: number): Jet {
  return x.with(0, x[0]! + c);
}

/** c x for a number c. */
export function scale(x: Jet, c: number): Jet {
  return x.map((coefficient) => c * coefficient);
}

export function multiply(x: Jet, y: Jet): Jet {
  return x.map((_, k) => {
    let sum = 0;
    for (let j = 0; j <= k; j++) sum += x[j]! * y[k - j]!;
    return sum;
  });
}

export function divide(x: Jet, y: Jet): Jet {
  const quotient: number[] = [];
  for (let k = 0; k < x.length; k++) {
    let rest = x[k]!;
    for (let j = 0; j < k; j++) rest -= quotient[j]! * y[k - j]!;
    quotient.push(rest / y[0]!);
  }
  return quotient;
}

/** A function of x whose value is given, and whose derivative with respect to x is `slope`. */
export function integrate(value: number, slope: Jet, x: Jet): Jet {
  return x.map((_, k) => {
    if (k === 0) return value;
    let sum = 0;
    for (let j = 1; j <= k; j++) sum += j * x[j]! * slope[k - j]!;
    return sum / k;
  });
}

/** eˣ, given e to the constant coefficient. */
export function exponential(x: Jet, value: number = Math.exp(x[0]!)): Jet {
  const result = [value];
  for (let k = 1; k < x.length; k++) {
    let sum = 0;
    for (let j = 1; j <= k; j++) sum += j * x[j]! * result[k - j]!;
    result.push(sum / k);
  }
  return result;
}

/** √x. */
export function squareRoot(x: Jet): Jet {
  const root = [Math.sqrt(x[0]!)];
  for (let k = 1; k < x.length; k++) {
    let rest = x[k]!;
    for (let j = 1; j < k; j++) rest -= root[j]! * root[k - j]!;
    root.push(rest / (2 * root[0]!));
  }
  return root;
}

/** A polynomial of a jet. */
export function polynomialOf(x: Jet, coefficients: readonly number[]): Jet {
  return coefficients.reduceRight<Jet>(
    (sum, coefficient) => shift(multiply(sum, x), coefficient),
    x.map(() => 0),
  );
}
