import { random, type Shape, type Tensor } from '@thetagrad/core';
import { assertGradients, checkGradients, labels, shapes, tensors } from '@thetagrad/gradcheck';
import {
  type AnyModule,
  AvgPool2d,
  BatchNorm2d,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  Conv2d,
  crossEntropy,
  Dropout,
  ELU,
  Flatten,
  GELU,
  GRU,
  LeakyReLU,
  LearnedPositionalEncoding,
  Linear,
  LSTM,
  MaxPool2d,
  mseLoss,
  type Module,
  MultiheadAttention,
  PReLU,
  ReLU,
  Residual,
  RotaryPositionalEmbedding,
  Sequential,
  Sigmoid,
  SiLU,
  Softplus,
  Tanh,
  TransformerDecoderLayer,
} from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, test } from 'vitest';

// Gradients of each layer and loss, of first and second order, with respect to inputs and variables.

const key = random.key(1);
const twice = { order: 2 } as const;
const input = (shape: Shape, seed = 2): Tensor => random.normal(random.key(seed), shape, { dtype: 'float64' });

test.for([
  ['Linear', () => new Linear(3, 2, { key }), [2, 3]],
  ['Linear on a vector', () => new Linear(3, 2, { key, bias: false }), [3]],
  ['Conv2d', () => new Conv2d(2, 2, 2, { key }), [1, 2, 3, 3]],
  ['Conv2d, strided and padded', () => new Conv2d(1, 2, 3, { key, stride: 2, padding: 1 }), [1, 1, 4, 4]],
  ['Conv2d, dilated', () => new Conv2d(1, 1, 2, { key, dilation: [2, 1], padding: 'same' }), [1, 1, 3, 3]],
  ['Conv2d, grouped', () => new Conv2d(4, 2, 2, { key, groups: 2, bias: false }), [1, 4, 2, 2]],
  ['AvgPool2d', () => new AvgPool2d(2, { stride: 1, padding: 1 }), [1, 1, 2, 3]],
  ['Flatten', () => new Flatten(), [2, 2, 2]],
  ['BatchNorm2d in training', () => new BatchNorm2d(2), [2, 2, 1, 2]],
  ['BatchNorm2d in evaluation', () => new BatchNorm2d(2).eval(), [2, 2, 1, 2]],
  ['Residual', () => new Residual(new Linear(2, 2, { key }), new Sigmoid()), [2, 2]],
  ['Sequential', () => new Sequential(new Linear(2, 3, { key }), new Tanh(), new Linear(3, 1, { key })), [2, 2]],
] as const satisfies readonly (readonly [string, () => Module, Shape])[])('%s', ([name, make, shape]) => {
  const layer = make();
  checkGradients((x: Tensor) => layer.forward(x), [input(shape)], { ...twice, name, variables: layer });
});

/** A layer, and its outputs for a sequence [2, 2, 2]. */
const apply = <Layer extends AnyModule>(layer: Layer, f: (layer: Layer, x: Tensor) => readonly Tensor[]) =>
  [layer.constructor.name, layer as AnyModule, (x: Tensor) => [...f(layer, x)]] as const;
const lengths = [2, 1];
const small = { dropout: 0, bias: false, dimFeedforward: 2, layerNormEps: 0.1, activation: 'gelu', key } as const;

test.for([
  apply(new GRU(2, 2, { key }), (layer, x) => layer.forward(x, undefined, { lengths })),
  apply(new LSTM(2, 2, { key, projSize: 1 }), (layer, x) => layer.forward(x, undefined, { lengths }).flat()),
  apply(new MultiheadAttention(2, 2, { key }), (layer, x) => layer.forward(x, x, x, { isCausal: true })),
  apply(new TransformerDecoderLayer(2, 1, small), (layer, x) => [layer.forward(x, x.neg())]),
  apply(new LearnedPositionalEncoding(3, 2, { key }), (layer, x) => [layer.forward(x).square()]),
  apply(new RotaryPositionalEmbedding(2), (layer, x) => [layer.forward(x).square()]),
])('%s', ([name, layer, f]) => {
  // Other elements are checked along a random direction; a decoder to first order, as its parts are to second.
  const order = layer instanceof TransformerDecoderLayer ? 1 : 2;
  checkGradients(f, [input([2, 2, 2])], { order, elements: 1, name, variables: layer });
});

test('MaxPool2d', () => {
  // A permutation: values far from ties.
  const x = random.permutation(key, 32).reshape([2, 1, 4, 4]).astype('float64');
  checkGradients((images: Tensor) => new MaxPool2d(2, { stride: 1 }).forward(images), [x], twice);
});

test('Dropout', () => {
  // The same key at each call, for the same mask.
  checkGradients((x: Tensor) => new Dropout(0.5, { key }).forward(x).square(), [input([8])], twice);
});

describe('activations', () => {
  const small = shapes({ maxRank: 2, maxSize: 3 });
  test.for([
    ['ReLU', new ReLU()],
    ['LeakyReLU', new LeakyReLU()],
    ['ELU', new ELU(0.5)],
    ['GELU', new GELU()],
    ['GELU by tanh', new GELU({ approximate: 'tanh' })],
    ['SiLU', new SiLU()],
    ['Sigmoid', new Sigmoid()],
    ['Tanh', new Tanh()],
    ['Softplus', new Softplus(2)],
  ] as const)('%s', ([name, layer]) => {
    const arbitraries = [tensors({ shape: small, avoid: [0] })] as const;
    assertGradients((x: Tensor) => layer.forward(x), arbitraries, { ...twice, name }, { numRuns: 10 });
  });

  test.for([1, 2])('PReLU with %d slopes', (channels) => {
    const layer = new PReLU(channels);
    const arbitraries = [tensors({ shape: [2, 2, 2], avoid: [0] })] as const;
    assertGradients((x: Tensor) => layer.forward(x), arbitraries, { ...twice, variables: layer }, { numRuns: 10 });
  });
});

describe('losses', () => {
  const reductions = fc.constantFrom('mean', 'sum', 'none');

  test('crossEntropy', () => {
    const options = fc.record({ reduction: reductions, labelSmoothing: fc.constantFrom(0, 0.125) });
    assertGradients(crossEntropy, [tensors({ shape: [3, 4] }), labels({ classes: 4, count: 3 }), options], twice, {
      numRuns: 20,
    });
  });

  test('crossEntropy with ignored samples', () => {
    const arbitraries = [tensors({ shape: [3, 2] }), labels({ classes: 2, count: 3 })] as const;
    const f = (logits: Tensor, targets: Tensor): Tensor =>
      crossEntropy(logits, targets, { ignoreIndex: 1, reduction: 'sum' });
    assertGradients(f, arbitraries, twice, { numRuns: 10 });
  });

  test('mseLoss', () => {
    const pairs = [
      tensors({ shape: [2, 2] }),
      tensors({ shape: [2, 2] }),
      fc.record({ reduction: reductions }),
    ] as const;
    assertGradients(mseLoss, pairs, twice, { numRuns: 10 });
  });

  test('binaryCrossEntropy', () => {
    const pairs = [
      tensors({ shape: [2, 2], from: 0.1, to: 0.9 }),
      tensors({ shape: [2, 2], from: 0, to: 1 }),
      fc.record({ reduction: reductions }),
    ] as const;
    assertGradients(binaryCrossEntropy, pairs, twice, { numRuns: 10 });
  });

  test('binaryCrossEntropyWithLogits', () => {
    const pairs = [
      tensors({ shape: [2, 2] }),
      tensors({ shape: [2, 2], from: 0, to: 1 }),
      fc.record({ reduction: reductions }),
    ] as const;
    assertGradients(binaryCrossEntropyWithLogits, pairs, twice, { numRuns: 10 });
  });
});
