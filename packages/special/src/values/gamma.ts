// The gamma function, its logarithm and the derivative of that, in double precision. Polynomials are fits near the minimax ones,
// with relative errors below 4e-17; Stirling's series are DLMF 5.11.1 and 5.11.2.
import { polynomial } from '@thetagrad/core/backend';
import { sinPi } from './elementary.ts';

// prettier-ignore
/** log Γ(1 + t) / t, for |t| ≤ ½. */
const nearOne = [-0.5772156649015329, 0.8224670334241132, -0.4006856343865406, 0.2705808084277935, -0.2073855510262953, 0.16955717699509998, -0.14404989701106719, 0.1255096697597847, -0.1113342530365414, 0.10009944506030896, -0.09095442301348973, 0.08335423437020126, -0.07692423568567124, 0.07142491150665906, -0.06678275881746833, 0.0626116167474043, -0.057737256640806416, 0.054501409023364235, -0.059850048562680856, 0.057003000096539545, -0.014509338086091672, 0.01333577663873192, -0.14497971020532596, 0.14011729595820724, 0.1528715168258553, -0.14857260899606312, -0.22471180158915516, 0.21762817640022097];
// prettier-ignore
/** log Γ(2 + t) / t, for |t| ≤ ½. */
const nearTwo = [0.42278433509846713, 0.3224670334241132, -0.06735230105319563, 0.02058080842778338, -0.007385551028935545, 0.002890510330865901, -0.0011927539009983087, 0.0005096695196526673, -0.00022315497746292723, 9.945761692157133e-5, -4.4923727564247656e-5, 2.050601970174762e-5, -9.45628851510172e-6, 4.3828545383846665e-6, -1.9743106888421067e-6, 9.242852225162277e-7, -5.811277768921246e-7, 2.7475390051909663e-7];
// prettier-ignore
/** 1 / Γ(2 + t), for |t| ≤ ½. */
const reciprocal = [1.0, -0.4227843350984671, -0.23309373642178305, 0.19109110138767293, -0.024552490005633393, -0.017645244548956805, 0.008023273027720768, -0.0008043298040942826, -0.0003608378756101529, 0.00014559646753133229, -1.754554308599748e-5, -2.5909017662760386e-6, 1.337772304865995e-6, -1.9994104549517798e-7];
// prettier-ignore
/** ψ(3/2 + t) / (3/2 + t − its zero), for |t| ≤ ½. */
const overZero = [0.951055876031833, -0.4236274212814605, 0.2405424842407742, -0.14840492305390884, 0.09498872445494122, -0.061922133273064534, 0.04076083381242074, -0.02697579675613825, 0.0179072524394512, -0.011908218001568644, 0.007926944646403797, -0.005279964873257405, 0.003519006401502276, -0.002345267632540769, 0.0015566317474486838, -0.0010376374098418604, 0.0007233266279287554, -0.0004821990530566789, 0.0002272331660987376, -0.00015148586836773365, 0.00025968482126430747, -0.00017312261802727394];

/** The positive zero of ψ, as a sum. */
const [zero, zeroError] = [1.4616321449683622, 9.549995429965697e-17];

/** The terms of Stirling's series for log Γ, times x, in 1/x². */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
/** The terms of the series for ψ, in 1/x². */
const psiSeries = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];

/** The error of Stirling's formula, log Γ(x) − (x − ½) log x + x − ½ log 2π, for x ≥ 10. */
export function stirlingError(x: number): number {
  return polynomial(1 / (x * x), stirling) / x;
}

/** log Γ(1 + x) for −½ ≤ x ≤ ½ without cancellation, and larger x. */
export function lgamma1pOf(x: number): number {
  return x <= 0.5 ? x * polynomial(x, nearOne) : lgammaOf(1 + x);
}

/** The logarithm of |Γ(x)|. */
export function lgammaOf(x: number): number {
  if (!(Math.abs(x) < Infinity)) return x * x;
  if (x < 0) {
    const sine = Math.abs(sinPi(x));
    return sine === 0 ? Infinity : Math.log(Math.PI / (-x * sine)) - lgammaOf(-x);
  }
  if (x < 0.5) return lgamma1pOf(x) - Math.log(x);
  if (x < 1.5) return (x - 1) * polynomial(x - 1, nearOne) + 0;
  if (x >= 10) return (x - 0.5) * (Math.log(x) - 1) + (0.5 * Math.log(2 * Math.PI) - 0.5 + stirlingError(x));
  let [product, rest] = [1, x];
  while (rest >= 2.5) product *= --rest;
  return Math.log(product) + (rest - 2) * polynomial(rest - 2, nearTwo);
}

/** Γ(x). */
export function gammaOf(x: number): number {
  if (x === 0) return 1 / x;
  if (x < 0 && Number.isInteger(x)) return NaN;
  if (x < -20) return reflectedGamma(-x);
  if (x > 172) return Infinity;
  let [rest, divisor] = [x, 1];
  while (rest < 1.5) divisor *= rest++;
  while (rest >= 2.5) rest--;
  let result = 1 / (divisor * polynomial(rest - 2, reciprocal));
  for (; rest < x; rest++) result *= rest;
  return result;
}

/** Γ(−y) = −π / (y sin πy Γ(y)), for y > 20. */
function reflectedGamma(y: number): number {
  const sine = sinPi(-y);
  if (y === Infinity) return NaN;
  if (y > 200) return sine / Infinity;
  let rest = y;
  while (rest > 160) rest--;
  let result = Math.PI / (sine * gammaOf(rest));
  for (; rest <= y; rest++) result /= rest;
  return result;
}

/** The derivative ψ(x) of log Γ(x). */
export function digammaOf(x: number): number {
  if (x === 0) return -1 / x;
  if (x < 0) return Number.isInteger(x) || x === -Infinity ? NaN : digammaOf(1 - x) - Math.PI * cotPi(x);
  if (x < 1) return digammaOf(1 + x) - 1 / x;
  if (x >= 10) {
    const z = 1 / (x * x);
    return Math.log(x) - 0.5 / x - z * polynomial(z, psiSeries);
  }
  let [sum, rest] = [0, x];
  while (rest > 2) sum += 1 / --rest;
  return sum + (rest - zero - zeroError) * polynomial(rest - 1.5, overZero);
}

/** cot πx. */
export function cotPi(x: number): number {
  const offset = x - Math.round(x);
  return Math.abs(offset) <= 0.25
    ? 1 / Math.tan(Math.PI * offset)
    : Math.tan(Math.PI * (Math.sign(offset) * 0.5 - offset));
}

/** log B(x, y) for the beta function B(x, y) = Γ(x) Γ(y) / Γ(x + y). */
export function betalnOf(x: number, y: number): number {
  if (Number.isNaN(x + y)) return NaN;
  const [small, large] = x < y ? [x, y] : [y, x];
  if (!(small > 0) || !(large < Infinity)) {
    if (small > 0) return -Infinity;
    return small === 0 ? Infinity : lgammaOf(small) + lgammaOf(large) - lgammaOf(small + large);
  }
  const sum = small + large;
  if (large < 10) return lgammaOf(small) + lgammaOf(large) - lgammaOf(sum);
  // Differences of Stirling's formula (DiDonato and Morris 1992, algorithm 708, BETALN).
  const error = stirlingError(large) - stirlingError(sum);
  const logarithm = Math.log1p(small / large);
  if (small < 10) return lgammaOf(small) + small * (1 - Math.log(sum)) - (large - 0.5) * logarithm + error;
  const powers = (small - 0.5) * Math.log(small / sum) - large * logarithm;
  return powers + 0.5 * Math.log((2 * Math.PI) / large) + stirlingError(small) + error;
}
