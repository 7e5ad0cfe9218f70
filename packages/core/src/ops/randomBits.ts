import { positions } from '../data/shape.ts';
import type { Routine } from '../graph/records.ts';

/**
 * Threefry-2x32 with 20 rounds: a bijection of two 32-bit words for each key, whose outputs pass for random.
 * (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.)
 */
export function threefry(key0: number, key1: number, counter0: number, counter1: number): readonly [number, number] {
  const keys = [key0, key1, key0 ^ key1 ^ 0x1bd11bda];
  let x = (counter0 + key0) | 0;
  let y = (counter1 + key1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round % 8]!;
    x = (x + y) | 0;
    y = ((y << rotation) | (y >>> (32 - rotation))) ^ x;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = (x + keys[injection % 3]!) | 0;
      y = (y + keys[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x, y];
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/** Random int32 of any shape from a key of two int32: element i is a function of the key and i alone. */
export const randomBits: Routine = {
  kind: 'routine',
  name: 'randomBits',
  run: (output, _shape, [key]) => {
    const [first, second] = positions(key!.view);
    const key0 = key!.values[first!]!;
    const key1 = key!.values[second!]!;
    for (let i = 0; i < output.length; i++) output[i] = threefry(key0, key1, 0, i)[0];
  },
};
