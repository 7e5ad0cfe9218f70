import {
  ASoftmaxHead,
  type ClassificationHead,
  type LambdaSchedule,
  ModifiedSoftmaxHead,
  SoftmaxHead,
} from '@thetagrad/a-softmax';
import type { Key } from '@thetagrad/core';

/** A loss, by the head that computes it. */
export interface Method {
  readonly name: string;
  createHead(features: number, classes: number, key: Key): ClassificationHead;
}

/** Creates the methods in the order of the table: softmax, modified softmax, and A-Softmax with each margin. */
export function createMethods(margins: readonly number[], steps: number): Method[] {
  const lambda = createLambdaSchedule(steps);
  return [
    { name: 'softmax', createHead: (features, classes, key) => new SoftmaxHead(features, classes, { key }) },
    {
      name: 'modified softmax',
      createHead: (features, classes, key) => new ModifiedSoftmaxHead(features, classes, { key }),
    },
    ...margins.map((margin): Method => ({
      name: `A-Softmax, m = ${margin}`,
      createHead: (features, classes, key) => new ASoftmaxHead(features, classes, { margin, lambda, key }),
    })),
  ];
}

/**
 * Schedule of λ for few steps: falls from 1000 to 5, the values of the SphereFace authors, in 70 % of the steps. A
 * higher power than theirs keeps λ large until the classes are separated: with their power, in so few steps, the margin
 * takes effect earlier, and a network without batch normalization does not converge.
 */
function createLambdaSchedule(steps: number): LambdaSchedule {
  const [base, min, power] = [1000, 5, 4];
  return { base, min, power, gamma: ((base / min) ** (1 / power) - 1) / (0.7 * steps) };
}
