import { random, tensor } from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { describe, test, vi } from 'vitest';
import { classes, heads, makeModel } from './toy.ts';

vi.setConfig({ testTimeout: 30_000 });

const images = random.normal(random.key(1), [6, 1, 8, 8], { dtype: 'float64' });
const labels = tensor(
  [0, 1, 2, 3, 0, 2].map((label) => label % classes),
  { dtype: 'int32' },
);

// With respect to the images and every variable of the network and the head.
describe('gradients of the loss of a network', () => {
  test.each(Object.keys(heads))('with %s', (name) => {
    const model = makeModel({ dtype: 'float64', normalized: false });
    const head = heads[name]!({ dtype: 'float64' }).eval();
    checkGradients((x) => head.loss(model.forward(x), labels), [images], {
      name,
      variables: { model, head },
      step: 1 / 4096,
      elements: 12,
    });
  });

  test.each(['softmax', 'A-Softmax, m = 3'])('with batch normalization and %s', (name) => {
    const model = makeModel({ dtype: 'float64' });
    const head = heads[name]!({ dtype: 'float64' }).eval();
    checkGradients((x) => head.loss(model.forward(x), labels), [images], {
      name,
      variables: { model, head },
      step: 1 / 4096,
      elements: 12,
    });
  });

  test('of second order, with A-Softmax, m = 4', () => {
    const model = makeModel({ dtype: 'float64', normalized: false });
    const head = heads['A-Softmax, m = 4']!({ dtype: 'float64' }).eval();
    checkGradients((x) => head.loss(model.forward(x), labels), [images], {
      name: 'loss',
      variables: { model, head },
      order: 2,
      step: 1 / 4096,
      elements: 3,
    });
  });
});
