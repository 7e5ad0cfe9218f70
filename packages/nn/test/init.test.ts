import { random, type Shape, type TypedArray } from '@thetagrad/core';
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
