// Slopes where the chain rule meets 0 · ∞, and where a formula could leave the range of numbers on its way.
import { describe, expect, test } from 'vitest';
import { expectSlopes, slopesOf } from '../../../test/support/slopes.ts';
import { grad, jvp, ones, tensor, type Tensor } from '../src/index.ts';

describe('slopes', () => {
  test.each(slopesOf(['float32', 'float64']))('%s of %s', (_name, dtype, each) => expectSlopes(each, dtype));
});

test('what a reduction does not choose has the slope 0, and shared zeros meet', async () => {
  const x = tensor([0, 4, 0]);
  const slopesOfReduction = (f: (x: Tensor) => Tensor): Promise<unknown> => grad(f)(x).toArray();
  expect(await slopesOfReduction((x) => x.sqrt().max())).toEqual([0, 0.25, 0]);
  expect(await slopesOfReduction((x) => x.sqrt().neg().min())).toEqual([0, -0.25, 0]);
  expect(await slopesOfReduction((x) => x.sqrt().prod())).toEqual([0, 0, 0]);
  expect(await jvp((x) => x.sqrt().prod(), [x], [ones([3])]).tangent.item()).toBe(0);
});

test('a cotangent that happens to be 0 keeps its second derivative', async () => {
  const second = grad((x: Tensor) => grad((x: Tensor) => x.sin().pow(2))(x));
  expect(await second(tensor(0)).item()).toBe(2);
});
