// The margin losses as the papers define them, on angles and in plain numbers; and arbitrary samples.
import { tensor, type DType, type Tensor } from '@thetagrad/core';
import { values } from '@thetagrad/gradcheck';
import fc from 'fast-check';
import {
  arcFaceLogits,
  arcFaceLoss,
  aSoftmaxLogits,
  aSoftmaxLoss,
  cosFaceLogits,
  cosFaceLoss,
  lSoftmaxLogits,
  lSoftmaxLoss,
  modifiedSoftmaxLogits,
  modifiedSoftmaxLoss,
  softmaxLogits,
  softmaxLoss,
} from '../src/losses.ts';
import { psi } from '../src/geometry.ts';

export interface Sample {
  readonly features: readonly (readonly number[])[];
  readonly weight: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

export interface SampleTensors {
  readonly features: Tensor;
  readonly weight: Tensor;
  readonly labels: Tensor;
}

export function tensorsOf(sample: Sample, dtype: DType = 'float64'): SampleTensors {
  return {
    features: tensor(sample.features, { dtype }),
    weight: tensor(sample.weight, { dtype }),
    labels: tensor(sample.labels, { dtype: 'int32' }),
  };
}

const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
export const lengthOf = (x: readonly number[]): number => Math.hypot(...x);
export const angleBetween = (x: readonly number[], y: readonly number[]): number =>
  Math.acos(Math.min(1, Math.max(-1, dot(x, y) / (lengthOf(x) * lengthOf(y)))));

/** The angles between the features and the weights of their classes. */
export const targetAngles = ({ features, weight, labels }: Sample): number[] =>
  features.map((x, i) => angleBetween(x, weight[labels[i]!]!));

/** The logit of feature x and weight w, for the target class or another. */
type Logit = (x: readonly number[], w: readonly number[], isTarget: boolean) => number;

export interface Member {
  readonly name: string;
  readonly logits: (features: Tensor, weight: Tensor, labels: Tensor) => Tensor;
  readonly loss: (features: Tensor, weight: Tensor, labels: Tensor) => Tensor;
  readonly logit: Logit;
  /** Angles θ at which the second derivative jumps or does not exist. */
  readonly seams: readonly number[];
  readonly normalizesWeight: boolean;
  readonly normalizesFeatures: boolean;
}

const seamsOf = (m: number): number[] => Array.from({ length: m + 1 }, (_, k) => (k * Math.PI) / m);

export function aSoftmax(margin: number, lambda: number): Member {
  return {
    name: `A-Softmax, m = ${margin}, λ = ${lambda}`,
    logits: (...inputs) => aSoftmaxLogits(...inputs, { margin, lambda }),
    loss: (...inputs) => aSoftmaxLoss(...inputs, { margin, lambda }),
    logit: (x, w, isTarget) => {
      const theta = angleBetween(x, w);
      const plain = lengthOf(x) * Math.cos(theta);
      return isTarget ? (lambda * plain + lengthOf(x) * psi(theta, margin)) / (1 + lambda) : plain;
    },
    seams: margin === 1 ? [] : seamsOf(margin),
    normalizesWeight: true,
    normalizesFeatures: false,
  };
}

export function lSoftmax(margin: number, lambda: number): Member {
  const { logit, seams } = aSoftmax(margin, lambda);
  return {
    name: `L-Softmax, m = ${margin}, λ = ${lambda}`,
    logits: (...inputs) => lSoftmaxLogits(...inputs, { margin, lambda }),
    loss: (...inputs) => lSoftmaxLoss(...inputs, { margin, lambda }),
    logit: (x, w, isTarget) => lengthOf(w) * logit(x, w, isTarget),
    seams,
    normalizesWeight: false,
    normalizesFeatures: false,
  };
}

export const softmax: Member = {
  name: 'softmax',
  logits: (features, weight) => softmaxLogits(features, weight),
  loss: softmaxLoss,
  logit: dot,
  seams: [],
  normalizesWeight: false,
  normalizesFeatures: false,
};

export const modifiedSoftmax: Member = {
  name: 'modified softmax',
  logits: (features, weight) => modifiedSoftmaxLogits(features, weight),
  loss: modifiedSoftmaxLoss,
  logit: (x, w) => lengthOf(x) * Math.cos(angleBetween(x, w)),
  seams: [],
  normalizesWeight: true,
  normalizesFeatures: false,
};

export function cosFace(margin: number, scale: number): Member {
  return {
    name: `CosFace, m = ${margin}, s = ${scale}`,
    logits: (...inputs) => cosFaceLogits(...inputs, { margin, scale }),
    loss: (...inputs) => cosFaceLoss(...inputs, { margin, scale }),
    logit: (x, w, isTarget) => scale * (Math.cos(angleBetween(x, w)) - (isTarget ? margin : 0)),
    seams: [],
    normalizesWeight: true,
    normalizesFeatures: true,
  };
}

export function arcFace(margin: number, scale: number): Member {
  return {
    name: `ArcFace, m = ${margin}, s = ${scale}`,
    logits: (...inputs) => arcFaceLogits(...inputs, { margin, scale }),
    loss: (...inputs) => arcFaceLoss(...inputs, { margin, scale }),
    logit: (x, w, isTarget) => {
      const theta = angleBetween(x, w);
      if (!isTarget) return scale * Math.cos(theta);
      const drop = margin > 2.3311223 ? 1 - Math.cos(margin) : margin * Math.sin(margin);
      if (theta > Math.PI - margin) return scale * (Math.cos(theta) - drop);
      return scale * Math.cos(theta + margin);
    },
    seams: [0, Math.PI - margin, Math.PI],
    normalizesWeight: true,
    normalizesFeatures: true,
  };
}

/** All members, with all settings that change their formula. */
export const family: readonly Member[] = [
  softmax,
  modifiedSoftmax,
  ...[1, 2, 3, 4, 5, 6].flatMap((m) => [aSoftmax(m, 0), aSoftmax(m, 1.5)]),
  lSoftmax(2, 0),
  lSoftmax(3, 1.5),
  lSoftmax(4, 0),
  cosFace(0.35, 4),
  arcFace(0.5, 4),
  arcFace(2.6, 4),
];

export function expectedLogits(member: Member, { features, weight, labels }: Sample): number[][] {
  return features.map((x, i) => weight.map((w, j) => member.logit(x, w, labels[i] === j)));
}

export function expectedLoss(member: Member, sample: Sample): number {
  const losses = expectedLogits(member, sample).map((row, i) => {
    const top = Math.max(...row);
    return top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0)) - row[sample.labels[i]!]!;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** A few samples and classes with lengths above 0.3. */
export const samples: fc.Arbitrary<Sample> = fc
  .record({ n: fc.integer({ min: 1, max: 3 }), c: fc.integer({ min: 2, max: 4 }), d: fc.integer({ min: 2, max: 3 }) })
  .chain(({ n, c, d }) => {
    const row = fc.array(values({ from: -2, to: 2 }), { minLength: d, maxLength: d }).filter((x) => lengthOf(x) > 0.3);
    return fc.record({
      features: fc.array(row, { minLength: n, maxLength: n }),
      weight: fc.array(row, { minLength: c, maxLength: c }),
      labels: fc.array(fc.integer({ min: 0, max: c - 1 }), { minLength: n, maxLength: n }),
    });
  });

/** Samples whose target angles are not near the seams of the member. */
export const smoothSamples = ({ seams }: Member): fc.Arbitrary<Sample> =>
  samples.filter((sample) =>
    targetAngles(sample).every((theta) => seams.every((seam) => Math.abs(theta - seam) > 0.05)),
  );
