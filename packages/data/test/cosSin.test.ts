import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosSin } from '../src/cosSin.ts';

test('cosSin agrees with Math.cos and Math.sin', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1000, max: 1000 }).map((n) => (n / 1000) * 2 * Math.PI),
      (angle) => {
        const [cos, sin] = cosSin(angle);
        expect(cos).toBeCloseTo(Math.cos(angle), 12);
        expect(sin).toBeCloseTo(Math.sin(angle), 12);
      },
    ),
  );
  expect(cosSin(0)).toEqual([1, 0]);
});
