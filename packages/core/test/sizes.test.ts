// Tensors with more elements than arrays can have: views of them can be reduced; what would have to be stored is an error.
import { expect, test } from 'vitest';
import { arange, conv2d, full, linspace, ones, random, tensor, type Tensor } from '../src/index.ts';

const huge = full([70_000, 70_000], 1);

test.each<[string, string, () => Tensor]>([
  ['exp', '[70000, 70000] gives 4900000000 elements, 19600000000 bytes', () => huge.mul(0.5).exp()],
  ['cast', '[70000, 70000] gives 4900000000 elements, 19600000000 bytes', () => huge],
  [
    'matmul',
    '[70000, 70000] gives 4900000000 elements, 19600000000 bytes',
    () => ones([70_000, 1]).matmul(ones([1, 70_000])),
  ],
  [
    'matmul',
    '[300000, 300000] gives 90000000000 elements',
    () =>
      ones([300_000, 1])
        .matmul(ones([1, 300_000]))
        .sum(),
  ],
  ['scan', '[70000, 70000] gives 4900000000 elements', () => huge.cumsum().sum()],
  ['argsort', '[70000, 70000] gives 4900000000 elements', () => huge.argsort()],
  ['randomBits', '[70000, 70000] gives 4900000000 elements', () => random.uniform(random.key(1), huge.shape).sum()],
  ['convolution', '[1, 1, 70000, 70000] gives', () => conv2d(full([1, 1, 70_000, 70_000], 1), ones([1, 1, 1, 1]))],
  ['sum', '[70000, 70000, 70000] gives 4900000000 elements', () => full([70_000, 70_000, 70_000], 1).sum(2)],
])('%s of shape %s: an error at once', async (name, size, build) => {
  const message = await build()
    .data()
    .then(
      () => 'none',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  expect(message).toContain(`RangeError: evaluate: ${name} of shape ${size}`);
  expect(message).toMatch(/the backend '\w+' allows 2147483647 elements in an array; compute it in parts$/);
});

test('a view is reduced without storing it, also where its rows cannot be joined', async () => {
  expect(await full([60_000, 3000], 1).sum().item()).toBe(1.8e8);
  const x = arange(20_000).astype('float32');
  expect(await x.expandDims(1).add(x).max().item()).toBe(39_998);
  expect(await x.expandDims(1).less(x).sum().item()).toBe((20_000 * 19_999) / 2);
  expect(await huge.mul(2).slice([5, 6]).item()).toBe(2);
});

test('numbers of elements are checked where a tensor is made', () => {
  expect(() => linspace(0, 1, 5e9)).toThrow('linspace: count must be an integer from 0 to 2147483647, got 5000000000');
  expect(() => arange(0, 5e9, 1, { dtype: 'float64' })).toThrow(
    'arange: the number of elements must be an integer ≤ 2147483647, got 5000000000',
  );
  expect(() => huge.argmax()).toThrow('argmax: an index among 4900000000 elements may not be int32');
  expect(tensor([1]).argmax().itemSync()).toBe(0);
});
