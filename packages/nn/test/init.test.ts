import { conv2d, eye, random, type Shape, type TypedArray } from '@thetagrad/core';
import { Conv2d, init, type Initializer, Linear } from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const shape = [64, 32, 3, 3];
const [fanIn, fanOut] = [32 * 9, 64 * 9];

function draw(initializer: Initializer, of: Shape = shape): TypedArray {
  return initializer(random.key(7), of, 'float64').dataSync();
}

function moments(values: TypedArray): { mean: number; variance: number; largest: number } {
  let [sum, squares, largest] = [0, 0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
    largest = Math.max(largest, Math.abs(value));
  }
  const mean = sum / values.length;
  return { mean, variance: squares / values.length - mean * mean, largest };
}

test.for([
  ['xavierNormal', init.xavierNormal(), 2 / (fanIn + fanOut), Infinity],
  ['xavierNormal with gain', init.xavierNormal({ gain: 3 }), 18 / (fanIn + fanOut), Infinity],
  ['xavierUniform', init.xavierUniform(), 2 / (fanIn + fanOut), Math.sqrt(6 / (fanIn + fanOut))],
  ['kaimingNormal', init.kaimingNormal(), 2 / fanIn, Infinity],
  ['kaimingNormal, fanOut', init.kaimingNormal({ mode: 'fanOut' }), 2 / fanOut, Infinity],
  ['kaimingUniform', init.kaimingUniform(), 2 / fanIn, Math.sqrt(6 / fanIn)],
  ['kaimingUniform, leaky', init.kaimingUniform({ negativeSlope: 0.5 }), 1.6 / fanIn, Math.sqrt(4.8 / fanIn)],
  ['normal', init.normal({ std: 0.01 }), 1e-4, Infinity],
  ['uniform', init.uniform({ low: -2, high: 2 }), 4 / 3, 2],
  ['lecunNormal', init.lecunNormal, 1 / fanIn, 2 / 0.8796256610342398 / Math.sqrt(fanIn)],
  ['lecunUniform', init.lecunUniform, 1 / fanIn, Math.sqrt(3 / fanIn)],
  ['truncNormal', init.truncNormal(), 0.8796256610342398 ** 2, 2],
] as const)('%s has the variance and the bound of its formula', ([, initializer, variance, bound]) => {
  const found = moments(draw(initializer));
  // Five standard errors of the mean and of the variance of 18,432 samples.
  expect(Math.abs(found.mean)).toBeLessThan(5 * Math.sqrt(variance / 18_432));
  expect(Math.abs(found.variance / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 18_432));
  expect(found.largest).toBeLessThanOrEqual(bound);
  expect(found.largest).toBeGreaterThan(bound < Infinity ? 0.99 * bound : 0);
});

test('constants', () => {
  expect(draw(init.zeros, [2])).toEqual(Float64Array.of(0, 0));
  expect(draw(init.ones, [2])).toEqual(Float64Array.of(1, 1));
  expect(draw(init.constant(0.25), [2])).toEqual(Float64Array.of(0.25, 0.25));
  expect(draw(init.xavierUniform({ gain: 0 }), [2, 1])).toEqual(Float64Array.of(0, 0));
  expect(moments(draw(init.normal({ mean: 10 }), [1000])).mean).toBeCloseTo(10, 0);
});

describe('orthogonal', () => {
  test.for<readonly [readonly number[]]>([[[5, 3]], [[3, 5]], [[2, 3, 2]], [[1, 1]]])(
    '%j has orthonormal rows or columns',
    ([of]) => {
      const matrix = init.orthogonal({ gain: 2 })(random.key(1), of, 'float64').reshape([of[0]!, -1]);
      const [rows, columns] = matrix.shape as [number, number];
      const product = rows < columns ? matrix.matmul(matrix.transpose()) : matrix.transpose().matmul(matrix);
      const difference = product
        .sub(eye(Math.min(rows, columns)).mul(4))
        .abs()
        .max();
      expect(difference.itemSync()).toBeLessThan(1e-13);
    },
  );

  test('has no preferred sign or direction', () => {
    const first = random
      .key(3)
      .split(200)
      .map((key) => init.orthogonal()(key, [2, 2], 'float64').dataSync()[0]!);
    const { mean, variance } = moments(Float64Array.from(first));
    // An element of a random rotation is a cosine of a uniform angle.
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(0.5 / 200));
    expect(Math.abs(variance - 0.5)).toBeLessThan(5 * Math.sqrt(0.125 / 200));
  });
});

test('sparse has zeros in as many rows of each column', () => {
  const values = init.sparse({ sparsity: 0.3, std: 2 })(random.key(1), [10, 200], 'float64');
  const zeros = values.equal(0).sum(0).dataSync();
  expect(new Set(zeros)).toEqual(new Set([3]));
  expect(new Set(values.equal(0).sum(1).dataSync()).size).toBeGreaterThan(3);
  expect(Math.abs(moments(values.dataSync()).variance / (0.7 * 4) - 1)).toBeLessThan(0.2);
});

test('dirac preserves the input of a convolution, in each group', () => {
  const x = random.normal(random.key(1), [1, 4, 3, 3]);
  const same = (groups: number): number => {
    const weight = init.dirac({ groups })(random.key(0), [4, 4 / groups, 3, 3], 'float32');
    return conv2d(x, weight, { padding: 1, groups }).sub(x).abs().max().itemSync();
  };
  expect([same(1), same(2)]).toEqual([0, 0]);
  // torch.nn.init.dirac_ of [3, 2, 4]: the third output has no input.
  expect(draw(init.dirac(), [3, 2, 4])).toEqual(
    Float64Array.from([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  );
});

test('eye, and gains', () => {
  expect(draw(init.eye, [2, 3])).toEqual(Float64Array.of(1, 0, 0, 0, 1, 0));
  expect(init.calculateGain('tanh')).toBe(5 / 3);
  expect(init.calculateGain('conv2d')).toBe(1);
  expect(init.calculateGain('leakyRelu', 0.2)).toBeCloseTo(1.3867504905630728, 12);
  expect(init.calculateGain('selu')).toBe(0.75);
});

test.for([
  [() => draw(init.orthogonal(), [3]), 'init.orthogonal: needs a weight of at least 2 axes, got [3]'],
  [() => draw(init.sparse({ sparsity: 0.5 }), [3]), 'init.sparse: needs a weight of 2 axes, got [3]'],
  [() => init.sparse({ sparsity: 2 }), 'init.sparse: sparsity must be between 0 and 1, got 2'],
  [() => draw(init.dirac(), [3, 3]), 'init.dirac: needs a weight of 3 to 5 axes, got [3, 3]'],
  [() => draw(init.dirac({ groups: 2 }), [3, 1, 1]), 'init.dirac: 2 groups do not divide 3 outputs of [3, 1, 1]'],
  [() => draw(init.eye, [3]), 'init.eye: needs a weight of 2 axes, got [3]'],
  [() => init.calculateGain('elu' as never), "init.calculateGain: unknown nonlinearity 'elu'; expected linear, conv1d"],
  [() => draw(init.truncNormal({ a: 1, b: 1 })), 'truncatedNormal: low must be less than high, got 1 and 1'],
] as const)('bad calls are errors: %#', ([call, message]) => {
  expect(call).toThrow(message);
});

test('an unknown mode is an error', () => {
  const message = "init: unknown mode 'fan_in'; expected 'fanIn' or 'fanOut'";
  expect(() => draw(init.kaimingUniform({ mode: 'fan_in' as 'fanIn' }))).toThrow(message);
});

test('fans include the size of the filter', () => {
  expect(init.fans([5, 3])).toEqual({ fanIn: 3, fanOut: 5 });
  expect(init.fans(shape)).toEqual({ fanIn, fanOut });
  expect(() => init.fans([5])).toThrow('init: fans need a weight of at least two axes, got shape [5]');
});

describe('the default, as in PyTorch,', () => {
  test('is uniform in ±1/√fanIn for weight and bias', () => {
    const counts = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(counts, counts, (inputs, outputs) => {
        const { weight, bias } = new Linear(inputs, outputs);
        const bound = Math.fround(1 / Math.sqrt(inputs));
        expect(moments(weight.value.dataSync()).largest).toBeLessThanOrEqual(bound);
        expect(moments(bias!.value.dataSync()).largest).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 20 },
    );
    const wide = moments(new Linear(100, 1000).bias!.value.dataSync());
    expect(wide.largest).toBeGreaterThan(0.099);
    expect(wide.variance).toBeCloseTo(0.01 / 3, 3);
  });

  test('counts the inputs of one group', () => {
    const { weight } = new Conv2d(64, 64, 3, { groups: 16 });
    const { largest } = moments(weight.value.dataSync());
    expect(largest).toBeLessThanOrEqual(1 / 6 + 1e-7);
    expect(largest).toBeGreaterThan(0.99 / 6);
  });

  test('is replaced by other initializers', () => {
    const layer = new Linear(2, 2, { weightInit: init.constant(3), biasInit: init.zeros });
    expect(layer.weight.value.dataSync()).toEqual(Float32Array.of(3, 3, 3, 3));
    expect(layer.bias!.value.dataSync()).toEqual(Float32Array.of(0, 0));
  });
});
