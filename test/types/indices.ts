// Checked by `npm run typecheck`: what `at` and the arguments that are indices accept.
import { clip, oneHot, type Index, type Tensor } from '@thetagrad/core';
import { atSet } from '@thetagrad/ops';

declare const x: Tensor, i: number, mask: boolean[][], rows: readonly (readonly number[])[];

x.at();
x.at(0, ':', '1:-1', '::-2', '...', 'newaxis', [1, 2], rows, mask, [true], x, Int32Array.of(1));
x.at(`${i}:${i + 3}`, `:${i}:2`);
const index: Index[] = [0, '1:'];
x.at(...index);
atSet(x, index, 1);
atSet(x, [x, '...', -1], x);

// @ts-expect-error -- not a range
x.at('1-2');
// @ts-expect-error -- NumPy's newaxis is 'newaxis'
x.at(null);
// @ts-expect-error -- a range of slice
x.at([1, null]);
// @ts-expect-error -- not an array of arguments
atSet(x, 0, 1);

x.take(0);
x.take([[0, -1]], 1);
x.takeAlongAxis(rows);
oneHot([1, 0], 3);
// @ts-expect-error -- floats
x.take(Float32Array.of(1));
// @ts-expect-error -- a mask
x.take([true]);

x.clip(0);
x.clip(null, 1);
clip(x, undefined, x);
// @ts-expect-error -- not a bound
x.clip('0');
