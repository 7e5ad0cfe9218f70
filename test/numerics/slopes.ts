// Slopes where the chain rule meets 0 · ∞, and where a formula could leave the range of numbers on its way. Expected are known
// limits, or formulas in double precision.
import { stopGradient, tensor, where, type Tensor } from '@thetagrad/core';
import type { Row } from './row.ts';

/** A function that has no slope at `pole`, behind a choice that takes another there, and at `point`. */
const chosen = (name: string, f: (x: Tensor) => Tensor, pole: number, point: number, slope: number): Row[] => [
  {
    name: `${name} behind where`,
    f: (x) => where(x.notEqual(pole), f(x), 3),
    x: [pole, point],
    gradient: [0, slope],
  },
  {
    name: `${name} multiplied by 0`,
    f: (x) => f(x).mul(x.notEqual(pole).astype(x.dtype)).add(x),
    x: [pole, point],
    gradient: [1, 1 + slope],
  },
];

const sech2 = (x: number): number => 1 / Math.cosh(x) ** 2;
const logistic = (x: number): number => 1 / ((1 + Math.exp(x)) * (1 + Math.exp(-x)));

export const slopes: readonly Row[] = [
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
  { name: '√ below a maximum', f: (x) => x.sqrt().maximum(1), x: [0, 4], gradient: [0, 0.25] },
  { name: '√ above a minimum', f: (x) => x.sqrt().neg().minimum(-1), x: [0, 4], gradient: [0, -0.25] },
  { name: '√ below a clip', f: (x) => x.sqrt().clip(1, 3), x: [0, 4], gradient: [0, 0.25] },
  { name: 'x·√x', f: (x) => x.mul(x.sqrt()), x: [0, 4], gradient: [0, 3] },
  { name: '√(x²)', f: (x) => x.square().sqrt(), x: [0, -4], gradient: [0, -1] },
  { name: 'atan2(x, 0)', f: (x) => x.atan2(0), x: [0, 2], gradient: [0, 0] },
  { name: 'atan2(x, x)', f: (x) => x.atan2(stopGradient(x)), x: [1e-25, 1e25], gradient: [5e24, 5e-26] },
  { name: 'asinh', f: (x) => x.asinh(), x: [0, 1e22, -1e22, 1e10], gradient: [1, 1e-22, 1e-22, 1e-10] },
  { name: 'asinh', f: (x) => x.asinh(), x: [1e200], gradient: [1e-200], dtypes: ['float64'] },
  { name: 'acosh', f: (x) => x.acosh(), x: [1e22, 1e10], gradient: [1e-22, 1e-10] },
  { name: 'acosh', f: (x) => x.acosh(), x: [1e200], gradient: [1e-200], dtypes: ['float64'] },
  { name: 'atan', f: (x) => x.atan(), x: [1e15, -1e15, Infinity], gradient: [1e-30, 1e-30, 0] },
  { name: '1/x', f: (x) => x.reciprocal(), x: [1e18, -Infinity], gradient: [-1e-36, 0] },
  { name: 'tanh', f: (x) => x.tanh(), x: [9, -20, 40, Infinity], gradient: [9, -20, 40, Infinity].map(sech2) },
  { name: 'sigmoid', f: (x) => x.sigmoid(), x: [20, -20, 80], gradient: [20, -20, 80].map(logistic) },
  { name: 'erf', f: (x) => x.erf(), x: [0, Infinity, 1e25], gradient: [2 / Math.sqrt(Math.PI), 0, 0] },
  {
    name: 'asin near 1',
    f: (x) => x.asin(),
    x: [1 - 2 ** -12],
    gradient: [1 / Math.sqrt(2 ** -11 - 2 ** -24)],
    dtypes: ['float32'],
  },
];
