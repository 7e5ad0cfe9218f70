/** The factor by which `npm run torture` multiplies the runs of fuzzes. */
const factor = Number(process.env['TORTURE'] ?? 1);

/** The number of runs of a fuzz that does `count` in `npm test`. */
export function runs(count: number): number {
  return count * factor;
}

/** The parameters of fast-check's `assert` for such a fuzz. */
export function fuzz(count: number): { numRuns: number } {
  return { numRuns: runs(count) };
}
