/** Derivatives of several functions of one variable, with an estimate of their errors. */
export interface Derivatives {
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

export interface RiddersOptions {
  /** The first, largest step. */
  readonly step: number;
  /** The rounding error of each function's value. */
  readonly roundoff: Float64Array;
  /** The accuracy that a derivative of this size needs. */
  readonly tolerance: (derivative: number) => number;
}

const maxRows = 14;
const maxOrder = 6;
const maxRestarts = 16;

/**
 * Differentiates f at 0 by Ridders' method: central differences at steps h, h/2, h/4, …, extrapolated to h = 0 in a
 * tableau of polynomials in h². Each function takes the entry that agrees best with its neighbors. Large steps suffer
 * from curvature and small ones from rounding; the method finds the best step between them, and the disagreement is the
 * error estimate. (C. J. F. Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", Advances in Engineering Software
 * 4(2), 1982; Press et al., Numerical Recipes, section 5.7.)
 *
 * Shortens steps that leave f's domain (values that are not finite). Returns `undefined` if no step is short enough.
 */
export function riddersDerivatives(f: (t: number) => Float64Array, options: RiddersOptions): Derivatives | undefined {
  let h = options.step;
  for (let restart = 0; restart < maxRestarts; restart++) {
    const first = centralDifference(f, h);
    const found = first && extrapolate(f, h, first, options);
    if (found) return found;
    h /= 4;
  }
  return undefined;
}

/** Fills the tableau row by row, from the difference `first` at step `start`. */
function extrapolate(
  f: (t: number) => Float64Array,
  start: number,
  first: Float64Array,
  { roundoff, tolerance }: RiddersOptions,
): Derivatives | undefined {
  const values = first.slice();
  const errors = new Float64Array(first.length).fill(Infinity);
  let previous = [first];
  let beforePrevious: Float64Array[] = [];
  let h = start;
  for (let row = 1; row < maxRows; row++) {
    h /= 2;
    const difference = centralDifference(f, h);
    if (!difference) return undefined;
    const current = [difference];
    for (let order = 1; order <= Math.min(row, maxOrder); order++) {
      const [fine, coarse] = [current[order - 1]!, previous[order - 1]!];
      const coarser = beforePrevious[order - 1];
      const weight = 4 ** order;
      const next = fine.map((value, k) => (weight * value - coarse[k]!) / (weight - 1));
      current.push(next);
      for (let k = 0; k < next.length; k++) {
        const disagreement = Math.max(Math.abs(next[k]! - fine[k]!), Math.abs(next[k]! - coarse[k]!));
        // Convergence is steady: sudden agreement after disagreement is chance.
        const steady = coarser ? Math.abs(coarse[k]! - coarser[k]!) / 64 : 0;
        const error = Math.max(disagreement, steady) + roundoff[k]! / h;
        if (error >= errors[k]!) continue;
        errors[k] = error;
        values[k] = next[k]!;
      }
    }
    // Stop when all are accurate enough, or rounding dominates at this step.
    if (errors.every((error, k) => error <= 0.02 * tolerance(values[k]!) || error < roundoff[k]! / h)) break;
    beforePrevious = previous;
    previous = current;
  }
  return { values, errors };
}

function centralDifference(f: (t: number) => Float64Array, h: number): Float64Array | undefined {
  const above = f(h);
  const below = f(-h);
  const difference = above.map((value, k) => (value - below[k]!) / (2 * h));
  return difference.every(Number.isFinite) ? difference : undefined;
}
