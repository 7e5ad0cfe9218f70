// Shapes and contractions, what tables of values cannot say: plans, plain results, and what wrong arguments throw.
import { explain, ones } from '@thetagrad/core';
import { expect, test } from 'vitest';
import { broadcastShapes, diagonal, einsum, geomspace, kaiser, meshgrid, multiDot, roll } from '../src/index.ts';
import { contractionErrors } from './cases/contractionErrors.ts';
import { shapeErrors } from './cases/shapeErrors.ts';

test('broadcastShapes', () => {
  expect(broadcastShapes([2, 1], [3], [])).toEqual([2, 3]);
  expect(broadcastShapes()).toEqual([]);
  expect(broadcastShapes([0, 1], [1, 1])).toEqual([0, 1]);
});

test('kaiser goes over to the asymptotic series without a jump', () => {
  // Near the middle the window is e^(−β t² / 2).
  for (const beta of [499, 500.0001, 2000]) {
    const [, before, middle] = kaiser(2001, beta, { dtype: 'float64' }).dataSync().slice(998);
    expect([before, middle]).toEqual([expect.closeTo(Math.exp(-beta / 2e6), 6), 1]);
  }
});

test('einsum of two operands is the product alone', () => {
  const kernels = (equation: string, ...shapes: readonly (readonly number[])[]): string[] =>
    explain(einsum(equation, ...shapes.map((shape) => ones(shape)))).kernels.map(({ name }) => name);
  expect(kernels('ij,jk->ik', [2, 3], [3, 4])).toEqual(['matmul']);
  expect(kernels('ij,jk->ki', [2, 3], [3, 4])).toEqual(['matmul']);
  expect(kernels('bij,jk->bik', [2, 3, 4], [4, 5])).toEqual(['matmul']);
  expect(kernels('bhid,bhjd->bhij', [2, 3, 4, 5], [2, 3, 6, 5])).toEqual(['matmul']);
  expect(kernels('bi,bj->bij', [2, 3], [2, 4])).toEqual(['mul']);
});

test('views cost no kernel', () => {
  const kernels = (...results: Parameters<typeof explain>): string[] =>
    explain(...results).kernels.map(({ name }) => name);
  expect(kernels(diagonal(ones([8, 9]).add(1)).exp())).toEqual(['add → exp']);
  expect(kernels(meshgrid([ones([8]), ones([9])])[0]!.exp())).toEqual(['exp']);
  expect(kernels(roll(ones([8]), 8, 0).exp())).toEqual(['exp']);
});

test('geomspace takes ends whose quotient overflows', () => {
  const [first, middle, last] = geomspace(1e-300, 1e300, 3, { dtype: 'float64' }).dataSync();
  expect([first! * 1e300, middle, last! / 1e300]).toEqual([1, 1, 1].map((value) => expect.closeTo(value, 12)));
});

test('einsum and multiDot multiply in the order that needs the fewest multiplications', () => {
  const multiplyAdds = (result: ReturnType<typeof ones>): number =>
    explain(result).kernels.reduce((total, kernel) => total + kernel.multiplyAdds, 0);
  const [a, b, v] = [ones([20, 30]), ones([30, 40]), ones([40])];
  expect(multiplyAdds(einsum('ij,jk,k->i', a, b, v))).toBe(30 * 40 + 20 * 30);
  expect(multiplyAdds(multiDot([a, b, v]))).toBe(30 * 40 + 20 * 30);
  expect(multiplyAdds(einsum('bij,bjk->bik', ones([3, 4, 5]), ones([3, 5, 6])))).toBe(3 * 4 * 5 * 6);
  // More operands than the exact search takes.
  const chain = Array.from({ length: 9 }, () => ones([20, 20]));
  expect(multiplyAdds(einsum('ab,bc,cd,de,ef,fg,gh,hi,ij,j->a', ...chain, ones([20])))).toBe(9 * 20 ** 2);
});

test.each([...contractionErrors, ...shapeErrors])('a bad call is an error that says so: %#', (call, message) => {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(String(thrown).slice(0, message.length)).toBe(message);
});
