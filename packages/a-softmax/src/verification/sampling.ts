// Reproducible random choices of pairs and galleries, from core's random streams.
import { random } from '@thetagrad/core';
import { checkInteger } from '@thetagrad/core/backend';

/**
 * The random stream of a seed.
 * @throws {RangeError} if the seed is not an integer in [0, 2³²).
 */
export function streamOf(operation: string, seed: number): random.Stream {
  checkInteger(operation, 'seed', seed, { min: 0, max: 0xffffffff });
  return random.key(seed).stream();
}

/** `count` distinct integers from [0, bound) in random order (Floyd's algorithm and a shuffle). */
export function sampleDistinct(count: number, bound: number, stream: random.Stream): number[] {
  const chosen = new Set<number>();
  for (let top = bound - count; top < bound; top++) {
    const candidate = stream.integer(top + 1);
    chosen.add(chosen.has(candidate) ? top : candidate);
  }
  return stream.shuffle([...chosen]);
}
