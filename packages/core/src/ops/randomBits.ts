import { load } from '../data/strided.ts';
import { positions } from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import type { Tensor } from '../graph/tensor.ts';
import { threefry, threefryExpression } from '../scalar/threefry.ts';
import { arange } from './creation.ts';
import { ternary } from './define.ts';

const word = { from: -(2 ** 31), to: 2 ** 31 - 1 };

/** The first word of Threefry of keys and counters, for random bits of many keys. */
const threefryBits = ternary({
  name: 'randomBits',
  dtypes: 'bitwise',
  value: (key0, key1, counter) => threefry([key0, key1], 0, counter)[0],
  lower: (key0, key1, counter) => threefryExpression([key0, key1], 0, counter)[0],
  derivatives: 'zero',
  domain: [word, word, word],
});

/** Random int32 of any shape from a key of two int32: element i is the first word of Threefry of the counter (0, i). */
export const RandomBits: Routine<'randomBits'> = {
  kind: 'routine',
  name: 'randomBits',
  run: (output, _shape, [{ values, view }]) => {
    const words = positions(view);
    const key = [load(values, load(words, 0)), load(values, load(words, 1))] as const;
    for (let i = 0; i < output.length; i++) output[i] = threefry(key, 0, i)[0];
  },
  batch: ([keys], _isBatched, { shape, size: count }, size) => {
    const [key0, key1] = [0, 1].map((i) => keys.slice([null, i]).reshape([size, ...shape.map(() => 1)])) as [
      Tensor,
      Tensor,
    ];
    return threefryBits(key0, key1, arange(count, { dtype: 'int32' }).reshape(shape));
  },
};
