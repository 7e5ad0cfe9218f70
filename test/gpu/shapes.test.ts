// On every backend, whatever computes each element by itself keeps the shape, also of scalars and of nothing.
import { psiOfCosine } from '@thetagrad/a-softmax';
import {
  evaluate,
  full,
  grad,
  portable,
  setBackend,
  valueAndGrad,
  Variable,
  zeros,
  type Backend,
  type Tensor,
} from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import { afterEach, describe, expect, test } from 'vitest';
import { backendOf, modes } from '../../packages/gpu/test/modes.ts';
import { operations } from '../support/operations.ts';
import { sharedWasm } from '../support/sharedWasm.ts';

const backends: readonly (readonly [string, () => Promise<Backend>])[] = [
  ['portable', async () => portable()],
  ['wasm', async () => sharedWasm],
  ...modes.map((mode) => [mode, () => backendOf(mode)] as const),
];

afterEach(() => setBackend(portable()));

const shapes = [[], [0], [1], [3], [0, 2], [2, 0, 3]];

const layers: readonly (readonly [name: string, make: () => nn.Module])[] = [
  ['ReLU', () => new nn.ReLU()],
  ['LeakyReLU', () => new nn.LeakyReLU()],
  ['PReLU', () => new nn.PReLU()],
  ['ELU', () => new nn.ELU()],
  ['GELU', () => new nn.GELU()],
  ['GELU by tanh', () => new nn.GELU({ approximate: 'tanh' })],
  ['SiLU', () => new nn.SiLU()],
  ['Sigmoid', () => new nn.Sigmoid()],
  ['Tanh', () => new nn.Tanh()],
  ['Softplus', () => new nn.Softplus()],
  ['Dropout', () => new nn.Dropout(0.5)],
  ['Dropout of all', () => new nn.Dropout(1)],
  ['Dropout in evaluation', () => new nn.Dropout(0.5).eval()],
  ['AlphaDropout', () => new nn.AlphaDropout(0.5)],
  ['Identity', () => new nn.Identity()],
  ['Residual', () => new nn.Residual(new nn.PReLU(), new nn.Tanh())],
  ['Sequential', () => new nn.Sequential(new nn.PReLU(), new nn.Sequential(new nn.ELU()))],
];
/** Layers with axes of features, channels, space or sequences. */
const others = [
  'AdaptiveLogSoftmaxWithLoss',
  'AdaptiveAvgPool1d',
  'AdaptiveAvgPool2d',
  'AdaptiveAvgPool3d',
  'AdaptiveMaxPool1d',
  'AdaptiveMaxPool2d',
  'AdaptiveMaxPool3d',
  'AvgPool1d',
  'AvgPool2d',
  'AvgPool3d',
  'BatchNorm1d',
  'BatchNorm2d',
  'BatchNorm3d',
  'Bilinear',
  'ChannelShuffle',
  'CircularPad1d',
  'CircularPad2d',
  'CircularPad3d',
  'ConstantPad1d',
  'ConstantPad2d',
  'ConstantPad3d',
  'Conv1d',
  'Conv2d',
  'Conv3d',
  'ConvTranspose1d',
  'ConvTranspose2d',
  'ConvTranspose3d',
  'CosineSimilarity',
  'Dropout1d',
  'Dropout2d',
  'Dropout3d',
  'Embedding',
  'EmbeddingBag',
  'FeatureAlphaDropout',
  'Flatten',
  'Fold',
  'FractionalMaxPool2d',
  'FractionalMaxPool3d',
  'GLU',
  'GRU',
  'GRUCell',
  'GroupNorm',
  'InstanceNorm1d',
  'InstanceNorm2d',
  'InstanceNorm3d',
  'LPPool1d',
  'LPPool2d',
  'LPPool3d',
  'LSTM',
  'LSTMCell',
  'LayerNorm',
  'LearnedPositionalEncoding',
  'Linear',
  'LoRA',
  'LocalResponseNorm',
  'LogSoftmax',
  'MaxPool1d',
  'MaxPool2d',
  'MaxPool3d',
  'MaxUnpool1d',
  'MaxUnpool2d',
  'MaxUnpool3d',
  'MultiheadAttention',
  'PairwiseDistance',
  'Parametrization',
  'Parametrized',
  'PixelShuffle',
  'PixelUnshuffle',
  'RMSNorm',
  'RNN',
  'RNNCell',
  'ReflectionPad1d',
  'ReflectionPad2d',
  'ReflectionPad3d',
  'ReplicationPad1d',
  'ReplicationPad2d',
  'ReplicationPad3d',
  'RotaryPositionalEmbedding',
  'SinusoidalPositionalEncoding',
  'Softmax',
  'Softmin',
  'Transformer',
  'TransformerDecoder',
  'TransformerDecoderLayer',
  'TransformerEncoder',
  'TransformerEncoderLayer',
  'Unflatten',
  'Unfold',
  'Upsample',
  'UpsamplingBilinear2d',
  'UpsamplingNearest2d',
  'ZeroPad1d',
  'ZeroPad2d',
  'ZeroPad3d',
];

/** Functions of ops, which its tests run on every backend. */
const activations: readonly (readonly [name: string, make: () => nn.Module])[] = [
  ['CELU', () => new nn.CELU()],
  ['Hardshrink', () => new nn.Hardshrink()],
  ['Hardsigmoid', () => new nn.Hardsigmoid()],
  ['Hardswish', () => new nn.Hardswish()],
  ['Hardtanh', () => new nn.Hardtanh()],
  ['LogSigmoid', () => new nn.LogSigmoid()],
  ['Mish', () => new nn.Mish()],
  ['RReLU', () => new nn.RReLU()],
  ['ReLU6', () => new nn.ReLU6()],
  ['SELU', () => new nn.SELU()],
  ['Softshrink', () => new nn.Softshrink()],
  ['Softsign', () => new nn.Softsign()],
  ['Tanhshrink', () => new nn.Tanhshrink()],
  ['Threshold', () => new nn.Threshold(0, 1)],
];

const losses: readonly (readonly [name: string, loss: (x: Tensor) => Tensor])[] = [
  ['mseLoss', (x) => nn.mseLoss(x, zeros(x.shape), { reduction: 'none' })],
  ['binaryCrossEntropy', (x) => nn.binaryCrossEntropy(x.sigmoid(), zeros(x.shape), { reduction: 'none' })],
  ['binaryCrossEntropyWithLogits', (x) => nn.binaryCrossEntropyWithLogits(x, zeros(x.shape), { reduction: 'none' })],
  ['psiOfCosine', (x) => psiOfCosine(x.tanh(), 4)],
];

test('the table has all layers', () => {
  const found = Object.entries(nn).filter(
    ([, value]) => typeof value === 'function' && value.prototype instanceof nn.Module,
  );
  const listed = new Set([...[...layers, ...activations].map(([name]) => name.split(' ')[0]!), ...others]);
  expect(found.map(([name]) => name).toSorted()).toEqual([...listed].toSorted());
});

test.each(activations)('%s', (_name, make) => {
  for (const shape of shapes) {
    const x = full(shape, -0.75);
    expect(grad((input: Tensor) => make().forward(input).sum())(x).shape).toEqual(shape);
    expect(make().forward(x).dataSync()).toHaveLength(x.size);
  }
});

test.each(operations)('%s', (_name, operation) => {
  for (const shape of shapes) {
    const dtype = operation.primitive.dtypes === 'bitwise' ? 'int32' : 'float32';
    const inputs = operation.primitive.domain.map(() => zeros(shape, { dtype }));
    expect(operation(...inputs).shape).toEqual(shape);
  }
});

describe.each(backends)('%s', (_backend, open) => {
  test.each(layers)('%s', async (_name, make) => {
    setBackend(await open());
    for (const shape of shapes) {
      const layer = make();
      const x = new Variable(full(shape, -0.75));
      const run = valueAndGrad({ x, layer }, () => {
        output = layer.forward(x.value);
        return output.sum();
      });
      let output = x.value;
      const { value, grads } = run();
      await evaluate(value, output, grads);
      expect(output.shape).toEqual(shape);
      expect(await output.data()).toHaveLength(output.size);
      expect(grads['x']!.shape).toEqual(shape);
      for (const [name, { shape: expected }] of Object.entries(layer.parameters())) {
        expect(grads[`layer.${name}`]!.shape).toEqual(expected);
      }
    }
  });

  test.each(losses)('%s', async (_name, loss) => {
    setBackend(await open());
    for (const shape of shapes) {
      const output = loss(full(shape, -0.75));
      expect(output.shape).toEqual(shape);
      expect(await output.data()).toHaveLength(output.size);
    }
  });

  test.each<[string, (tree: Record<string, Variable>) => nn.Optimizer]>([
    ['SGD', (tree) => new nn.SGD(tree, { lr: 0.5, momentum: 0.9, weightDecay: 0.1 })],
    ['Adam', (tree) => new nn.Adam(tree, { weightDecay: 0.1 })],
    ['AdamW', (tree) => new nn.AdamW(tree)],
  ])('%s', async (_name, make) => {
    setBackend(await open());
    const tree = Object.fromEntries(shapes.map((shape) => [`v${shape.join('x')}`, new Variable(full(shape, 2))]));
    const optimizer = make(tree);
    const step = valueAndGrad(tree, () =>
      Object.values(tree).reduce((sum, { value }) => sum.add(value.square().sum()), zeros([])),
    );
    for (let i = 0; i < 2; i++) {
      const { value, grads } = step();
      optimizer.update(nn.clipGradValue(nn.clipGradNorm(grads, 3).grads, 1));
      await evaluate(value, tree, optimizer);
    }
    const variables = Object.values(tree);
    expect(variables.map(({ shape }) => shape)).toEqual(shapes);
    for (const { value } of variables) for (const element of await value.data()) expect(element).toBeLessThan(2);
  });
});
