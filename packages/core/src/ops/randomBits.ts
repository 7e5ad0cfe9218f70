import { positions } from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import { threefry } from '../scalar/threefry.ts';

/** Random int32 of any shape from a key of two int32: element i is the first word of Threefry for the counter (0, i). */
export const randomBits: Routine = {
  kind: 'routine',
  name: 'randomBits',
  run: (output, _shape, [key]) => {
    const [first, second] = positions(key!.view);
    const words = [key!.values[first!]!, key!.values[second!]!] as const;
    for (let i = 0; i < output.length; i++) output[i] = threefry(words, 0, i)[0];
  },
};
