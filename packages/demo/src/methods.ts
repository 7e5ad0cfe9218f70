import {
  ASoftmaxHead,
  type ClassificationHead,
  type LambdaSchedule,
  ModifiedSoftmaxHead,
  SoftmaxHead,
} from '@thetagrad/a-softmax';
import type { Key } from '@thetagrad/core';

/** A loss to train with. */
export interface Method {
  readonly name: string;
  createHead(features: number, classes: number, key: Key): ClassificationHead;
}

/** In the order of the table: softmax, modified softmax, and A-Softmax with each margin. */
export function methodsFor(margins: readonly number[], steps: number): Method[] {
  const lambda = annealing(steps);
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
 * λ for a training of few steps: from the authors' 1000 to their 5, reached after 70 % of the steps. A higher power than
 * theirs keeps λ large until the features are worth tightening: with theirs, squeezed into few steps, the margin comes before
 * the classes are told apart at all, and a network without batch normalisation gets stuck.
 */
function annealing(steps: number): LambdaSchedule {
  const [base, min, power] = [1000, 5, 4];
  return { base, min, power, gamma: ((base / min) ** (1 / power) - 1) / (0.7 * steps) };
}
