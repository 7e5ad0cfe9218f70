import { grad, tensor } from '@thetagrad/core';
import { values } from '@thetagrad/gradcheck';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { psi } from '../src/geometry.ts';
import { psiOfCosine } from '../src/psi.ts';

const margins = fc.integer({ min: 1, max: 8 });
const angles = fc.oneof(values({ from: 0, to: Math.PI }), fc.constantFrom(0, Math.PI));

const psiAt = (thetas: readonly number[], m: number): Float64Array =>
  psiOfCosine(tensor(thetas.map(Math.cos), { dtype: 'float64' }), m).dataSync() as Float64Array;

describe('psiOfCosine', () => {
  test('is ψ of the arccosine', () => {
    fc.assert(
      fc.property(margins, fc.array(angles, { minLength: 1 }), (m, thetas) => {
        const values = psiAt(thetas, m);
        thetas.forEach((theta, i) => expect(values[i]).toBeCloseTo(psi(theta, m), 10));
      }),
    );
  });

  test('is accurate in float32', () => {
    fc.assert(
      fc.property(margins, values({ from: -1, to: 1 }), (m, cosine) => {
        // A rounding error of 6e-8 in cos θ changes ψ by at most m² times as much.
        expect(Math.abs(psiOfCosine(tensor([cosine]), m).dataSync()[0]! - psi(Math.acos(cosine), m))).toBeLessThan(
          m * m * 5e-7,
        );
      }),
    );
  });

  test('is cos(mθ) on [0, π/m]', () => {
    fc.assert(
      fc.property(margins, values({ from: 0, to: 1 }), (m, t) => {
        const theta = (t * Math.PI) / m;
        expect(psiAt([theta], m)[0]).toBeCloseTo(Math.cos(m * theta), 10);
      }),
    );
  });

  test('is strictly decreasing', () => {
    fc.assert(
      fc.property(margins, angles, angles, (m, a, b) => {
        fc.pre(Math.abs(a - b) > 1e-5);
        const [first, second] = psiAt([Math.min(a, b), Math.max(a, b)], m) as unknown as [number, number];
        expect(first).toBeGreaterThan(second);
      }),
    );
  });

  test('is continuous across the seams, with a continuous first derivative', () => {
    const derivative = grad((theta: ReturnType<typeof tensor>, m: number) => psiOfCosine(theta.cos(), m).sum());
    for (let m = 2; m <= 8; m++) {
      for (let k = 1; k < m; k++) {
        const seam = (k * Math.PI) / m;
        const around = [seam - 1e-9, seam, seam + 1e-9];
        for (const value of psiAt(around, m)) expect(value).toBeCloseTo(1 - 2 * k, 12);
        for (const slope of derivative(tensor(around, { dtype: 'float64' }), m).dataSync())
          expect(slope).toBeCloseTo(0, 6);
      }
    }
  });

  test('is 1 at θ = 0 and 1 − 2m at θ = π, and continues beyond', () => {
    for (let m = 1; m <= 8; m++) {
      const eps = 2 ** -23;
      const [start, beforeStart, end, beyondEnd] = psiOfCosine(tensor([1, 1 + eps, -1, -1 - eps]), m).dataSync();
      expect(start).toBe(1);
      expect(end).toBe(1 - 2 * m);
      expect(Math.abs(beforeStart! - 1)).toBeLessThan(2 * m * m * eps);
      expect(Math.abs(beyondEnd! - (1 - 2 * m))).toBeLessThan(2 * m * m * eps + 1e-6);
    }
  });

  test('preserves shape and dtype', () => {
    const result = psiOfCosine(tensor([[0.5], [-0.5]]), 3);
    expect([result.shape, result.dtype]).toEqual([[2, 1], 'float32']);
    expect(result.toArraySync()).toEqual([[-1], [-3]]);
  });

  test.each([0, -1, 2.5, NaN, Infinity])('rejects m = %s', (m) => {
    expect(() => psiOfCosine(tensor([0]), m)).toThrow(`psiOfCosine: margin must be an integer ≥ 1, got ${m}`);
  });
});

test('at a seam the second derivative is that of the piece with the larger angles', () => {
  for (let m = 2; m <= 6; m++) {
    for (let j = 1; j < m; j++) {
      const theta = (j * Math.PI) / m;
      const cosine = tensor(Math.cos(theta), { dtype: 'float64' });
      const second = grad(grad((c) => psiOfCosine(c, m)))(cosine).itemSync();
      // Where sin(mθ) = 0, d²cos(mθ)/d(cos θ)² = −m² cos(mθ) / sin² θ; the factor (−1)^k of ψ cancels the sign of
      // cos(mθ).
      expect(second).toBeCloseTo(-((m / Math.sin(theta)) ** 2), 8);
    }
  }
});
