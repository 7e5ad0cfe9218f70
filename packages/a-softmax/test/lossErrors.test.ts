import { type Tensor, tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import {
  arcFaceLogits,
  arcFaceLoss,
  aSoftmaxLogits,
  aSoftmaxLoss,
  cosFaceLogits,
  cosineLogits,
  lSoftmaxLogits,
  softmaxLoss,
} from '../src/losses.ts';
import { family } from './family.ts';

const classes = (...labels: readonly number[]): Tensor => tensor(labels, { dtype: 'int32' });

describe('bad input', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const w = tensor([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const y = classes(0, 2);

  test.each([0, -2, 1.5, NaN, Infinity])('margin %s of the angular losses', (margin) => {
    expect(() => aSoftmaxLoss(x, w, y, { margin })).toThrow(
      `aSoftmaxLogits: margin must be an integer ≥ 1, got ${margin}`,
    );
    expect(() => lSoftmaxLogits(x, w, y, { margin })).toThrow('lSoftmaxLogits: margin must be an integer');
  });

  test('λ', () => {
    expect(() => aSoftmaxLoss(x, w, y, { lambda: -0.1 })).toThrow(
      'aSoftmaxLogits: lambda must be a number ≥ 0, got -0.1',
    );
    expect(() => aSoftmaxLoss(x, w, y, { lambda: NaN })).toThrow('lambda must be a number ≥ 0, got NaN');
    expect(() => lSoftmaxLogits(x, w, y, { lambda: tensor([1]) })).toThrow(
      'lSoftmaxLogits: lambda must be a scalar, got shape [1]',
    );
    expect(() => aSoftmaxLoss(x, w, y, { lambda: tensor(1, { dtype: 'int32' }) })).toThrow(
      'lambda must be float32 or float64, got int32',
    );
  });

  test('margin and scale of the additive losses', () => {
    for (const margin of [-0.1, NaN, Infinity]) {
      expect(() => cosFaceLogits(x, w, y, { margin })).toThrow(`margin must be a finite number ≥ 0, got ${margin}`);
    }
    for (const margin of [-0.1, NaN, Math.PI, 4]) {
      expect(() => arcFaceLogits(x, w, y, { margin })).toThrow(
        `margin must be an angle in radians in [0, π), got ${margin}`,
      );
    }
    for (const scale of [0, -1, NaN, Infinity]) {
      expect(() => cosFaceLogits(x, w, y, { scale })).toThrow(`cosFaceLogits: scale must be a finite number > 0`);
      expect(() => arcFaceLoss(x, w, y, { scale })).toThrow(`arcFaceLogits: scale must be a finite number > 0`);
      expect(() => cosineLogits(x, w, { scale })).toThrow(`cosineLogits: scale must be a finite number > 0`);
    }
  });

  test.each(family)('shapes and dtypes: $name', ({ loss }) => {
    expect(() => loss(tensor([1, 2]), w, y)).toThrow(/: features must be \[N, D\], got \[2\]/);
    expect(() => loss(x, tensor([1, 2]), y)).toThrow(/: weight must be \[C, D\], one row per class, got \[2\]/);
    expect(() => loss(x, tensor([[1, 2, 3]]), y)).toThrow(
      /: features \[2, 2\] and weight \[1, 3\] must have rows of one length, got 2 and 3/,
    );
    expect(() => loss(x.astype('int32'), w, y)).toThrow(/: features must be float32 or float64, got int32/);
    expect(() => loss(x, w.astype('bool'), y)).toThrow(/: weight must be float32 or float64, got bool/);
    expect(() => loss(x.slice([[0, 0]]), w, y)).toThrow(/: features must not be empty, got \[0, 2\]/);
    expect(() => loss(x, w, tensor([0, 1]))).toThrow(
      /: labels must be int32 class indices, got float32; convert with astype\('int32'\)/,
    );
    expect(() => loss(x, w, classes(0))).toThrow(/: labels must be \[2\], one per sample, got \[1\]/);
    expect(() => loss(x, w, y.expandDims(1))).toThrow(/: labels must be \[2\], one per sample, got \[2, 1\]/);
  });

  test.each(family)('labels out of range: $name', ({ loss }) => {
    expect(() => loss(x, w, classes(0, 3))).toThrow(/: label 3 at index 1 is out of range for 3 classes; use 0 to 2/);
    expect(() => loss(x, w, classes(-1, 0))).toThrow(/: label -1 at index 0 is out of range for 3 classes; use 0 to 2/);
    // Computed labels are checked at evaluation.
    expect(() => loss(x, w, y.add(1)).itemSync()).toThrow(/: label 3 at index \d is out of range for 3 classes/);
    expect(() => loss(x, w, y.sub(1)).itemSync()).toThrow(/: label -1 at index \d is out of range for 3 classes/);
  });

  test('computed labels of logits', () => {
    for (const labels of [y.add(1), y.sub(1)]) {
      for (const logits of [aSoftmaxLogits, lSoftmaxLogits, cosFaceLogits]) {
        const message = new RegExp(`^${logits.name}: label (3|-1) at index \\d is out of range for 3 classes`);
        expect(() => logits(x, w, labels).dataSync()).toThrow(message);
      }
    }
  });

  test('bias', () => {
    expect(() => softmaxLoss(x, w, y, { bias: tensor([1, 2]) })).toThrow(
      'softmaxLogits: bias must be [3], one number per class, got [2]',
    );
  });
});
