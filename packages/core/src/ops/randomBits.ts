import { load } from '../data/strided.ts';
import { positions } from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import { threefry } from '../scalar/threefry.ts';

/** Random int32 of any shape from a key of two int32: element i is the first word of Threefry of the counter (0, i). */
export const RandomBits: Routine<'randomBits'> = {
  kind: 'routine',
  name: 'randomBits',
  run: (output, _shape, [{ values, view }]) => {
    const words = positions(view);
    const key = [load(values, load(words, 0)), load(values, load(words, 1))] as const;
    for (let i = 0; i < output.length; i++) output[i] = threefry(key, 0, i)[0];
  },
};
