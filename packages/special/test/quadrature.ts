// Numerical integration, from which the tests take values that share no formula with the package.

const step = 1 / 32;

/** The integral over (from, to) by the tanh–sinh rule (Takahasi and Mori 1974). `f` also gets the distance to the nearer end. */
export function integrate(f: (x: number, distance: number) => number, from: number, to: number): number {
  const half = (to - from) / 2;
  let sum = 0;
  for (let k = -6 / step; k <= 6 / step; k++) {
    const t = k * step;
    const u = (Math.PI / 2) * Math.sinh(t);
    const distance = (2 * half) / (1 + Math.exp(2 * Math.abs(u)));
    if (distance === 0) continue;
    const x = u < 0 ? from + distance : to - distance;
    const value = f(x, distance) * (Math.cosh(t) / Math.cosh(u) ** 2);
    if (Number.isFinite(value)) sum += value;
  }
  return sum * step * (Math.PI / 2) * half;
}

/** The mean of a function over angles from 0 to π, of period 2π and even: by the trapezoidal rule, which converges exponentially. */
export function meanOverAngles(f: (angle: number) => number): number {
  const count = 64;
  let sum = (f(0) + f(Math.PI)) / 2;
  for (let k = 1; k < count; k++) sum += f((Math.PI * k) / count);
  return sum / count;
}

/** The integral over (0, ∞) of a function that decays as e^(−x) or faster from `from` on. */
export function integrateTail(f: (x: number) => number, from = 0): number {
  return (
    integrate(f, from, from + 2) +
    integrate(f, from + 2, from + 10) +
    integrate(f, from + 10, from + 60) +
    integrate(f, from + 60, from + 400)
  );
}
