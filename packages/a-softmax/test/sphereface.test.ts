import { evaluate, random, tensor, type Tensor, valueAndGrad } from '@thetagrad/core';
import {
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  Generator,
  Linear,
  type Module,
  PReLU,
  type Residual,
  Sequential,
  SGD,
} from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';
import { mirroredFeatures } from '../src/mirroredFeatures.ts';
import { ASoftmaxHead } from '../src/heads.ts';
import {
  preprocessImages,
  sphereFace,
  sphereFaceOptimizer,
  type SphereFaceOptions,
  sphereFaceTraining,
} from '../src/sphereface.ts';

const key = random.key(0);
const depths = [4, 10, 20, 36, 64] as const;
const parameterCount = (model: Module): number =>
  Object.values(model.parameters()).reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
const unseeded: SphereFaceOptions = { channels: 1, height: 20, width: 17, widths: [2, 3, 4, 5], features: 6 };
const small: SphereFaceOptions = { ...unseeded, key };

describe('sphereFace', () => {
  // Counts by hand: a stage of width w on c channels has a convolution with bias (9cw + w) and a PReLU (w), and in each
  // of its units two convolutions without bias (18w²) and two PReLUs (2w). The last layer has 512 · 512 · 7 · 6 + 512.
  test.each([
    [4, 12_562_496],
    [10, 15_217_984],
    [20, 22_666_944],
    [36, 32_771_392],
    [64, 48_186_816],
  ] as const)(
    'with %d layers has that many convolutions, and %d parameters at the size of the paper',
    (layers, expected) => {
      const model = sphereFace({ layers, key });
      expect(parameterCount(model)).toBe(expected);
      expect(model.embedding.weight.shape).toEqual([512, 512 * 7 * 6]);
      const modules = [...model.modules().values()];
      expect(modules.filter((module) => module instanceof Conv2d).length).toBe(layers);
      expect(modules.filter((module) => module instanceof PReLU).length).toBe(layers);
    },
  );

  test.each(depths)('with %d layers maps images of any size to features', (layers) => {
    for (const [height, width] of [
      [112, 96],
      [28, 28],
      [17, 1],
    ] as const) {
      const model = sphereFace({ ...small, layers, height, width });
      expect(model.forward(random.uniform(key, [2, 1, height, width])).shape).toEqual([2, 6]);
    }
  });

  test('has maps of 7 × 6 before the fully connected layer for images of 112 × 96', () => {
    const model = sphereFace({ ...small, height: 112, width: 96 });
    expect(model.convolutions.forward(random.uniform(key, [1, 1, 112, 96])).shape).toEqual([1, 5, 7, 6]);
  });

  test('has the layers of table 2, with PReLU before the sum and none after the fully connected layer', () => {
    const model = sphereFace({ ...small, layers: 10 });
    const names = model.convolutions.layers.map((layer) => layer.constructor.name);
    const stage = ['Conv2d', 'PReLU'];
    expect(names).toEqual([...stage, ...stage, 'Residual', ...stage, 'Residual', 'Residual', ...stage]);
    const unit = (model.convolutions.layers[4] as Residual).body as Sequential;
    expect(unit.layers.map((layer) => layer.constructor.name)).toEqual(['Conv2d', 'PReLU', 'Conv2d', 'PReLU']);
    // A unit with convolutions of 0 returns its input: there is no PReLU after the sum.
    const convolutions = unit.layers.filter((layer) => layer instanceof Conv2d);
    for (const { weight } of convolutions) weight.assign(weight.value.mul(0));
    const x = random.normal(key, [1, 3, 4, 4]);
    expect(model.convolutions.layers[4]!.forward(x).dataSync()).toEqual(x.dataSync());
    const features = model.forward(random.normal(key, [8, 1, 20, 17])).dataSync();
    expect(features.some((value) => value < 0)).toBe(true);
  });

  test("has the authors' initial values", () => {
    const model = sphereFace({
      channels: 3,
      height: 32,
      width: 32,
      widths: [16, 24, 8, 8],
      features: 64,
      layers: 10,
      key,
    });
    const moments = (values: ArrayLike<number>): { std: number; largest: number } => ({
      std: Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length),
      largest: Math.max(...Array.from(values, Math.abs)),
    });
    const uniform = [model.convolutions.layers[2] as Conv2d, model.embedding];
    for (const { weight, bias } of uniform) {
      const fanIn = weight.shape.slice(1).reduce((product, n) => product * n, 1);
      const { std, largest } = moments(weight.value.dataSync());
      expect(std * Math.sqrt(fanIn)).toBeCloseTo(1, 1);
      expect(largest).toBeLessThanOrEqual(Math.sqrt(3 / fanIn) * 1.000001);
      expect(bias!.value.dataSync().every((value) => value === 0)).toBe(true);
    }
    const residual = ((model.convolutions.layers[4] as Residual).body as Sequential).layers[0] as Conv2d;
    expect(residual.bias).toBe(undefined);
    expect(moments(residual.weight.value.dataSync()).std).toBeCloseTo(0.01, 3);
  });

  test('takes its weights from a key or a generator', () => {
    const images = random.normal(key, [1, 1, 20, 17]);
    const features = (options: SphereFaceOptions): number[] => [
      ...sphereFace({ ...small, layers: 4, ...options })
        .forward(images)
        .dataSync(),
    ];
    expect(features({})).toEqual(features({}));
    expect(features({ key: random.key(1) })).not.toEqual(features({}));
    const seeded = (): SphereFaceOptions => ({ ...unseeded, layers: 4, generator: new Generator(7) });
    const [a, b] = [sphereFace(seeded()), sphereFace(seeded())];
    expect(a.forward(images).dataSync()).toEqual(b.forward(images).dataSync());
  });

  test('rejects bad options, and images of another shape', () => {
    expect(() => sphereFace({ layers: 12 as 10 })).toThrow(
      'sphereFace: layers must be one of 4, 10, 20, 36, 64, got 12',
    );
    expect(() => sphereFace({ height: 0 })).toThrow('sphereFace: height must be an integer ≥ 1, got 0');
    expect(() => sphereFace({ features: 2.5 })).toThrow('sphereFace: features must be an integer ≥ 1, got 2.5');
    expect(() => sphereFace({ widths: [1, 2, 3] as unknown as [1, 2, 3, 4] })).toThrow('widths must be four numbers');
    expect(() => sphereFace({ widths: [1, 2, -3, 4] })).toThrow('sphereFace: widths[2] must be an integer ≥ 1');
    expect(() => sphereFace({ key, generator: new Generator(1) })).toThrow(
      'sphereFace: give a key or a generator, not both',
    );
    const model = sphereFace({ ...small, layers: 4 });
    for (const shape of [
      [1, 3, 20, 17],
      [1, 1, 17, 20],
      [1, 20, 17],
    ]) {
      expect(() => model.forward(random.uniform(key, shape))).toThrow(
        `sphereFace: images must be [N, 1, 20, 17], got [${shape.join(', ')}]`,
      );
    }
  });
});

describe('training settings', () => {
  test('scales pixels to about ±1', () => {
    expect(preprocessImages(tensor([0, 127.5, 255])).toArraySync()).toEqual([-0.99609375, 0, 0.99609375]);
    expect(preprocessImages(tensor([0, 255], { dtype: 'int32' })).dtype).toBe('float32');
  });

  test('have steps of the learning rate, and other multipliers for biases', async () => {
    const { lr } = sphereFaceTraining;
    const rate = lr as (step: number) => number;
    [0, 15_999, 16_000, 24_000, 28_000].forEach((step, i) =>
      expect(rate(step)).toBeCloseTo([0.1, 0.1, 1e-2, 1e-3, 1e-4][i]!, 10),
    );

    // One step with gradients of 1: p − rate · multiplier · (1 + decay · p)
    const layer = new Linear(2, 1, { key });
    const optimizer = sphereFaceOptimizer({ layer });
    expect(optimizer).toBeInstanceOf(SGD);
    expect(optimizer.momentum).toBe(0.9);
    const [weight, bias] = [layer.weight.value.dataSync(), layer.bias!.value.dataSync()];
    optimizer.update({ 'layer.weight': tensor([[1, 1]]), 'layer.bias': tensor([1]) });
    await evaluate(layer, optimizer);
    layer.weight.value.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(weight[i]! - 0.1 * (1 + 5e-4 * weight[i]!), 6);
    });
    expect(layer.bias!.value.itemSync()).toBeCloseTo(bias[0]! - 0.2, 6);
  });

  test('can be overridden', () => {
    const layer = new Linear(2, 1, { key });
    const optimizer = sphereFaceOptimizer(layer, { lr: 0.5, momentum: 0.1 });
    expect([optimizer.currentLr, optimizer.momentum]).toEqual([0.5, 0.1]);
  });

  test('fits a few images', async () => {
    const model = sphereFace({ ...small, layers: 10, height: 12, width: 9, features: 8 });
    const head = new ASoftmaxHead(8, 3, { key, lambda: 5 });
    const optimizer = sphereFaceOptimizer({ model, head }, { lr: 0.05 });
    const images = random.normal(random.key(5), [6, 1, 12, 9]);
    const labels = tensor([0, 1, 2, 0, 1, 2], { dtype: 'int32' });
    const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      const { value: loss, grads } = lossAndGrads(images, labels);
      optimizer.update(grads);
      await evaluate(loss, model, head, optimizer);
      losses.push(loss.itemSync());
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });
});

describe('mirroredFeatures', () => {
  const images = random.normal(key, [3, 1, 20, 17]);

  test('concatenates the features of the image and its mirror', () => {
    const model = sphereFace({ ...small, layers: 10 });
    const joined = mirroredFeatures(model, images);
    expect(joined.shape).toEqual([3, 12]);
    const found = joined.toArraySync() as number[][];
    const plain = model.forward(images).toArraySync() as number[][];
    const mirrored = model.forward(images.flip(-1)).toArraySync() as number[][];
    // Sums may have another order in a batch of another size.
    found.forEach((row, i) =>
      [...plain[i]!, ...mirrored[i]!].forEach((value, k) => expect(row[k]).toBeCloseTo(value, 5)),
    );
  });

  test('computes in evaluation mode and restores the modes of all modules', () => {
    const norm = new BatchNorm2d(1);
    const dropout = new Dropout(0.5);
    const model = new Sequential(norm, dropout, new Flatten(), new Linear(20 * 17, 4, { key }));
    dropout.eval();
    const modes = (): boolean[] => [...model.modules().values()].map(({ training }) => training);
    const before = modes();
    expect(new Set(before).size).toBe(2);
    const first = mirroredFeatures(model, images).dataSync();
    expect(modes()).toEqual(before);
    // Nothing is random, and running statistics do not change.
    expect(mirroredFeatures(model, images).dataSync()).toEqual(first);
    expect(Object.values(norm.buffers()).some(({ pending }) => pending !== undefined)).toBe(false);
  });

  test('restores the modes after an error', () => {
    const model = sphereFace({ ...small, layers: 4 });
    expect(() => mirroredFeatures(model, random.normal(key, [3, 1, 5, 5]))).toThrow('sphereFace: images must be');
    expect([...model.modules().values()].every(({ training }) => training)).toBe(true);
  });

  test('rejects inputs that are not images, and models that do not return a feature for each', () => {
    const model = sphereFace({ ...small, layers: 4 });
    expect(() => mirroredFeatures(model, random.normal(key, [1, 20, 17]))).toThrow(
      'mirroredFeatures: images must be [N, C, H, W], got [1, 20, 17]',
    );
    expect(() => mirroredFeatures(new Sequential(new Flatten(0)), images)).toThrow(
      'mirroredFeatures: the model must return [6, D] for 6 images, got [2040]',
    );
  });
});
