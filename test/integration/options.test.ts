// Unknown options, and options that are no object, are errors of every function and constructor that takes options.
import * as aSoftmax from '@thetagrad/a-softmax';
import * as core from '@thetagrad/core';
import { augment, batches, glyphs, ImageDataset } from '@thetagrad/data';
import * as gradcheck from '@thetagrad/gradcheck';
import * as nn from '@thetagrad/nn';
import { best, wasm } from '@thetagrad/wasm';
import { describe, expect, test } from 'vitest';

const x = core.tensor([
  [1, 2],
  [3, 4],
]);
const labels = core.tensor([0, 1], { dtype: 'int32' });
const images = core.ones([1, 1, 4, 4]);
const model = new nn.Linear(2, 2);
const dataset = glyphs({ classes: 4, perClass: 3, size: 4 });
const features = Float32Array.of(1, 0, 1, 1, 0, 1, 1, 2);
const identities = [0, 0, 1, 1];
const samples = { features, labels: identities };
const { key } = core.random;
const { init, schedules } = nn;

/** Calls with options of any kind. Functions of the same kind are listed by name. */
const calls: Record<string, (options: never) => unknown> = {
  tensor: (o) => core.tensor([1], o),
  full: (o) => core.full([1], 1, o),
  zeros: (o) => core.zeros([1], o),
  ones: (o) => core.ones([1], o),
  zerosLike: (o) => core.zerosLike(x, o),
  onesLike: (o) => core.onesLike(x, o),
  arange: (o) => core.arange(0, 3, 1, o),
  linspace: (o) => core.linspace(0, 1, 3, o),
  eye: (o) => core.eye(2, o),
  oneHot: (o) => labels.oneHot(2, o),
  Variable: (o) => new core.Variable(x, o),
  conv2d: (o) => core.conv2d(images, images, o),
  maxPool2d: (o) => core.maxPool2d(images, o),
  avgPool2d: (o) => core.avgPool2d(images, o),
  ...Object.fromEntries(
    (['sum', 'prod', 'max', 'min', 'mean', 'argmax', 'argmin', 'any', 'all', 'variance', 'std', 'norm'] as const).map(
      (name) => [name, (o: never) => x[name](0, o)],
    ),
  ),
  logsumexp: (o) => x.logsumexp(0, o),
  ...Object.fromEntries(
    (['cumsum', 'cumprod', 'cummax', 'cummin', 'logcumsumexp', 'sort', 'argsort'] as const).map((name) => [
      name,
      (o: never) => x[name](0, o),
    ]),
  ),
  'random.uniform': (o) => core.random.uniform(key(0), [1], o),
  'random.normal': (o) => core.random.normal(key(0), [1], o),
  'random.integers': (o) => core.random.integers(key(0), [1], o),

  Linear: (o) => new nn.Linear(1, 1, o),
  Conv2d: (o) => new nn.Conv2d(1, 1, 1, o),
  MaxPool2d: (o) => new nn.MaxPool2d(1, o),
  AvgPool2d: (o) => new nn.AvgPool2d(1, o),
  BatchNorm2d: (o) => new nn.BatchNorm2d(1, o),
  Dropout: (o) => new nn.Dropout(0.5, o),
  PReLU: (o) => new nn.PReLU(1, o),
  GELU: (o) => new nn.GELU(o),
  crossEntropy: (o) => nn.crossEntropy(x, labels, o),
  mseLoss: (o) => nn.mseLoss(x, x, o),
  binaryCrossEntropy: (o) => nn.binaryCrossEntropy(x, x, o),
  binaryCrossEntropyWithLogits: (o) => nn.binaryCrossEntropyWithLogits(x, x, o),
  accuracy: (o) => nn.accuracy(x, labels, o),
  SGD: (o) => new nn.SGD(model, o),
  Adam: (o) => new nn.Adam(model, o),
  AdamW: (o) => new nn.AdamW(model, o),
  ...Object.fromEntries(
    [
      nn.RMSprop,
      nn.Adagrad,
      nn.Adadelta,
      nn.Adamax,
      nn.NAdam,
      nn.RAdam,
      nn.ASGD,
      nn.Rprop,
      nn.Lion,
      nn.LAMB,
      nn.LARS,
      nn.LBFGS,
      nn.AveragedModel,
    ].map((Class) => [Class.name, (o: never) => new Class(model, o)]),
  ),
  Lookahead: (o) => new nn.Lookahead(new nn.SGD(model, { lr: 1 }), o),
  samPerturb: (o) => nn.samPerturb(model, model.stateDict(), o),
  clipGradNorm: (o) => nn.clipGradNorm({ x }, 1, o),
  ReduceLROnPlateau: (o) => new nn.ReduceLROnPlateau(1, o),
  EarlyStopping: (o) => new nn.EarlyStopping(o),
  precisionScore: (o) => nn.precisionScore(labels, labels, 2, o),
  'SGD: groups[0]': (o) => new nn.SGD(model, { lr: 1, groups: [o] }),
  ...Object.fromEntries(
    (
      [
        'step',
        'multiStep',
        'exponential',
        'polynomial',
        'linear',
        'cosine',
        'cosineWarmRestarts',
        'cyclic',
        'oneCycle',
        'warmup',
      ] as const
    ).map((name) => [name, (o: never) => schedules[name](1, o)]),
  ),
  sequential: (o) => schedules.sequential([1], o),
  ...Object.fromEntries(
    (
      [
        'xavierUniform',
        'xavierNormal',
        'kaimingUniform',
        'kaimingNormal',
        'normal',
        'truncNormal',
        'uniform',
        'orthogonal',
        'sparse',
        'dirac',
      ] as const
    ).map((name) => [`init.${name}`, init[name]]),
  ),
  loadStateDict: (o) => model.loadStateDict(model.stateDict(), o),
  summary: (o) => nn.summary(model, [1, 2], o),
  decodeSafetensors: (o) => nn.decodeSafetensors(new Uint8Array(), o),

  softmaxLogits: (o) => aSoftmax.softmaxLogits(x, x, o),
  cosineLogits: (o) => aSoftmax.cosineLogits(x, x, o),
  aSoftmaxLogits: (o) => aSoftmax.aSoftmaxLogits(x, x, labels, o),
  lSoftmaxLogits: (o) => aSoftmax.lSoftmaxLogits(x, x, labels, o),
  cosFaceLogits: (o) => aSoftmax.cosFaceLogits(x, x, labels, o),
  arcFaceLogits: (o) => aSoftmax.arcFaceLogits(x, x, labels, o),
  SoftmaxHead: (o) => new aSoftmax.SoftmaxHead(2, 2, o),
  ModifiedSoftmaxHead: (o) => new aSoftmax.ModifiedSoftmaxHead(2, 2, o),
  ASoftmaxHead: (o) => new aSoftmax.ASoftmaxHead(2, 2, o),
  LSoftmaxHead: (o) => new aSoftmax.LSoftmaxHead(2, 2, o),
  CosFaceHead: (o) => new aSoftmax.CosFaceHead(2, 2, o),
  ArcFaceHead: (o) => new aSoftmax.ArcFaceHead(2, 2, o),
  'ASoftmaxHead: lambda': (o) => new aSoftmax.ASoftmaxHead(2, 2, { lambda: o }),
  sphereFace: (o) => aSoftmax.sphereFace(o),
  sphereFaceOptimizer: (o) => aSoftmax.sphereFaceOptimizer(model, o),
  verify: (o) => aSoftmax.verify(features, 2, identities, o),
  balancedPairs: (o) => aSoftmax.balancedPairs(identities, o),
  splitGallery: (o) => aSoftmax.splitGallery(identities, o),
  cumulativeMatchCurve: (o) => aSoftmax.cumulativeMatchCurve(samples, samples, o),
  distractorMatchCurve: (o) => aSoftmax.distractorMatchCurve(samples, features, o),
  largestIntraClassAngle: (o) => aSoftmax.largestIntraClassAngle(features, 2, identities, o),
  smallestInterClassAngle: (o) => aSoftmax.smallestInterClassAngle(features, 2, identities, o),

  checkGradients: (o) => gradcheck.checkGradients((t: core.Tensor) => t, [x], o),
  values: (o) => gradcheck.values(o),
  tensors: (o) => gradcheck.tensors(o),
  distinctTensors: (o) => gradcheck.distinctTensors(o),
  shapes: (o) => gradcheck.shapes(o),
  unitVectors: (o) => gradcheck.unitVectors(o),
  angles: (o) => gradcheck.angles(o),
  classWeights: (o) => gradcheck.classWeights(o),
  labels: (o) => gradcheck.labels(o),

  augment: (o) => augment(o),
  batches: (o) => batches(dataset, o),
  'batches: normalize': (o) => batches(dataset, { batchSize: 1, normalize: o }),
  glyphs: (o) => glyphs(o),
  splitByClass: (o) => dataset.splitByClass(o),
  splitByGroup: (o) => dataset.splitByGroup(o),
  splitExamples: (o) => dataset.splitExamples(0.5, o),
  wasm: (o) => wasm(o),
};

const notOptions: readonly unknown[] = [0.5, null, true, 'lr', [1], x, new Map([['lr', 1]]), () => 1];

describe.each(Object.entries(calls))('%s', (name, call) => {
  const attempt = async (options: unknown): Promise<unknown> => call(options as never);
  test('refuses unknown options and what is no object of options', async () => {
    await expect(attempt({ unknownOption: 1 })).rejects.toThrow(`${name}: unknown option 'unknownOption'; expected `);
    await expect(attempt({ unknownOption: 1 })).rejects.toBeInstanceOf(TypeError);
    for (const options of notOptions) {
      if (name === 'ASoftmaxHead: lambda' && typeof options === 'number') continue;
      await expect(attempt(options)).rejects.toThrow(`${name}: options must be an object such as { `);
      await expect(attempt(options)).rejects.toBeInstanceOf(TypeError);
    }
  });
});

test('options may be an instance of a class, or of no prototype', () => {
  class Settings {
    lr = 0.5;
  }
  expect(new nn.Adam(model, new Settings()).lr).toBe(0.5);
  expect(new nn.Adam(model, Object.assign(Object.create(null) as object, { lr: 0.5 })).lr).toBe(0.5);
});

test('fields of definitions and data sets are checked as well', async () => {
  const wrong = { name: 'twice', derivative: [] } as never;
  expect(() => core.defineUnary(wrong)).toThrow("defineUnary: unknown field 'derivative'; did you mean derivatives?");
  expect(() => new ImageDataset({ images: 1 } as never)).toThrow("ImageDataset: unknown field 'images'; expected data");
  await expect(best({ thread: 1 } as never)).rejects.toThrow("wasm: unknown option 'thread'");
});
