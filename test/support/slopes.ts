// Slopes at points where the chain rule meets 0 · ∞, or where a formula leaves the range of numbers on its way.
import { grad, jvp, ones, stopGradient, tensor, where, type DType, type Tensor } from '@thetagrad/core';
import { expect } from 'vitest';

/** A function of one tensor, points, and its slope at each: known limits, or formulas in double precision. */
export interface SlopeCase {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly points: readonly number[];
  readonly slopes: readonly number[];
  /** Default: float32 and float64. */
  readonly dtypes?: readonly DType[];
}

/** A function that has no slope at `pole`, behind a choice that takes another there, and at `point`. */
const chosen = (name: string, f: (x: Tensor) => Tensor, pole: number, point: number, slope: number): SlopeCase[] => [
  {
    name: `${name} behind where`,
    f: (x) => where(x.notEqual(pole), f(x), 3),
    points: [pole, point],
    slopes: [0, slope],
  },
  {
    name: `${name} multiplied by 0`,
    f: (x) => f(x).mul(x.notEqual(pole).astype(x.dtype)).add(x),
    points: [pole, point],
    slopes: [1, 1 + slope],
  },
];

const sech2 = (x: number): number => 1 / Math.cosh(x) ** 2;
const logistic = (x: number): number => 1 / ((1 + Math.exp(x)) * (1 + Math.exp(-x)));
const float64: readonly DType[] = ['float64'];
const float32: readonly DType[] = ['float32'];

const slopeCases: readonly SlopeCase[] = [
  ...chosen('√', (x) => x.sqrt(), 0, 4, 0.25),
  ...chosen('x^½', (x) => x.pow(0.5), 0, 4, 0.25),
  ...chosen('acos', (x) => x.acos(), 1, 0.6, -1.25),
  ...chosen('asin', (x) => x.asin(), -1, 0.6, 1.25),
  ...chosen('acosh', (x) => x.acosh(), 1, Math.SQRT2, 1),
  ...chosen('log', (x) => x.log(), 0, 4, 0.25).slice(0, 1),
  ...chosen('log1p', (x) => x.log1p(), -1, 3, 0.25).slice(0, 1),
  ...chosen('1/x', (x) => x.reciprocal(), 0, 4, -1 / 16).slice(0, 1),
  ...chosen('3/x', (x) => tensor(3, { dtype: x.dtype }).div(x), 0, 4, -3 / 16).slice(0, 1),
  ...chosen('atanh', (x) => x.atanh(), 1, 0.5, 4 / 3).slice(0, 1),
  ...chosen('x/x', (x) => x.div(x), 0, 4, 0).slice(0, 1),
  ...chosen('sin(x)/x', (x) => x.sin().div(x), 0, Math.PI, -1 / Math.PI).slice(0, 1),
  ...chosen('exp(exp x)', (x) => x.exp().exp(), 1000, 0, Math.E).slice(0, 1),
  { name: '√ below a maximum', f: (x) => x.sqrt().maximum(1), points: [0, 4], slopes: [0, 0.25] },
  { name: '√ above a minimum', f: (x) => x.sqrt().neg().minimum(-1), points: [0, 4], slopes: [0, -0.25] },
  { name: '√ below a clip', f: (x) => x.sqrt().clip(1, 3), points: [0, 4], slopes: [0, 0.25] },
  { name: 'x·√x', f: (x) => x.mul(x.sqrt()), points: [0, 4], slopes: [0, 3] },
  { name: '√(x²)', f: (x) => x.square().sqrt(), points: [0, -4], slopes: [0, -1] },
  { name: 'atan2(x, 0)', f: (x) => x.atan2(0), points: [0, 2], slopes: [0, 0] },
  { name: 'atan2(x, x)', f: (x) => x.atan2(stopGradient(x)), points: [1e-25, 1e25], slopes: [5e24, 5e-26] },
  { name: 'asinh', f: (x) => x.asinh(), points: [0, 1e22, -1e22, 1e10], slopes: [1, 1e-22, 1e-22, 1e-10] },
  { name: 'asinh', f: (x) => x.asinh(), points: [1e200], slopes: [1e-200], dtypes: float64 },
  { name: 'acosh', f: (x) => x.acosh(), points: [1e22, 1e10], slopes: [1e-22, 1e-10] },
  { name: 'acosh', f: (x) => x.acosh(), points: [1e200], slopes: [1e-200], dtypes: float64 },
  { name: 'atan', f: (x) => x.atan(), points: [1e15, -1e15, Infinity], slopes: [1e-30, 1e-30, 0] },
  { name: '1/x', f: (x) => x.reciprocal(), points: [1e18, -Infinity], slopes: [-1e-36, 0] },
  { name: 'tanh', f: (x) => x.tanh(), points: [9, -20, 40, Infinity], slopes: [9, -20, 40, Infinity].map(sech2) },
  { name: 'sigmoid', f: (x) => x.sigmoid(), points: [20, -20, 80], slopes: [20, -20, 80].map(logistic) },
  { name: 'erf', f: (x) => x.erf(), points: [0, Infinity, 1e25], slopes: [2 / Math.sqrt(Math.PI), 0, 0] },
  {
    name: 'asin near 1',
    f: (x) => x.asin(),
    points: [1 - 2 ** -12],
    slopes: [1 / Math.sqrt(2 ** -11 - 2 ** -24)],
    dtypes: float32,
  },
];

/** Expects the slopes in reverse and in forward mode, on the current backend. */
export async function expectSlopes({ f, points, slopes }: SlopeCase, dtype: DType): Promise<void> {
  const x = tensor([...points], { dtype });
  const reverse = grad((x: Tensor) => f(x).sum())(x);
  const forward = jvp(f, [x], [ones(x.shape, { dtype })]).tangent;
  for (const actual of [await reverse.data(), await forward.data()]) {
    const near = slopes.map((slope, i) => {
      const error = Math.abs(actual[i]! - slope);
      return error <= (dtype === 'float32' ? 2e-6 : 1e-13) * Math.abs(slope) ? slope : actual[i];
    });
    expect(near).toEqual(slopes);
  }
}

const allDTypes: readonly DType[] = ['float32', 'float64'];

/** The cases of dtypes, with their names. */
export function slopesOf(dtypes: readonly DType[]): [name: string, dtype: DType, SlopeCase][] {
  return slopeCases.flatMap((each) =>
    (each.dtypes ?? allDTypes)
      .filter((dtype) => dtypes.includes(dtype))
      .map((dtype) => [each.name, dtype, each] as [string, DType, SlopeCase]),
  );
}
