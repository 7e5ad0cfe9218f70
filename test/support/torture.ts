/** The factor by which `npm run torture` multiplies the runs of fuzzes. */
const factor = Number(globalThis.process?.env['TORTURE'] ?? 1);

/** How often a test of faults repeats that does so `count` times in `npm test`. */
export function repetitions(count: number): number {
  return Math.ceil(count * factor);
}

/** The parameters of fast-check's `assert` for such a fuzz. */
export function fuzz(count: number): { numRuns: number } {
  return { numRuns: repetitions(count) };
}
