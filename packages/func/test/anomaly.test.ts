import { grad, tensor, valueAndGrad, Variable, where, type Tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { AnomalyError, detectAnomaly } from '../src/index.ts';

async function anomalyOf(f: () => unknown): Promise<AnomalyError> {
  const error: unknown = await detectAnomaly(f).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AnomalyError);
  return error as AnomalyError;
}

describe('detectAnomaly', () => {
  test('returns what is finite, also where NaN and infinities are left out', async () => {
    const f = (): { y: Tensor; n: Tensor } => {
      const x = tensor([1, 0]);
      return { y: where(x.greater(0), x.log(), 0), n: x.argmax() };
    };
    const { y, n } = await detectAnomaly(f);
    expect([y.toArraySync(), n.itemSync()]).toEqual([[0, 0], 0]);
  });

  test('names the operation, the element, the ranges of its inputs and the line', async () => {
    const x = tensor([
      [1, 2],
      [-3, 4],
    ]);
    const error = await anomalyOf(() => x.mul(2).log().sum());
    expect(error.operation).toBe('log');
    expect(error.message).toMatch(
      /^detectAnomaly: log gives NaN at \[1, 0\] of float32\[2, 2\] \(1 of 4\), from float32\[2, 2\] in \[-6, 8\]; called at /,
    );
    expect(error.line).toContain('anomaly.test.ts');
  });

  test('in the backward pass', async () => {
    // √x is finite at 0, its slope is not.
    const error = await anomalyOf(() => grad((x: Tensor) => x.sqrt().mul(x.add(1)).sum())(tensor([4, 0])));
    expect(error.operation).toBe('strongDiv');
    expect(error.message).toContain('an infinity at [1]');
    expect(error.line).toContain('anomaly.test.ts');
  });

  test('of a step with variables', async () => {
    const w = new Variable(tensor([3e38, 1]), { name: 'w' });
    const error = await anomalyOf(() => valueAndGrad({ w }, () => w.value.mul(10).sum())());
    expect(error.operation).toBe('mul');
  });

  test('of data', async () => {
    const error = await anomalyOf(() => tensor([1, NaN]).add(1));
    expect(error.message).toBe(
      'detectAnomaly: NaN comes from a tensor float32[2] that was given, not from an operation',
    );
  });

  test('passes errors on, and stops observing', async () => {
    await expect(detectAnomaly(() => Promise.reject(new RangeError('mine')))).rejects.toThrow('mine');
    await expect(detectAnomaly(3 as never)).rejects.toThrow(/^detectAnomaly: expected a function/);
    expect(tensor([1]).log().toArraySync()).toEqual([0]);
  });
});
