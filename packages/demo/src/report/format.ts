/** Formats numbers for display. */

/** 0.0312 → "3.12%". */
export function formatPercent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** Angle in radians: π/3 → "60.0°". */
export function formatDegrees(radians: number, digits = 1): string {
  return `${toDegrees(radians).toFixed(digits)}°`;
}

/** Converts radians to degrees. */
export function toDegrees(radians: number): number {
  return (radians * 180) / Math.PI;
}

/** Three decimals, or ∞ for an unbounded score. */
export function formatScore(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : value > 0 ? '∞' : '–';
}

/** 0.001 → "0.1%", without trailing zeros. */
export function formatRate(rate: number): string {
  return `${Number((100 * rate).toPrecision(6))}%`;
}

/** 8.25 → "8.3 s", 95 → "1 min 35 s". */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** 12345 → "12,345". */
export function formatCount(value: number): string {
  return value.toLocaleString('en-GB');
}

/** Keeps formulas such as "m = 4" on one line. */
export function keepFormulas(text: string): string {
  return text.replaceAll(/(\w) = (\d)/g, '$1\u00A0=\u00A0$2');
}
