import { assertGradients } from '@thetagrad/gradcheck';
import { tensor, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { aSoftmaxLoss, softmaxLoss } from '../src/losses.ts';
import { aSoftmax, family, smoothSamples, tensorsOf } from './family.ts';

// Curvature of order m² needs a small step.
const options = { order: 2, step: 1 / 1024 };

describe('gradients of first and second order', () => {
  test.each(family)('$name', (member) => {
    const inputs = smoothSamples(member).map((sample): Parameters<typeof member.loss> => {
      const { features, weight, labels } = tensorsOf(sample);
      return [features, weight, labels];
    });
    assertGradients(member.loss, inputs, options, { numRuns: 2 });
  });

  test('A-Softmax with respect to λ', () => {
    const inputs = fc.record({
      sample: smoothSamples(aSoftmax(4, 0)),
      lambda: fc.double({ min: 0.1, max: 10, noNaN: true }),
    });
    assertGradients(
      (features, weight, lambda, labels) => aSoftmaxLoss(features, weight, labels, { lambda }),
      inputs.map(({ sample, lambda }): [Tensor, Tensor, Tensor, Tensor] => {
        const { features, weight, labels } = tensorsOf(sample);
        return [features, weight, tensor(lambda, { dtype: 'float64' }), labels];
      }),
      options,
      { numRuns: 2 },
    );
  });

  test('softmax with respect to the bias', () => {
    assertGradients(
      (features, weight, bias, labels) => softmaxLoss(features, weight, labels, { bias }),
      smoothSamples(aSoftmax(1, 0)).map((sample): [Tensor, Tensor, Tensor, Tensor] => {
        const { features, weight, labels } = tensorsOf(sample);
        return [features, weight, weight.sum(1), labels];
      }),
      options,
      { numRuns: 2 },
    );
  });
});
