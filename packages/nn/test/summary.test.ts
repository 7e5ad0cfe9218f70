import { type Tensor, Variable, zeros } from '@thetagrad/core';
import {
  BatchNorm2d,
  Conv2d,
  defaultGenerator,
  Dropout,
  Flatten,
  Linear,
  LSTM,
  Module,
  PReLU,
  Residual,
  Sequential,
  summary,
} from '@thetagrad/nn';
import { expect, test } from 'vitest';

const model = (): Sequential =>
  new Sequential(
    new Conv2d(1, 4, 3, { stride: 2, padding: 1 }),
    new BatchNorm2d(4),
    new PReLU(4),
    new Residual(new Conv2d(4, 4, 3, { padding: 1, groups: 2, bias: false })),
    new Flatten(),
    new Dropout(),
    new Linear(64, 10),
  );

test('lists modules, shapes, parameters and multiply-adds', () => {
  // 2·4·4·4 outputs of 1·3·3 and of 2·3·3 products in the convolutions, 2·10 outputs of 64 in the matrix product.
  expect(summary(model(), [2, 1, 8, 8]).split('\n')).toEqual([
    '        module       output        parameters  multiply-adds',
    '------------------------------------------------------------',
    '        Sequential   [2, 10]                0              0',
    '0       Conv2d       [2, 4, 4, 4]          40          1,152',
    '1       BatchNorm2d  [2, 4, 4, 4]           8              0',
    '2       PReLU        [2, 4, 4, 4]           4              0',
    '3       Residual     [2, 4, 4, 4]           0              0',
    '3.body  Conv2d       [2, 4, 4, 4]          72          2,304',
    '4       Flatten      [2, 64]                0              0',
    '5       Dropout      [2, 64]                0              0',
    '6       Linear       [2, 10]              650          1,280',
    '',
    'parameters: 774 trainable, 8 not trainable',
    'multiply-adds: 4,736 for an input of [2, 1, 8, 8]',
  ]);
});

test('leaves the model unchanged', () => {
  const network = model();
  network.layers[1]!.eval();
  const modes = (): boolean[] => [...network.modules().values()].map(({ training }) => training);
  const before = modes();
  const { count } = defaultGenerator.stateDict();
  summary(network, [1, 1, 8, 8]);
  expect(modes()).toEqual(before);
  expect([...network.modules().values()].filter((module) => Object.hasOwn(module, 'forward'))).toEqual([]);
  expect(Object.values(network.buffers()).map(({ pending }) => pending)).toEqual([undefined, undefined]);
  expect(defaultGenerator.stateDict().count.itemSync()).toBe(count.itemSync());
});

test('leaves the model unchanged after an error', () => {
  const network = model();
  expect(() => summary(network, [1, 3, 8, 8])).toThrow('conv2d: images [1, 3, 8, 8] have 3 channels');
  expect(network.training).toBe(true);
  expect(Object.hasOwn(network, 'forward')).toBe(false);
});

test('counts parameters of shared modules once, and multiply-adds in the module that does them', () => {
  class Twice extends Module {
    readonly layer = new Linear(3, 3, { bias: false });
    override forward(x: Tensor): Tensor {
      return this.layer.forward(this.layer.forward(x)).matmul(zeros([3, 5]));
    }
  }
  const text = summary(new Twice(), [2, 3]);
  expect(text.match(/layer +Linear +\[2, 3\] +9 +18\n/g)).toHaveLength(1);
  expect(text.match(/layer +Linear +\[2, 3\] +0 +18\n/g)).toHaveLength(1);
  expect(text).toMatch(/Twice +\[2, 5\] +0 +30\n/);
  expect(text).toContain('parameters: 9 trainable');
  expect(text).toContain('multiply-adds: 66 ');
});

test('counts what a module computes before and between its submodules, passed in arrays and objects', () => {
  class Inner extends Module<
    [{ readonly parts: readonly Tensor[] }],
    { readonly sum: Tensor; readonly unused: Tensor }
  > {
    readonly layer = new Linear(3, 2, { bias: false });
    override forward({ parts }: { readonly parts: readonly Tensor[] }): { sum: Tensor; unused: Tensor } {
      const sum = this.layer.forward(parts[0]!.add(parts[1]!)).matmul(zeros([2, 2]));
      return { sum, unused: sum.matmul(zeros([2, 9])) };
    }
  }
  class Outer extends Module {
    readonly inner = new Inner();
    override forward(x: Tensor): Tensor {
      const { sum } = this.inner.forward({ parts: [x.matmul(zeros([4, 3])), zeros([1, 3])] });
      return sum.matmul(zeros([2, 5]));
    }
  }
  const text = summary(new Outer(), [1, 4]);
  // 4·3 before and 2·5 after the inner module, 2·2 in it, 3·2 in its layer. Work that is not part of the output is not
  // counted.
  expect(text).toMatch(/Outer +\[1, 5\] +0 +22\n/);
  expect(text).toMatch(/inner +Inner +0 +4\n/);
  expect(text).toMatch(/inner\.layer +Linear +\[1, 2\] +6 +6\n/);
  expect(text).toContain('multiply-adds: 32 ');
});

test('accepts modules whose forward is a field', () => {
  const scale = new Linear(2, 2, { bias: false });
  class Arrow extends Module {
    override forward = (x: Tensor): Tensor => scale.forward(x);
  }
  const arrow = new Arrow();
  const { forward } = arrow;
  expect(summary(arrow, [1, 2])).toContain('multiply-adds: 4 ');
  expect(arrow.forward).toBe(forward);
});

test('an input of another dtype is an option', () => {
  class Embedding extends Module {
    readonly weight = new Variable(zeros([5, 3]));
    override forward(x: Tensor): Tensor {
      return this.weight.value.take(x);
    }
  }
  expect(() => summary(new Embedding(), [2])).toThrow(
    "summary: the model refused an input of float32 [2]; if it takes another dtype, pass it as in { dtype: 'int32' }: take: ",
  );
  expect(summary(new Embedding(), [2], { dtype: 'int32' })).toContain('[2, 3]');
});

test('counts the products of all steps of a recurrent layer', () => {
  class Last extends Module {
    readonly lstm = new LSTM(3, 4);
    override forward(x: Tensor): Tensor {
      return this.lstm.forward(x)[1][0];
    }
  }
  // 5·2·16 outputs, each of 3 and of 4 products.
  expect(summary(new Last(), [5, 2, 3])).toContain(`multiply-adds: 1,120 for`);
});
