import { random, tensor } from '@thetagrad/core';
import { checkGradients, type GradientOptions } from '@thetagrad/gradcheck';
import { describe, test, vi } from 'vitest';
import { classes, heads, makeModel, type ModelOptions } from './toy.ts';

vi.setConfig({ testTimeout: 30_000 });

const images = random.normal(random.key(1), [6, 1, 8, 8], { dtype: 'float64' });
const labels = tensor(
  [0, 1, 2, 3, 0, 2].map((label) => label % classes),
  { dtype: 'int32' },
);

/** Checks the gradients with respect to the images and every variable of the network and the head. */
function checkNetwork(headName: string, modelOptions: ModelOptions, options: GradientOptions = {}): void {
  const model = makeModel({ dtype: 'float64', ...modelOptions });
  const head = heads[headName]!({ dtype: 'float64' }).eval();
  checkGradients((x) => head.loss(model.forward(x), labels), [images], {
    name: headName,
    variables: { model, head },
    step: 1 / 4096,
    elements: 12,
    ...options,
  });
}

describe('gradients of the loss of a network', () => {
  test.each(Object.keys(heads))('with %s', (name) => {
    checkNetwork(name, { normalized: false });
  });

  test.each(['softmax', 'A-Softmax, m = 3'])('with batch normalization and %s', (name) => {
    checkNetwork(name, { normalized: true });
  });

  test('of second order, with A-Softmax, m = 4', () => {
    checkNetwork('A-Softmax, m = 4', { normalized: false }, { order: 2, elements: 3 });
  });
});
