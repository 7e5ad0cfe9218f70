import { tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { testOperations } from '../../../test/support/testOperations.ts';
import * as image from '../src/index.ts';
import { images } from './cases/images.ts';
import { interpolation } from './cases/interpolation.ts';
import { sampling } from './cases/sampling.ts';

testOperations(image, [...interpolation, ...sampling, ...images], ['nms']);

describe('nms', () => {
  // Boxes 0 and 1 overlap by 12 / 16, 1 and 2 by 8 / 20, 0 and 2 by 12 / 20; 3 is 0 again, 4 is empty, and 5 lies apart.
  const boxes = tensor([
    [0, 0, 4, 4],
    [0, 0, 4, 3],
    [0, 1, 4, 5],
    [0, 0, 4, 4],
    [2, 2, 2, 2],
    [9, 9, 10, 11],
  ]);
  const scores = tensor([0.5, 0.9, 0.25, 0.5, 0.75, NaN]);

  test.each<[number, image.NmsOptions, number[]]>([
    [1, {}, [1, 4, 0, 3, 2, 5]],
    [0.75, {}, [1, 4, 0, 2, 5]],
    [0.5, {}, [1, 4, 2, 5]],
    [0.4, {}, [1, 4, 2, 5]],
    [0.3, {}, [1, 4, 5]],
    [1, { scoreThreshold: 0.5 }, [1, 4]],
    [0.5, { maxOutputSize: 2 }, [1, 4]],
    [0.5, { maxOutputSize: 0 }, []],
  ])('threshold %d, %o', async (threshold, options, expected) => {
    expect((await image.nms(boxes, scores, threshold, options)).toArraySync()).toEqual(expected);
  });

  test('errors', async () => {
    await expect(image.nms(boxes, scores, 2)).rejects.toThrow('nms: iouThreshold must be between 0 and 1, got 2');
    await expect(image.nms(scores, boxes, 0.5)).rejects.toThrow(
      'nms: expected boxes [N, 4] and scores [N], got [6] and [6, 4]',
    );
  });
});
