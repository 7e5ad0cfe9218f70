/** Slopes of several functions of one variable, with an estimate of their errors. */
export interface Slopes {
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

export interface SlopeOptions {
  /** The first, largest step. */
  readonly step: number;
  /** How far rounding may move each function's value. */
  readonly roundOff: Float64Array;
  /** How well a slope of this size has to be known. */
  readonly tolerance: (slope: number) => number;
}

const mostRows = 14;
const highestOrder = 6;
const mostRestarts = 16;

/**
 * The slopes of f at 0 by Ridders' method: central differences at steps h, h/2, h/4, …, extrapolated to h = 0 in a
 * tableau of polynomials in h², of which each function takes the entry that agrees best with its neighbours. Large steps
 * are good for rounding and small ones for curvature; the method finds the place between them, and the disagreement is
 * the error estimate. (C. J. F. Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", Advances in Engineering Software
 * 4(2), 1982; Press et al., Numerical Recipes, section 5.7.)
 *
 * Steps that lead out of f's domain (to values that are not finite) are shortened; `undefined` if none is short enough.
 */
export function slopes(f: (t: number) => Float64Array, options: SlopeOptions): Slopes | undefined {
  const { roundOff, tolerance } = options;
  let h = options.step;
  for (let restart = 0; restart < mostRestarts; restart++) {
    const first = centralDifference(f, h);
    if (first) {
      const found = extrapolate(f, h, first);
      if (found) return found;
    }
    h /= 4;
  }
  return undefined;

  function extrapolate(f: (t: number) => Float64Array, start: number, first: Float64Array): Slopes | undefined {
    const values = first.slice();
    const errors = new Float64Array(first.length).fill(Infinity);
    let previous = [first];
    let before: Float64Array[] = [];
    let h = start;
    for (let row = 1; row < mostRows; row++) {
      h /= 2;
      const difference = centralDifference(f, h);
      if (!difference) return undefined;
      const current = [difference];
      for (let order = 1; order <= Math.min(row, highestOrder); order++) {
        const [fine, coarse] = [current[order - 1]!, previous[order - 1]!];
        const coarser = before[order - 1];
        const weight = 4 ** order;
        const next = fine.map((value, k) => (weight * value - coarse[k]!) / (weight - 1));
        current.push(next);
        for (let k = 0; k < next.length; k++) {
          const disagreement = Math.max(Math.abs(next[k]! - fine[k]!), Math.abs(next[k]! - coarse[k]!));
          // Convergence is steady: sudden agreement after disagreement is chance.
          const steady = coarser ? Math.abs(coarse[k]! - coarser[k]!) / 64 : 0;
          const error = Math.max(disagreement, steady) + roundOff[k]! / h;
          if (error >= errors[k]!) continue;
          errors[k] = error;
          values[k] = next[k]!;
        }
      }
      // Good enough, or too small a step to become better.
      if (errors.every((error, k) => error <= 0.02 * tolerance(values[k]!) || error < roundOff[k]! / h)) break;
      before = previous;
      previous = current;
    }
    return { values, errors };
  }
}

function centralDifference(f: (t: number) => Float64Array, h: number): Float64Array | undefined {
  const above = f(h);
  const below = f(-h);
  const difference = above.map((value, k) => (value - below[k]!) / (2 * h));
  return difference.every(Number.isFinite) ? difference : undefined;
}
