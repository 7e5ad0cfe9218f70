import { evaluate, evaluateSync, grad, random, tensor, type Tensor, valueAndGrad } from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { Generator, init, Linear, SGD } from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';
import {
  ArcFaceHead,
  ASoftmaxHead,
  type ClassificationHead,
  CosFaceHead,
  type HeadOptions,
  LSoftmaxHead,
  ModifiedSoftmaxHead,
  SoftmaxHead,
} from '../src/heads.ts';
import * as losses from '../src/losses.ts';

const features = tensor([
  [1, 2, -1],
  [0.5, -1, 0],
  [-1, 0.3, 2],
  [2, 1, 1],
]);
const labels = tensor([0, 1, 2, 0], { dtype: 'int32' });
const all: readonly { name: string; build: (options?: HeadOptions) => ClassificationHead }[] = [
  { name: 'SoftmaxHead', build: (options) => new SoftmaxHead(3, 3, options) },
  { name: 'ModifiedSoftmaxHead', build: (options) => new ModifiedSoftmaxHead(3, 3, options) },
  { name: 'ASoftmaxHead', build: (options) => new ASoftmaxHead(3, 3, options) },
  { name: 'LSoftmaxHead', build: (options) => new LSoftmaxHead(3, 3, options) },
  { name: 'CosFaceHead', build: (options) => new CosFaceHead(3, 3, options) },
  { name: 'ArcFaceHead', build: (options) => new ArcFaceHead(3, 3, options) },
];
const key = random.key(1);

describe.each(all)('$name', ({ name, build }) => {
  test('trains in the common loop', async () => {
    const model = new Linear(3, 3, { key: random.key(2) });
    const head = build({ key });
    const optimizer = new SGD({ model, head }, { lr: 0.05 });
    const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
    for (let step = 0; step < 40; step++) {
      const { value: loss, grads } = lossAndGrads(features, labels);
      optimizer.update(grads);
      await evaluate(loss, model, head, optimizer);
    }
    const predicted = head.eval().forward(model.eval().forward(features)).argmax(1);
    expect([...predicted.dataSync()]).toEqual([...labels.dataSync()]);
  });

  test('has a weight [C, D] of rows of length about 1, and a complete state', async () => {
    const head = build({ key });
    expect(head.weight.shape).toEqual([3, 3]);
    expect(head.weight.dtype).toBe('float32');
    head.weight.value.dataSync().forEach((value) => expect(Math.abs(value)).toBeLessThanOrEqual(1));
    const other = build({ key: random.key(9) });
    expect(other.loss(features, labels).itemSync()).not.toBe(head.loss(features, labels).itemSync());
    const copy = build({ key: random.key(9) });
    copy.loadStateDict(head.stateDict());
    await evaluate(copy, head);
    expect(copy.loss(features, labels).itemSync()).toBe(head.loss(features, labels).itemSync());
  });

  test('takes a key, a generator, an initializer and a dtype', () => {
    const values = (options: HeadOptions): number[] => [...build(options).weight.value.dataSync()];
    expect(values({ key })).toEqual(values({ key }));
    expect(values({ generator: new Generator(3) })).toEqual(values({ generator: new Generator(3) }));
    expect(values({ key })).not.toEqual(values({ key: random.key(2) }));
    expect(values({ weightInit: init.constant(2) })).toEqual(Array.from({ length: 9 }, () => 2));
    const head = build({ key, dtype: 'float64' });
    expect(head.forward(features.astype('float64')).dtype).toBe('float64');
    expect(head.loss(features.astype('float64'), labels).dtype).toBe('float64');
  });

  test('has gradients of first and second order', () => {
    const head = build({ key, dtype: 'float64' });
    const loss = (x: Tensor): Tensor => head.loss(x, labels.slice([[0, 2]]));
    checkGradients(loss, [features.slice([[0, 2]])], { order: 2, step: 1 / 1024, variables: head });
  });

  test('rejects sizes that are not integers ≥ 1', () => {
    const Head = build().constructor as new (features: number, classes: number) => ClassificationHead;
    expect(() => new Head(0, 3)).toThrow(`${name}: features must be an integer ≥ 1, got 0`);
    expect(() => new Head(3, 1.5)).toThrow(`${name}: classes must be an integer ≥ 1, got 1.5`);
  });
});

describe('logits and loss', () => {
  const same = (a: Tensor, b: Tensor): void => expect(a.dataSync()).toEqual(b.dataSync());

  test('softmax, with and without a bias', () => {
    const head = new SoftmaxHead(3, 3, { key });
    const bias = tensor([1, -2, 0.5]);
    expect(head.bias!.value.toArraySync()).toEqual([0, 0, 0]);
    head.bias!.assign(bias);
    same(head.forward(features), losses.softmaxLogits(features, head.weight.value, { bias }));
    same(head.loss(features, labels), losses.softmaxLoss(features, head.weight.value, labels, { bias }));
    const plain = new SoftmaxHead(3, 3, { key, bias: false });
    expect(Object.keys(plain.variables())).toEqual(['weight']);
    same(plain.loss(features, labels), losses.softmaxLoss(features, plain.weight.value, labels));
  });

  test('modified softmax', () => {
    const head = new ModifiedSoftmaxHead(3, 3, { key });
    same(head.forward(features), losses.modifiedSoftmaxLogits(features, head.weight.value));
    same(head.loss(features, labels), losses.modifiedSoftmaxLoss(features, head.weight.value, labels));
  });

  test('A-Softmax and L-Softmax, with a constant λ', () => {
    const options = { margin: 3, lambda: 2 };
    const a = new ASoftmaxHead(3, 3, { key, ...options });
    same(a.forward(features), losses.modifiedSoftmaxLogits(features, a.weight.value));
    same(a.loss(features, labels), losses.aSoftmaxLoss(features, a.weight.value, labels, options));
    const l = new LSoftmaxHead(3, 3, { key, ...options });
    same(l.forward(features), losses.softmaxLogits(features, l.weight.value));
    same(l.loss(features, labels), losses.lSoftmaxLoss(features, l.weight.value, labels, options));
  });

  test('CosFace and ArcFace', () => {
    const options = { margin: 0.2, scale: 8 };
    const cos = new CosFaceHead(3, 3, { key, ...options });
    same(cos.forward(features), losses.cosineLogits(features, cos.weight.value, { scale: 8 }));
    same(cos.loss(features, labels), losses.cosFaceLoss(features, cos.weight.value, labels, options));
    const arc = new ArcFaceHead(3, 3, { key, ...options });
    same(arc.forward(features), losses.cosineLogits(features, arc.weight.value, { scale: 8 }));
    same(arc.loss(features, labels), losses.arcFaceLoss(features, arc.weight.value, labels, options));
  });

  test('A-Softmax with m = 1 is modified softmax for every λ', () => {
    const a = new ASoftmaxHead(3, 3, { key, margin: 1 });
    const modified = new ModifiedSoftmaxHead(3, 3, { key });
    for (let step = 0; step < 3; step++) same(a.loss(features, labels), modified.loss(features, labels));
  });
});

describe('λ', () => {
  test("follows the authors' schedule, with one iteration per loss in training", async () => {
    const head = new ASoftmaxHead(3, 3, { key });
    expect(head.lambda.itemSync()).toBe(1000);
    const seen: number[] = [];
    const used: number[] = [];
    for (let step = 0; step < 3; step++) {
      const loss = head.loss(features, labels);
      await evaluate(loss, head);
      const lambda = head.lambda.itemSync();
      seen.push(lambda);
      used.push(losses.aSoftmaxLoss(features, head.weight.value, labels, { lambda }).itemSync() - loss.itemSync());
    }
    [1, 2, 3].forEach((iteration, i) => expect(seen[i]).toBeCloseTo(1000 / (1 + 0.12 * iteration), 3));
    used.forEach((difference) => expect(difference).toBeCloseTo(0, 6));
  });

  test('falls to its minimum and no further', async () => {
    const head = new LSoftmaxHead(3, 3, { key, lambda: { base: 10, gamma: 1, power: 2, min: 0.5 } });
    const seen: number[] = [];
    for (let step = 0; step < 6; step++) {
      await evaluate(head.loss(features, labels), head);
      seen.push(head.lambda.itemSync());
    }
    [10 / 4, 10 / 9, 10 / 16, 0.5, 0.5, 0.5].forEach((lambda, i) => expect(seen[i]).toBeCloseTo(lambda, 6));
  });

  test('is constant in evaluation', async () => {
    const head = new ASoftmaxHead(3, 3, { key });
    await evaluate(head.loss(features, labels), head);
    const before = head.lambda.itemSync();
    head.eval();
    const first = head.loss(features, labels).itemSync();
    expect(head.loss(features, labels).itemSync()).toBe(first);
    expect([head.lambda.itemSync(), head.iteration.value.itemSync()]).toEqual([before, 1]);
  });

  test('continues from a saved state', async () => {
    const head = new ASoftmaxHead(3, 3, { key });
    for (let step = 0; step < 5; step++) await evaluate(head.loss(features, labels), head);
    const resumed = new ASoftmaxHead(3, 3);
    resumed.loadStateDict(head.stateDict());
    await evaluate(resumed);
    expect(resumed.iteration.value.itemSync()).toBe(5);
    const next = head.loss(features, labels);
    const nextResumed = resumed.loss(features, labels);
    evaluateSync(next, nextResumed, head, resumed);
    expect(nextResumed.itemSync()).toBe(next.itemSync());
    expect(resumed.lambda.itemSync()).toBe(head.lambda.itemSync());
  });

  test('is a buffer, not a parameter', () => {
    const head = new ASoftmaxHead(3, 3, { key });
    expect(Object.keys(head.parameters())).toEqual(['weight']);
    expect(Object.keys(head.buffers())).toEqual(['iteration']);
    expect(Object.keys(grad(head, () => head.loss(features, labels))())).toEqual(['weight']);
  });
});

describe('bad options', () => {
  test.each([0, 1.5, NaN])('margin %s of the angular heads', (margin) => {
    expect(() => new ASoftmaxHead(3, 3, { margin })).toThrow(
      `ASoftmaxHead: margin must be an integer ≥ 1, got ${margin}`,
    );
    expect(() => new LSoftmaxHead(3, 3, { margin })).toThrow('LSoftmaxHead: margin must be an integer');
  });

  test.each([-1, NaN, Infinity])('λ of %s', (value) => {
    expect(() => new ASoftmaxHead(3, 3, { lambda: value })).toThrow(
      `ASoftmaxHead: lambda must be a finite number ≥ 0, got ${value}`,
    );
    for (const name of ['base', 'gamma', 'power', 'min']) {
      expect(() => new LSoftmaxHead(3, 3, { lambda: { [name]: value } })).toThrow(
        `LSoftmaxHead: lambda.${name} must be a finite number ≥ 0, got ${value}`,
      );
    }
  });

  test('margin and scale of the additive heads', () => {
    expect(() => new CosFaceHead(3, 3, { margin: -1 })).toThrow('CosFaceHead: margin must be a finite number');
    expect(() => new CosFaceHead(3, 3, { scale: 0 })).toThrow('CosFaceHead: scale must be a finite number > 0');
    expect(() => new ArcFaceHead(3, 3, { margin: 4 })).toThrow('ArcFaceHead: margin must be an angle in radians');
    expect(() => new ArcFaceHead(3, 3, { scale: -1 })).toThrow('ArcFaceHead: scale must be a finite number > 0');
  });

  test('a key and a generator', () => {
    expect(() => new ASoftmaxHead(3, 3, { key, generator: new Generator(1) })).toThrow('not both');
  });
});
