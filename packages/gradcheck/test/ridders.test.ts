import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { riddersDerivatives } from '../src/ridders.ts';

const options = { step: 1 / 64, roundoff: Float64Array.of(0), tolerance: () => 1e-12 };
const differentiate = (f: (t: number) => number) => {
  const found = riddersDerivatives((t) => Float64Array.of(f(t)), options)!;
  return { value: found.values[0]!, error: found.errors[0]! };
};

describe("Ridders' method", () => {
  test.for<[string, (x: number) => number, number, number]>([
    ['exp', Math.exp, 1, Math.E],
    ['sin', Math.sin, 2, Math.cos(2)],
    ['log near 0', Math.log, 0.02, 50],
    ['tan near its pole', Math.tan, 1.5, 1 / Math.cos(1.5) ** 2],
    ['√ nearer to 0 than the step', Math.sqrt, 1e-4, 50],
    ['a high frequency', (x) => Math.sin(200 * x), 1, 200 * Math.cos(200)],
  ])('%s: accurate to 1e-8, and so is the estimate', ([, f, x, expected]) => {
    const { value, error } = differentiate((t) => f(x + t));
    expect(Math.abs(value / expected - 1)).toBeLessThan(1e-8);
    expect(error / Math.abs(expected)).toBeLessThan(1e-7);
  });

  test('is exact for polynomials of low degree', () => {
    const coefficients = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(coefficients, (c) => {
        const { value } = differentiate((t) => c.reduceRight((sum, coefficient) => sum * t + coefficient, 0));
        expect(value).toBeCloseTo(c[1]!, 10);
      }),
    );
  });

  test('computes several functions at once, each with its own best step', () => {
    const found = riddersDerivatives((t) => Float64Array.of(Math.exp(t), Math.sin(300 * t), 7), {
      ...options,
      roundoff: new Float64Array(3),
    })!;
    expect(found.values[0]).toBeCloseTo(1, 9);
    expect(found.values[1]).toBeCloseTo(300, 5);
    expect(found.values[2]).toBe(0);
  });

  test('does not take noise for convergence', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { error } = differentiate((t) => t + 1e-4 * Math.sin(43758.5453 * Math.sin(12345.678 * seed * t)));
      expect(error).toBeGreaterThan(1e-5);
    }
  });

  test('returns undefined where no step stays inside the domain', () => {
    expect(riddersDerivatives((t) => Float64Array.of(Math.sqrt(t)), options)).toBeUndefined();
  });
});
