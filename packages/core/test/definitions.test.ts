// float64 functions: within units in the last place of known values (by mpmath, to 20 digits), and within their ranges.
import { describe, expect, test } from 'vitest';
import { tensor } from '../src/index.ts';

type Name = 'erf' | 'sigmoid' | 'softplus' | 'tanh';

/** Values by argument. */
const known: Readonly<Record<Name, readonly (readonly [x: number, value: string])[]>> = {
  erf: [
    [1e-300, '1.1283791670955126022e-300'],
    [1e-8, '1.1283791670955125599e-8'],
    [0.2064396483326883, '0.22967495577039877959'],
    [0.5, '0.52049987781304653768'],
    [0.84375, '0.76722566123234163346'],
    [1, '0.84270079294971486934'],
    [1.25, '0.92290012825645823014'],
    [2, '0.99532226501895273416'],
    [2.857142, '0.99994668741303132142'],
    [3.5, '0.99999925690162765859'],
    [5, '0.99999999999846254021'],
    [5.9, '0.9999999999999999281'],
    [5.92, '0.99999999999999994342'],
    [6, '0.99999999999999997848'],
  ],
  sigmoid: [
    [-745, '2.8223507304719370764e-324'],
    [-710, '4.4762862256751299561e-309'],
    [-709, '1.2167807506234230655e-308'],
    [-100, '3.720075976020835963e-44'],
    [-1.9594276917047513, '0.1235289977972250927'],
    [-1, '0.26894142136999512075'],
    [-1e-8, '0.4999999975'],
    [0.5, '0.62245933120185456464'],
    [2, '0.88079707797788244406'],
    [20, '0.99999999793884638181'],
    [36.7, '0.99999999999999988482'],
    [40, '0.99999999999999999575'],
  ],
  softplus: [
    [-745, '2.8223507304719370764e-324'],
    [-710, '4.4762862256751299561e-309'],
    [-100, '3.720075976020835963e-44'],
    [-40, '4.2483542552915889863e-18'],
    [-2.0348950894397992, '0.12283177417672812761'],
    [-1, '0.31326168751822283405'],
    [1e-8, '0.69314718555994532192'],
    [0.5, '0.97407698418010668087'],
    [2, '2.1269280110429724964'],
    [20, '20.00000000206115362'],
    [36.7, '36.700000000000002957'],
    [800, '800'],
  ],
  tanh: [
    [1e-300, '1.0000000000000000251e-300'],
    [1e-8, '9.9999999999999998759e-9'],
    [0.5358324905085965, '0.48982684041777875554'],
    [1, '0.76159415595576488812'],
    [3, '0.99505475368673045133'],
    [10, '0.99999999587769276362'],
    [19, '0.99999999999999993722'],
    [22, '0.99999999999999999984'],
  ],
};

/** Known values are rounded here, by up to half a unit. */
const maxUlps: Readonly<Record<Name, number>> = { erf: 1, sigmoid: 2, softplus: 2, tanh: 2 };

const apply = (name: Name, numbers: readonly number[], dtype: 'float32' | 'float64' = 'float64'): number[] => [
  ...tensor(numbers, { dtype })[name]().dataSync(),
];

/** The unit in the last place of a float64. */
function ulp(x: number): number {
  return 2 ** (Math.max(-1022, Math.floor(Math.log2(x))) - 52);
}

describe.each(Object.entries(known) as [Name, (typeof known)[Name]][])('%s', (name, rows) => {
  test('float64 is within units in the last place', () => {
    const numbers = rows.map(([x]) => x);
    apply(name, numbers).forEach((value, i) => {
      const expected = Number(rows[i]![1]);
      expect(Math.abs(value - expected), `at ${numbers[i]}`).toBeLessThanOrEqual(maxUlps[name] * ulp(expected));
    });
  });

  test.each(['float32', 'float64'] as const)('%s stays within its range', (dtype) => {
    const numbers = Array.from({ length: 4001 }, (_, i) => (i - 2000) / 50);
    const rounded = tensor(numbers, { dtype }).dataSync();
    const low = { erf: -1, tanh: -1, sigmoid: 0, softplus: 0 }[name];
    const high = name === 'softplus' ? Infinity : 1;
    apply(name, numbers, dtype).forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(name === 'softplus' ? Math.max(0, rounded[i]!) : low);
      expect(value).toBeLessThanOrEqual(high);
    });
    expect(apply(name, [-Infinity, Infinity, NaN], dtype)).toEqual([low, high, NaN]);
  });

  test('float64 never decreases near saturation', () => {
    const start = { erf: 5, tanh: 18, sigmoid: 34, softplus: 34 }[name];
    const values = apply(
      name,
      Array.from({ length: 3000 }, (_, i) => start + i / 1000),
    );
    expect(values.slice(1).every((value, i) => value >= values[i]!)).toBe(true);
  });
});

test.each(['erf', 'tanh'] as const)('%s is odd', (name) => {
  const numbers = known[name].map(([x]) => x);
  const opposite = apply(
    name,
    numbers.map((x) => -x),
  );
  expect(opposite).toEqual(apply(name, numbers).map((x) => -x));
});
