import { grad, jvp, tensor, type DType, type Tensor } from '@thetagrad/core';
import { expect } from 'vitest';

/** A function of one tensor at a point, with what is right there by another formula. */
export interface Row {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly x: readonly number[];
  /** The elements of f(x). Default: not compared. */
  readonly value?: readonly number[];
  /** The gradient of the sum of f(x)'s elements. Default: not compared. */
  readonly gradient?: readonly number[];
  /** Default: float32 and float64. */
  readonly dtypes?: readonly DType[];
}

const tolerance: Partial<Record<DType, number>> = { float32: 2e-6, float64: 1e-13 };

function expectNear(actual: ArrayLike<number>, expected: readonly number[], dtype: DType): void {
  const near = Array.from(actual, (value, i) => {
    const target = expected[i]!;
    return Math.abs(value - target) <= tolerance[dtype]! * Math.abs(target) ? target : value === 0 ? 0 : value;
  });
  expect(near).toEqual(expected);
}

/** Expects the row's value, and its gradient in reverse and in forward mode, on the current backend. */
export async function expectRow({ f, x, value, gradient }: Row, dtype: DType): Promise<void> {
  const point = tensor([...x], { dtype });
  if (value) expectNear(await f(point).data(), value, dtype);
  if (!gradient) return;
  expectNear(await grad((x: Tensor) => f(x).sum())(point).data(), gradient, dtype);
  const along = x.map((_, i) => i + 1);
  const { tangent } = jvp(f, [point], [tensor(along, { dtype })]);
  const directional = gradient.reduce((sum, slope, i) => sum + slope * along[i]!, 0);
  const size = gradient.reduce((sum, slope, i) => sum + Math.abs(slope) * along[i]!, 0);
  const forward = await tangent.sum().item();
  expect(Math.abs(forward - directional)).toBeLessThanOrEqual(4 * tolerance[dtype]! * size);
}
