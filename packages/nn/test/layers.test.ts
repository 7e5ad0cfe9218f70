import { values } from '@thetagrad/gradcheck';
import { conv2d, evaluateSync, full, grad, random, tensor, type Tensor, Variable, zeros } from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import {
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  ELU,
  Flatten,
  GELU,
  init,
  LeakyReLU,
  Linear,
  MaxPool2d,
  Module,
  PReLU,
  ReLU,
  Residual,
  Sequential,
  Sigmoid,
  SiLU,
  Softplus,
  Tanh,
} from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';

const key = random.key(1);

describe('Linear', () => {
  test('multiplies by the transposed weight and adds the bias', () => {
    const layer = new Linear(2, 3);
    layer.weight.assign(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    layer.bias!.assign(tensor([10, 20, 30]));
    expect(layer.forward(tensor([[1, -1]])).toArraySync()).toEqual([[9, 19, 29]]);
    expect(layer.forward(tensor([1, 0])).toArraySync()).toEqual([11, 23, 35]);
    expect(layer.forward(zeros([4, 5, 2])).shape).toEqual([4, 5, 3]);
    expect(new Linear(2, 3, { bias: false }).bias).toBeUndefined();
    expect(new Linear(2, 3, { dtype: 'float64' }).weight.dtype).toBe('float64');
  });

  test.for([
    [() => new Linear(0, 1), 'Linear: inFeatures must be an integer ≥ 1, got 0'],
    [() => new Linear(1, 1.5), 'Linear: outFeatures must be an integer ≥ 1, got 1.5'],
    [() => new Linear(2, 1).forward(zeros([3, 4])), 'Linear: the last axis of the input [3, 4] must have 2 elements'],
    [() => new Linear(2, 1).forward(zeros([])), 'Linear: the last axis of the input []'],
  ] as const)('rejects bad sizes: %#', ([make, message]) => {
    expect(make).toThrow(message);
  });
});

describe('Conv2d', () => {
  test('is core’s conv2d with a bias for each output channel', () => {
    const options = { stride: 2, padding: [1, 0], dilation: [1, 2], groups: 2 } as const;
    const layer = new Conv2d(4, 6, [3, 2], { ...options, key });
    expect(layer.weight.shape).toEqual([6, 2, 3, 2]);
    const x = random.normal(key, [2, 4, 7, 8]);
    const plain = conv2d(x, layer.weight.value, options).toArraySync() as number[][][][];
    const found = layer.forward(x).toArraySync() as number[][][][];
    const bias = layer.bias!.value.dataSync();
    found.forEach((image, n) =>
      image.forEach((channel, c) =>
        channel.forEach((row, i) =>
          row.forEach((value, j) => expect(value).toBeCloseTo(plain[n]![c]![i]![j]! + bias[c]!, 5)),
        ),
      ),
    );
  });

  test.for([
    [() => new Conv2d(3, 4, 3, { groups: 2 }), 'Conv2d: inChannels 3 and outChannels 4 must be divisible by groups 2'],
    [() => new Conv2d(4, 3, 3, { groups: 2 }), 'must be divisible by groups 2'],
    [() => new Conv2d(0, 4, 3), 'Conv2d: inChannels must be'],
    [() => new Conv2d(1, 4, 0), 'Conv2d: kernelSize must be'],
    [() => new Conv2d(1, 4, [3, -1]), 'Conv2d: kernelSize must be'],
    [() => new Conv2d(2, 4, 3).forward(zeros([1, 3, 8, 8])), 'conv2d: images [1, 3, 8, 8] have 3 channels'],
  ] as const)('rejects bad sizes: %#', ([make, message]) => {
    expect(make).toThrow(message);
  });
});

test('pooling', () => {
  const x = tensor([
    [
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ],
  ]);
  expect(new MaxPool2d(2).forward(x).toArraySync()).toEqual([[[[6, 8]]]]);
  expect(new AvgPool2d(2).forward(x).toArraySync()).toEqual([[[[3.5, 5.5]]]]);
  expect(new MaxPool2d([1, 2], { stride: 1 }).forward(x).toArraySync()).toEqual([
    [
      [
        [2, 3, 4],
        [6, 7, 8],
      ],
    ],
  ]);
  expect(new AvgPool2d(2, { padding: [0, 1] }).forward(x).toArraySync()).toEqual([[[[1.5, 4.5, 3]]]]);
});

describe('activations', () => {
  const points = [-30, -2, -0.5, 0, 0.5, 2, 30];
  const phi = (x: number): number => {
    // Integrates the normal density by Simpson's rule.
    const n = 2000;
    const [from, h] = [-40, (x + 40) / n];
    const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
    let sum = density(from) + density(x);
    for (let i = 1; i < n; i++) sum += (i % 2 === 0 ? 2 : 4) * density(from + i * h);
    return (sum * h) / 3;
  };
  test.for([
    ['ReLU', new ReLU(), (x) => Math.max(x, 0)],
    ['LeakyReLU', new LeakyReLU(), (x) => (x > 0 ? x : 0.01 * x)],
    ['LeakyReLU(0.2)', new LeakyReLU(0.2), (x) => (x > 0 ? x : 0.2 * x)],
    ['PReLU', new PReLU(), (x) => (x > 0 ? x : 0.25 * x)],
    ['ELU', new ELU(), (x) => (x > 0 ? x : Math.exp(x) - 1)],
    ['ELU(2)', new ELU(2), (x) => (x > 0 ? x : 2 * (Math.exp(x) - 1))],
    ['GELU', new GELU(), (x) => x * phi(x)],
    [
      'GELU by tanh',
      new GELU({ approximate: 'tanh' }),
      (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ],
    ['SiLU', new SiLU(), (x) => x / (1 + Math.exp(-x))],
    ['Sigmoid', new Sigmoid(), (x) => 1 / (1 + Math.exp(-x))],
    ['Tanh', new Tanh(), Math.tanh],
    ['Softplus', new Softplus(), (x) => Math.log1p(Math.exp(x))],
    ['Softplus(3)', new Softplus(3), (x) => Math.log1p(Math.exp(3 * x)) / 3],
  ] as const satisfies readonly (readonly [string, Module, (x: number) => number])[])('%s', ([, layer, definition]) => {
    const found = layer.forward(tensor(points, { dtype: 'float64' })).dataSync();
    points.forEach((x, i) => expect(found[i]).toBeCloseTo(definition(x), 7));
  });

  test('have PyTorch’s gradients at kinks, and finite gradients for large inputs', () => {
    const at = (layer: Module, x: number): number => grad((t: Tensor) => layer.forward(t))(tensor(x)).itemSync();
    expect(at(new LeakyReLU(0.125), 0)).toBe(0.125);
    expect(at(new ELU(0.5), 0)).toBe(0.5);
    expect(at(new PReLU(), 0)).toBe(0.25);
    expect(at(new ELU(), 1e4)).toBe(1);
    expect(at(new Softplus(), 1e4)).toBe(1);
    expect(at(new SiLU(), -1e4)).toBeCloseTo(0, 12);
  });

  test.each<[number[], number]>([
    [[], -0.75],
    [[0], 0],
    [[2, 3], -4.5],
  ])('PReLU with one slope keeps the shape %j', (shape, slope) => {
    const layer = new PReLU();
    const x = full(shape, -0.75);
    expect(layer.forward(x).toArraySync()).toEqual(full(shape, -0.1875).toArraySync());
    expect(grad(layer, () => layer.forward(x).sum())()['weight']!.toArraySync()).toEqual([slope]);
  });

  test('PReLU has a slope for each channel', () => {
    const layer = new PReLU(2, { init: 0.5 });
    expect(layer.weight.value.toArraySync()).toEqual([0.5, 0.5]);
    layer.weight.assign(tensor([0.5, 2]));
    expect(
      layer
        .forward(
          tensor([
            [-1, -1],
            [1, 1],
          ]),
        )
        .toArraySync(),
    ).toEqual([
      [-0.5, -2],
      [1, 1],
    ]);
    const images = tensor([[[[-1, 1]], [[-2, 2]]]]);
    expect(layer.forward(images).toArraySync()).toEqual([[[[-0.5, 1]], [[-4, 2]]]]);
    expect(() => layer.forward(zeros([2, 3]))).toThrow('PReLU: axis 1 of the input [2, 3] must have 2 channels');
    expect(() => new PReLU(0)).toThrow('PReLU: numParameters must be an integer ≥ 1, got 0');
  });
});

describe('BatchNorm2d', () => {
  /** Mean and squared deviations of a channel, in plain numbers. */
  const statistics = (x: number[][][][], channel: number): { mean: number; squares: number; count: number } => {
    const values = x.flatMap((image) => image[channel]!.flat());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, squares: values.reduce((sum, value) => sum + (value - mean) ** 2, 0), count: values.length };
  };

  test('normalizes by the batch in training and by running averages in evaluation', () => {
    const sizes = fc.record({
      n: fc.integer({ min: 2, max: 4 }),
      side: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(sizes, values({ from: 0, to: 1 }), ({ n, side, seed }, momentum) => {
        const layer = new BatchNorm2d(2, { momentum, eps: 0.01, dtype: 'float64' });
        layer.weight!.assign(tensor([2, -1], { dtype: 'float64' }));
        layer.bias!.assign(tensor([0.5, 3], { dtype: 'float64' }));
        const running = [
          { mean: 0, variance: 1 },
          { mean: 0, variance: 1 },
        ];
        for (let step = 0; step < 2; step++) {
          const x = random.normal(random.key(seed).foldIn(step), [n, 2, side, side], {
            mean: 1,
            std: 2,
            dtype: 'float64',
          });
          const input = x.toArraySync() as number[][][][];
          const output = layer.forward(x);
          evaluateSync(output, layer);
          const found = output.toArraySync() as number[][][][];
          running.forEach((average, c) => {
            const { mean, squares, count } = statistics(input, c);
            const [scale, shift] = [[2, -1][c]!, [0.5, 3][c]!];
            const expected = ((input[0]![c]![0]![0]! - mean) / Math.sqrt(squares / count + 0.01)) * scale + shift;
            expect(found[0]![c]![0]![0]).toBeCloseTo(expected, 9);
            average.mean = (1 - momentum) * average.mean + momentum * mean;
            average.variance = (1 - momentum) * average.variance + (momentum * squares) / (count - 1);
            expect(layer.runningMean.value.dataSync()[c]).toBeCloseTo(average.mean, 9);
            expect(layer.runningVar.value.dataSync()[c]).toBeCloseTo(average.variance, 9);
          });
        }
        const x = tensor([[[[1.5]], [[-0.5]]]], { dtype: 'float64' });
        const found = layer.eval().forward(x).dataSync();
        running.forEach(({ mean, variance }, c) => {
          const expected = (([1.5, -0.5][c]! - mean) / Math.sqrt(variance + 0.01)) * [2, -1][c]! + [0.5, 3][c]!;
          expect(found[c]).toBeCloseTo(expected, 9);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('assigns nothing in evaluation', () => {
    const layer = new BatchNorm2d(1).eval();
    layer.forward(zeros([2, 1, 2, 2]));
    expect(layer.runningMean.pending).toBeUndefined();
    expect(Object.keys(new BatchNorm2d(1, { affine: false }).variables())).toEqual(['runningMean', 'runningVar']);
  });

  test.for([
    [
      () => new BatchNorm2d(2).forward(zeros([1, 2, 1, 1])),
      'BatchNorm2d: training needs more than one element per channel, got [1, 2, 1, 1]',
    ],
    [
      () => new BatchNorm2d(2).forward(zeros([1, 3, 4, 4])),
      'BatchNorm2d: input must be [N, 2, H, W], got [1, 3, 4, 4]',
    ],
    [() => new BatchNorm2d(2).forward(zeros([3, 2])), 'BatchNorm2d: input must be'],
    [() => new BatchNorm2d(0), 'BatchNorm2d: numFeatures must be an integer ≥ 1, got 0'],
    [() => new BatchNorm2d(1, { eps: -1 }), 'BatchNorm2d: eps must be a finite number ≥ 0, got -1'],
    [() => new BatchNorm2d(1, { momentum: 2 }), 'BatchNorm2d: momentum must be between 0 and 1, got 2'],
  ] as const)('rejects bad sizes: %#', ([make, message]) => {
    expect(make).toThrow(message);
  });
});

describe('Dropout', () => {
  const x = tensor(Array.from({ length: 4000 }, () => 3));

  test('drops with probability p, scales the rest, and keeps the expectation', () => {
    const values = new Dropout(0.25, { key }).forward(x).dataSync();
    const kept = values.filter((value) => value !== 0);
    kept.forEach((value) => expect(value).toBeCloseTo(4, 5));
    // Five standard deviations of the count.
    expect(Math.abs(kept.length - 3000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75));
  });

  test('draws a new mask at each call, and masks gradients too', () => {
    const layer = new Dropout(0.5, { key });
    const [first, second] = [layer.forward(x).toArraySync(), layer.forward(x).toArraySync()];
    expect(second).not.toEqual(first);
    const again = new Dropout(0.5, { key });
    const gradient = grad((t: Tensor) => again.forward(t).sum())(x).dataSync();
    expect([...gradient].map((value) => value * 3)).toEqual(first);
  });

  test('does nothing in evaluation or for p = 0, and gives zeros for p = 1', () => {
    expect(new Dropout(0.5).eval().forward(x)).toBe(x);
    expect(new Dropout(0).forward(x)).toBe(x);
    const all = new Dropout(1);
    expect(all.forward(tensor([1, 2])).toArraySync()).toEqual([0, 0]);
    expect(grad((t: Tensor) => all.forward(t).sum())(tensor([1, 2])).toArraySync()).toEqual([0, 0]);
  });

  test.for([-0.1, 1.1, NaN])('rejects p = %d', (p) => {
    expect(() => new Dropout(p)).toThrow(`Dropout: p must be between 0 and 1, got ${p}`);
  });
});

describe('containers', () => {
  const double = new Linear(1, 1, { bias: false, weightInit: init.constant(2) });

  test('Sequential applies layers in order', () => {
    const x = tensor([[-3]]);
    expect(new Sequential(double, new ReLU()).forward(x).itemSync()).toBe(0);
    expect(new Sequential(new ReLU(), double).forward(tensor([[3]])).itemSync()).toBe(6);
    expect(new Sequential().forward(x)).toBe(x);
  });

  test('Sequential checks the types between its layers', () => {
    class Both extends Module<[Tensor], { readonly low: Tensor; readonly high: Tensor }> {
      override forward(x: Tensor): { low: Tensor; high: Tensor } {
        return { low: x.neg(), high: x };
      }
    }
    class Range extends Module<[{ readonly low: Tensor; readonly high: Tensor }], Tensor> {
      override forward({ low, high }: { low: Tensor; high: Tensor }): Tensor {
        return high.sub(low);
      }
    }
    expectTypeOf(new Sequential(new ReLU(), new Both())).toExtend<Module<[Tensor], { readonly low: Tensor }>>();
    expectTypeOf(new Sequential(new Both(), new Range(), new ReLU())).toExtend<Module>();
    expectTypeOf(new Sequential(...([] as Module[]))).toExtend<Module>();
    // @ts-expect-error a tensor is not a range
    const wrong = new Sequential(new ReLU(), new Range());
    expect(() => wrong.forward(tensor([1]))).toThrow('Cannot read properties of undefined');
    expect(new Sequential(new Both(), new Range()).forward(tensor(2)).itemSync()).toBe(4);
  });

  test('Residual adds the input, or the output of a shortcut', () => {
    const x = tensor([[3]]);
    expect(new Residual(double).forward(x).itemSync()).toBe(9);
    expect(new Residual(double, new Sequential(double, double)).forward(x).itemSync()).toBe(18);
    expect(Object.keys(new Residual(new Linear(1, 1), new Linear(1, 1)).variables())).toContain('shortcut.weight');
    expect(() => new Residual(new Linear(2, 1)).forward(zeros([3, 2]))).toThrow(
      'Residual: the body returns [3, 1], the shortcut [3, 2]; they must be equal',
    );
  });

  test('Flatten keeps the batch', () => {
    expect(new Flatten().forward(zeros([2, 3, 4, 5])).shape).toEqual([2, 60]);
    expect(new Flatten(2).forward(zeros([2, 3, 4, 5])).shape).toEqual([2, 3, 20]);
  });
});

describe('modules of functions', () => {
  const at = (shape: readonly number[]): Tensor => random.normal(key, shape);

  test.for<readonly [nn.Module, Tensor, (x: Tensor) => Tensor, readonly string[]]>([
    [new nn.LayerNorm([2, 3]), at([4, 2, 3]), (x) => nn.layerNorm(x, [2, 3]), ['weight', 'bias']],
    [new nn.LayerNorm(3, { bias: false, eps: 0.5 }), at([2, 3]), (x) => nn.layerNorm(x, 3, { eps: 0.5 }), ['weight']],
    [new nn.LayerNorm(3, { elementwiseAffine: false }), at([2, 3]), (x) => nn.layerNorm(x, 3), []],
    [new nn.RMSNorm(3), at([2, 3]), (x) => nn.rmsNorm(x, 3), ['weight']],
    [new nn.RMSNorm(3, { elementwiseAffine: false, eps: 1 }), at([2, 3]), (x) => nn.rmsNorm(x, 3, { eps: 1 }), []],
    [new nn.GroupNorm(2, 4), at([2, 4, 3]), (x) => nn.groupNorm(x, 2), ['weight', 'bias']],
    [new nn.GroupNorm(1, 2, { affine: false }), at([2, 2]), (x) => nn.groupNorm(x, 1), []],
    [new nn.InstanceNorm1d(2), at([2, 2, 3]), (x) => nn.instanceNorm(x), []],
    [new nn.InstanceNorm2d(2, { affine: true }), at([2, 2, 3, 2]), (x) => nn.instanceNorm(x), ['weight', 'bias']],
    [new nn.InstanceNorm3d(1), at([2, 1, 3, 2, 1]), (x) => nn.instanceNorm(x), []],
    [new nn.BatchNorm1d(3), at([4, 3]), (x) => nn.batchNorm(x, { training: true }), ['weight', 'bias']],
    [new nn.BatchNorm1d(2), at([4, 2, 3]), (x) => nn.batchNorm(x, { training: true }), ['weight', 'bias']],
    [new nn.BatchNorm3d(2, { affine: false }), at([2, 2, 1, 2, 2]), (x) => nn.batchNorm(x, { training: true }), []],
    [new nn.Identity(), at([2]), (x) => x, []],
    [new nn.AlphaDropout(0.5).eval(), at([2]), (x) => x, []],
    [new nn.FeatureAlphaDropout(0.5).eval(), at([2, 2]), (x) => x, []],
  ])('%#', ([layer, x, apply, names]) => {
    expect(layer.forward(x).toArraySync()).toEqual(apply(x).toArraySync());
    expect(Object.keys(layer.parameters())).toEqual(names);
  });

  test.for([
    [nn.Dropout1d, nn.dropout1d, [3, 2, 4]],
    [nn.Dropout2d, nn.dropout2d, [3, 2, 4, 1]],
    [nn.Dropout3d, nn.dropout3d, [3, 2, 4, 1, 2]],
    [nn.AlphaDropout, nn.alphaDropout, [3, 2]],
    [nn.FeatureAlphaDropout, nn.featureAlphaDropout, [3, 2, 4]],
  ] as const)('%o draws keys from its generator', ([Layer, drop, shape]) => {
    const layer = new Layer(0.25, { key });
    const generator = new nn.Generator(key);
    const x = at(shape);
    for (let step = 0; step < 2; step++) {
      expect(layer.forward(x).toArraySync()).toEqual(drop(generator.next(), x, { p: 0.25 }).toArraySync());
    }
  });

  test('batchNorm updates running statistics that are variables', () => {
    const runningMean = new Variable(zeros([1]));
    const runningVar = new Variable(zeros([1]));
    const x = tensor([[1], [3]]);
    evaluateSync(nn.batchNorm(x, { training: true, momentum: 0.5, runningMean, runningVar }), runningMean, runningVar);
    expect([runningMean.value.itemSync(), runningVar.value.itemSync()]).toEqual([1, 1]);
  });

  test('Embedding looks rows up, and padding is zeros without a gradient', () => {
    const layer = new nn.Embedding(3, 2, { paddingIdx: -1, key });
    const indices = tensor([2, 0, 0], { dtype: 'int32' });
    const rows = layer.weight.value.toArraySync() as number[][];
    expect(rows[2]).toEqual([0, 0]);
    expect(layer.forward(indices).toArraySync()).toEqual([rows[2], rows[0], rows[0]]);
    const loss = (weight: Tensor): Tensor => nn.embedding(indices, weight, { paddingIdx: 2 }).sum();
    expect(grad(loss)(layer.weight.value).toArraySync()).toEqual([
      [2, 2],
      [0, 0],
      [0, 0],
    ]);
  });

  test('a query that attends to nothing has gradients of zero', () => {
    for (const attnMask of [tensor([[false], [true]]), tensor([[-Infinity], [0]])]) {
      const loss = (x: Tensor): Tensor => {
        const [q, k, v] = x.split([2, 3, 3]) as [Tensor, Tensor, Tensor];
        return nn.scaledDotProductAttention(q, k, v, { attnMask }).at(0).sum();
      };
      expect(grad(loss)(at([8, 2])).toArraySync()).toEqual(zeros([8, 2]).toArraySync());
    }
  });
});
