// A classification problem that takes few and fast training steps, and networks, heads and optimizers for it.
import {
  ArcFaceHead,
  ASoftmaxHead,
  type ClassificationHead,
  CosFaceHead,
  type HeadOptions,
  LSoftmaxHead,
  ModifiedSoftmaxHead,
  SoftmaxHead,
} from '@thetagrad/a-softmax';
import { type DType, random, type VariableTree } from '@thetagrad/core';
import { glyphs } from '@thetagrad/data';
import {
  Adam,
  AdamW,
  BatchNorm2d,
  Conv2d,
  Flatten,
  Generator,
  Linear,
  type Module,
  type Optimizer,
  PReLU,
  type Schedule,
  Sequential,
  SGD,
} from '@thetagrad/nn';

export const classes = 4;
export const features = 5;
export const dataset = glyphs({ classes, perClass: 6, size: 8, seed: 1 });

export interface ModelOptions {
  readonly dtype?: DType;
  /** Whether there is batch normalization. */
  readonly normalized?: boolean;
}

export function makeModel({ dtype = 'float32', normalized = true }: ModelOptions = {}): Module {
  const options = { dtype, generator: new Generator(random.key(5)) };
  return new Sequential<readonly Module[]>(
    new Conv2d(1, 4, 3, { stride: 2, padding: 1, ...options }),
    ...(normalized ? [new BatchNorm2d(4, { dtype })] : []),
    new PReLU(4, { dtype }),
    new Flatten(),
    new Linear(64, features, options),
  );
}

export const heads: Record<string, (options?: HeadOptions) => ClassificationHead> = {
  softmax: (options) => new SoftmaxHead(features, classes, { key: random.key(6), ...options }),
  'modified softmax': (options) => new ModifiedSoftmaxHead(features, classes, { key: random.key(6), ...options }),
  ...Object.fromEntries(
    [1, 2, 3, 4].map((margin) => [
      `A-Softmax, m = ${margin}`,
      (options?: HeadOptions) =>
        new ASoftmaxHead(features, classes, { margin, lambda: 5, key: random.key(6), ...options }),
    ]),
  ),
  'L-Softmax, m = 2': (options) =>
    new LSoftmaxHead(features, classes, { margin: 2, lambda: 5, key: random.key(6), ...options }),
  CosFace: (options) => new CosFaceHead(features, classes, { scale: 8, key: random.key(6), ...options }),
  ArcFace: (options) => new ArcFaceHead(features, classes, { scale: 8, key: random.key(6), ...options }),
};

export const optimizers: Record<string, (tree: VariableTree, lr: number | Schedule) => Optimizer> = {
  SGD: (tree, lr) => new SGD(tree, { lr, momentum: 0.9, weightDecay: 5e-4 }),
  'SGD with Nesterov momentum': (tree, lr) => new SGD(tree, { lr, momentum: 0.9, nesterov: true }),
  Adam: (tree, lr) => new Adam(tree, { lr }),
  AdamW: (tree, lr) => new AdamW(tree, { lr, weightDecay: 1e-2 }),
};
