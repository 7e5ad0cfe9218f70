/**
 * A small seeded generator (mulberry32) for choosing pairs and galleries: these choices are part of a protocol, so they
 * must come out the same everywhere, whatever else a program draws.
 */

import { requireInteger } from './rows.ts';

export interface Generator {
  /** A uniform integer in [0, bound), bound up to 2⁵³. */
  below(bound: number): number;
}

export function generator(operation: string, seed: number): Generator {
  requireInteger(operation, 'seed', seed, 0, 0xffffffff);
  let state = seed >>> 0;
  const bits = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (z ^ (z >>> 14)) >>> 0;
  };
  return {
    below(bound) {
      const high = bits() >>> 5;
      return Math.floor(((high * 67108864 + (bits() >>> 6)) / 9007199254740992) * bound);
    },
  };
}

/** Shuffles an array in place (Fisher and Yates). */
export function shuffle<T extends { length: number; [index: number]: number }>(items: T, random: Generator): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = items[i]!;
    items[i] = items[j]!;
    items[j] = held;
  }
  return items;
}

/** `count` different integers from [0, bound) in random order (Floyd's algorithm, then a shuffle). */
export function sampleDistinct(count: number, bound: number, random: Generator): number[] {
  const chosen = new Set<number>();
  for (let top = bound - count; top < bound; top++) {
    const candidate = random.below(top + 1);
    chosen.add(chosen.has(candidate) ? top : candidate);
  }
  return shuffle([...chosen], random);
}
