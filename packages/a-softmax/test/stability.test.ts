import { evaluateSync, grad, tensor, type Tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { aSoftmaxLogits, aSoftmaxLoss, modifiedSoftmaxLoss } from '../src/losses.ts';
import { expectedLogits, expectedLoss, family, type Member, type Sample, tensorsOf } from './family.ts';

/** The loss, its gradients, and the gradients of their squared norm. */
function derivatives(member: Pick<Member, 'loss'>, sample: Sample, dtype: 'float32' | 'float64' = 'float32') {
  const { features, weight, labels } = tensorsOf(sample, dtype);
  const first = grad((inputs: { x: Tensor; w: Tensor }) => member.loss(inputs.x, inputs.w, labels));
  const second = grad((inputs: { x: Tensor; w: Tensor }) => {
    const { x, w } = first(inputs);
    return x.square().sum().add(w.square().sum());
  });
  const at = { x: features, w: weight };
  const all = { value: member.loss(features, weight, labels), first: first(at), second: second(at) };
  evaluateSync(all);
  return {
    value: all.value.itemSync(),
    first: { x: [...all.first.x.dataSync()], w: [...all.first.w.dataSync()] },
    second: { x: [...all.second.x.dataSync()], w: [...all.second.w.dataSync()] },
  };
}

function numbers({ value, first, second }: ReturnType<typeof derivatives>): number[] {
  return [value, ...first.x, ...first.w, ...second.x, ...second.w];
}

const weight = [
  [1, 2, 2],
  [-2, 1, 0],
  [0, 0.5, -1],
];
const zero = [0, 0, 0];

describe.each(family)('$name', (member) => {
  test.each<[string, Sample]>([
    ['a feature of zeros', { features: [zero], weight, labels: [1] }],
    ['a feature of zeros among others', { features: [[1, 0, 2], zero], weight, labels: [0, 2] }],
    ['a weight of zeros', { features: [[1, 2, 3]], weight: [zero, ...weight], labels: [0] }],
    ['a weight of zeros in another class', { features: [[1, 2, 3]], weight: [zero, ...weight], labels: [1] }],
    ['zeros throughout', { features: [zero], weight: [zero, zero], labels: [0] }],
    ['θ = 0', { features: [[2, 4, 4]], weight, labels: [0] }],
    ['θ = π', { features: [[-2, -4, -4]], weight, labels: [0] }],
    ['θ = 0 with rounding', { features: [[0.1, 0.7, 0.3]], weight: [[0.3, 2.1, 0.9], zero], labels: [0] }],
    ['θ = π with rounding', { features: [[0.1, 0.7, 0.3]], weight: [[-0.3, -2.1, -0.9], zero], labels: [0] }],
    ['θ = π/2', { features: [[0, 1, -1]], weight, labels: [0] }],
    ['a long feature', { features: [[1e4, -2e4, 3e3]], weight, labels: [0] }],
    ['a short feature', { features: [[1e-4, -2e-4, 3e-5]], weight, labels: [0] }],
  ])('is finite to second order: %s', (_, sample) => {
    expect(numbers(derivatives(member, sample)).filter((value) => !Number.isFinite(value))).toEqual([]);
  });

  test.each([1e4, 1e-4])('is accurate for features of length %d', (length) => {
    const sample = { features: [[0.6 * length, 0, 0.8 * length]], weight, labels: [0] };
    const { features, weight: w, labels } = tensorsOf(sample, 'float32');
    const logits = member.logits(features, w, labels).dataSync();
    const expected = expectedLogits(member, sample)[0]!;
    const largest = Math.max(...expected.map(Math.abs));
    logits.forEach((value, j) => expect(Math.abs(value - expected[j]!)).toBeLessThan(3e-6 * largest));
    const loss = expectedLoss(member, sample);
    expect(Math.abs(member.loss(features, w, labels).itemSync() - loss)).toBeLessThan(1e-5 * Math.max(1, loss));
  });
});

describe('features of zeros', () => {
  const sample = { features: [zero, [1, -1, 0.5]], weight, labels: [2, 0] };

  test('have no margin in A-Softmax: value and derivatives are those of modified softmax', () => {
    const alone = { ...sample, features: [zero], labels: [2] };
    const modified = derivatives({ loss: modifiedSoftmaxLoss }, alone, 'float64');
    for (const margin of [2, 3, 4]) {
      const loss: Member['loss'] = (...inputs) => aSoftmaxLoss(...inputs, { margin });
      const found = numbers(derivatives({ loss }, alone, 'float64'));
      numbers(modified).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 12));
    }
    expect(modified.first.x.some((value) => value !== 0)).toBe(true);
  });

  test.each(family.filter(({ normalizesFeatures }) => normalizesFeatures))('have gradient 0 in $name', (member) => {
    const { first } = derivatives(member, sample);
    expect(first.x.slice(0, 3)).toEqual([0, 0, 0]);
    expect(first.x.slice(3).some((value) => value !== 0)).toBe(true);
  });
});

test('angles are accurate for features whose squares underflow or overflow in float32', () => {
  for (const length of [1e-30, 1e-10, 1e10, 1e30]) {
    const x = tensor([[length, 0]]);
    const w = tensor([[Math.cos(1), Math.sin(1)]]);
    const logit = aSoftmaxLogits(x, w, tensor([0], { dtype: 'int32' }), { margin: 3 }).itemSync();
    // k = 0 at θ = 1.
    expect(logit / length).toBeCloseTo(Math.cos(3), 5);
  }
});
