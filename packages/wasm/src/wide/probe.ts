// Finds out by running small kernels how wide the engine computes, and whether its answers are right.
import type { Features } from '../command.ts';
import { tileShape } from '../kernels/panels/tileShape.ts';
import { chainKernel, tileDepth, tileKernel, type ProbeKernel, type ProbeKernels } from './probeKernels.ts';

/** What to assemble kernels for, and if it is not wide, why. */
export interface Probe {
  readonly features: Features;
  readonly reason: string | undefined;
}

/** A sample of calls takes about this long. */
const sampleMs = 0.1;
/** The number of samples after the engine has optimized all kernels. */
const settledSamples = 6;
/** Kernels that engines optimize later, or never, are taken as they are. */
const [minMs, maxMs] = [12, 250];
/** An optimized tile is faster than the code that engines begin with at least by this factor. */
const optimizedSpeedup = 1.5;

/** A tile of paired vectors takes a third of the time when they are paired, and the same time when they are not. */
const widenedSpeedup = 1.6;
/** Six rows are a tenth faster than four, or slower where the engine runs out of registers, as Node 22 does. */
const spilledSlowdown = 1.07;

/** Takes some 20 milliseconds: kernels have to run until the engine has optimized them. */
export function probe(
  relaxed: boolean,
  mayWiden: boolean,
  kernels: ProbeKernels = { tile: tileKernel, chain: chainKernel },
): Probe {
  let reason: string | undefined;
  if (mayWiden) {
    // A fused multiply-add needs no register for the product.
    const features = { relaxed, wide: true, tileRows: relaxed ? 6 : 4 };
    reason = whyNotWide(features, kernels);
    if (reason === undefined) return { features, reason };
  }
  return { features: { relaxed, wide: false, tileRows: relaxed ? fastestTileRows(kernels) : 4 }, reason };
}

function whyNotWide(features: Features, { tile, chain }: ProbeKernels): string | undefined {
  const tiles = [tile(features, 'paired'), tile(features, 'single')] as const;
  const chains = [chain('paired'), chain('single')] as const;
  for (const { inputs } of tiles) fillExact(inputs);
  for (const { inputs } of chains) {
    fillInexact(inputs);
    inputs.set(special);
  }
  const [paired, single] = measureRates(tiles, chains) as [number, number];
  if (paired < widenedSpeedup * single) return 'the engine does not pair them';
  if (!isProduct(tiles[0], features)) return 'the engine pairs them but gets a known product wrong';
  // With rounding, too, in the same order of terms.
  for (const kernel of tiles) {
    fillInexact(kernel.inputs);
    kernel.run();
  }
  if (!areSame(tiles)) return 'the engine pairs them but rounds a product differently';
  return areSame(chains) ? undefined : 'the engine pairs them but gets a chain of operations wrong';
}

function fastestTileRows({ tile }: ProbeKernels): 4 | 6 {
  const tiles = [4, 6].map((tileRows) => tile({ relaxed: true, wide: false, tileRows }, 'paired'));
  const [four, six] = measureRates(tiles) as [number, number];
  return 4 * four > spilledSlowdown * 6 * six ? 4 : 6;
}

/** The highest rate of calls of each kernel once all are optimized. The others run as long, for the same reason. */
function measureRates(kernels: readonly ProbeKernel[], others: readonly ProbeKernel[] = []): number[] {
  const start = performance.now();
  const hasPassed = (ms: number): boolean => performance.now() - start > ms;
  // The first call compiles.
  for (const kernel of [...kernels, ...others]) kernel.run();
  const first = kernels.map((kernel) => Math.max(rateOf(kernel), rateOf(kernel)));
  const best = [...first];
  for (let settled = 0; (settled < settledSamples || !hasPassed(minMs)) && !hasPassed(maxMs);) {
    kernels.forEach((kernel, i) => (best[i] = Math.max(best[i]!, rateOf(kernel))));
    others.forEach(rateOf);
    if (best.every((rate, i) => rate > optimizedSpeedup * first[i]!)) settled++;
  }
  return best;
}

/** Calls per millisecond. Begins at a tick of the clock, which may be coarse. */
function rateOf(kernel: ProbeKernel): number {
  const edge = performance.now();
  let start = edge;
  while (start === edge) start = performance.now();
  let calls = 0;
  let now = start;
  while (now - start < sampleMs) {
    kernel.run();
    calls++;
    now = performance.now();
  }
  return calls / (now - start);
}

/** Arguments of a chain that take other branches of it. */
const special: readonly number[] = [
  0,
  -0,
  Infinity,
  -Infinity,
  NaN,
  1e-40,
  -1e-40,
  3e38,
  -3e38,
  1e9,
  -1e9,
  88.5,
  -103,
  0.5,
  1.5,
  2.5,
];

/** Multiples of 1/64 from −4 to 4: all products and sums are exact. */
function fillExact(inputs: Float32Array): void {
  let state = 1;
  for (let i = 0; i < inputs.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    inputs[i] = (state >>> 23) / 64 - 4;
  }
}

function fillInexact(inputs: Float32Array): void {
  fillExact(inputs);
  inputs.forEach((value, i) => (inputs[i] = value / (1 + (i % 7))));
}

/** Whether the results are the product of the panels. */
function isProduct({ inputs, results }: ProbeKernel, features: Features): boolean {
  const { rows, columns } = tileShape(features);
  const [a, b] = [inputs.subarray(0, rows * tileDepth), inputs.subarray(rows * tileDepth)];
  return results.every((sum, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let expected = 0;
    for (let k = 0; k < tileDepth; k++) expected += a[k * rows + i]! * b[k * columns + j]!;
    return sum === expected;
  });
}

/** Whether both kernels have computed the same bits, except in NaNs. */
function areSame([one, other]: readonly [ProbeKernel, ProbeKernel]): boolean {
  return one.results.every((value, i) => Object.is(value, other.results[i]));
}
