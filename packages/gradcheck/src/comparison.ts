import { GradientError, type GradientCheck, type GradientMismatch } from './gradientError.ts';
import type { Settings } from './options.ts';
import { finiteMagnitude, maxMagnitude } from './vectors.ts';

/** The position of an error: what {@link GradientMismatch} says about it. */
export type Location = Pick<GradientMismatch, 'input' | 'element' | 'output' | 'outputElement' | 'weighted'>;

/** Analytic derivatives and what they should be. */
export interface Comparison {
  readonly check: GradientCheck;
  readonly analytic: Float64Array;
  readonly numeric: Float64Array;
  /** The error estimate of each element of `numeric`. */
  readonly errors: Float64Array;
  /** The magnitude of the terms that are summed in each compared value: what rounding is relative to. */
  readonly scale: number;
  /** The magnitude of the function's own values, whose rounding makes differences uncertain. */
  readonly valueScale: number;
  /** The position of element k. */
  readonly locate: (k: number) => Location;
}

/** The roundings that an analytic value may have passed through. */
const maxRoundings = 64;
/** Multiplies the estimate of Ridders' method, which is not a bound. */
const safetyFactor = 4;
/** The largest error of differences that still judges, relative to the largest derivative. */
const maxRelativeError = 1e-3;

/** Compares derivatives of one order within the tolerances of the settings. */
export class Comparer {
  readonly #settings: Settings;
  readonly #order: number;
  readonly #unitRoundoff: number;

  constructor(settings: Settings, order: number, unitRoundoff: number) {
    this.#settings = settings;
    this.#order = order;
    this.#unitRoundoff = unitRoundoff;
  }

  /** @throws {GradientError} if an element is beyond its tolerance, or its differences did not converge. */
  compare({ check, analytic, numeric, errors, scale, valueScale, locate }: Comparison): void {
    const { atol, rtol } = this.#settings;
    const slack = atol + this.#roundoff(scale);
    const tolerances = numeric.map(
      (value, k) => slack + rtol * Math.max(Math.abs(value), finiteMagnitude(analytic[k]!)) + safetyFactor * errors[k]!,
    );
    const { worst, count } = findWorst(analytic, numeric, tolerances);
    const maxError =
      1000 * (slack + this.#roundoff(valueScale)) +
      maxRelativeError * Math.max(maxMagnitude(numeric), finiteMagnitude(scale));
    const uncertain = errors.findIndex((error) => !(safetyFactor * error <= maxError));
    const k = uncertain >= 0 ? uncertain : worst;
    if (k < 0) return;
    this.#fail(uncertain >= 0 ? 'differences' : check, {
      ...locate(k),
      analytic: analytic[k]!,
      numeric: numeric[k]!,
      uncertainty: errors[k]!,
      tolerance: tolerances[k]!,
      wrong: uncertain >= 0 ? undefined : { count, of: analytic.length },
    });
  }

  /**
   * Compares ⟨vjp(u), v⟩ with ⟨u, jvp(v)⟩; `scale` is the larger Σ of magnitudes of the two.
   * @throws {GradientError} if they differ.
   */
  compareTransposes(analytic: number, numeric: number, scale: number): void {
    const { atol, rtol } = this.#settings;
    const tolerance = atol + (rtol + this.#roundoff(1)) * scale;
    if (Math.abs(analytic - numeric) <= tolerance) return;
    this.#fail('transpose', { analytic, numeric, uncertainty: 0, tolerance });
  }

  #roundoff(magnitude: number): number {
    return maxRoundings * this.#unitRoundoff * finiteMagnitude(magnitude);
  }

  #fail(check: GradientCheck, mismatch: Omit<GradientMismatch, 'function' | 'check' | 'order'>): never {
    throw new GradientError({ function: this.#settings.name, check, order: this.#order, ...mismatch });
  }
}

/** The index of the element furthest beyond its tolerance, −1 if there is none, and how many are beyond it. */
function findWorst(
  analytic: Float64Array,
  numeric: Float64Array,
  tolerances: Float64Array,
): { worst: number; count: number } {
  let worst = -1;
  let excess = 1;
  let count = 0;
  analytic.forEach((value, k) => {
    const ratio = Math.abs(value - numeric[k]!) / tolerances[k]!;
    if (ratio <= 1) return;
    count++;
    if (worst >= 0 && !(ratio > excess)) return;
    worst = k;
    // NaN exceeds everything.
    excess = Number.isNaN(ratio) ? Infinity : ratio;
  });
  return { worst, count };
}
