/** Numbers as a reader sees them. */

/** 0.0312 → "3.12%". */
export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** An angle in radians, in degrees: π/3 → "60.0°". */
export function degrees(radians: number, digits = 1): string {
  return `${toDegrees(radians).toFixed(digits)}°`;
}

export function toDegrees(radians: number): number {
  return (radians * 180) / Math.PI;
}

/** Up to 3 decimals, and ∞ where a score has no bound. */
export function score(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : value > 0 ? '∞' : '–';
}

/** 8.25 → "8.3 s", 95 → "1 min 35 s". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** 12345 → "12,345". */
export function count(value: number): string {
  return value.toLocaleString('en-GB');
}
