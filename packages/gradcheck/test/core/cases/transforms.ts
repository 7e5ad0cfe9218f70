import { customGradient, grad, jvp, valueAndGrad, Variable, vjp, zeros, type Tensor } from '@thetagrad/core';
import { tensors } from '../../../src/index.ts';
import { defineCase, type Case } from '../support.ts';

const x = tensors({ shape: [2, 2] });
const y = tensors({ shape: [2] });

/** x · eʸ with a custom gradient. */
const scaled = customGradient((a: Tensor, b: Tensor) => ({
  value: a.mul(b.exp()),
  vjp: (t) => [t.mul(b.exp()), t.mul(a).mul(b.exp())],
}));

const w = new Variable(zeros([2, 2], { dtype: 'float64' }), { name: 'w' });

export const transforms: readonly Case[] = [
  defineCase('customGradient', [x, x], (a, b) => scaled(a, b).square()),
  defineCase('cast to float32 and back', [x], (a) => a.mul(0.5).astype('float32').sin().astype('float64')),
  defineCase('results in float32', [x, y], (a, b) => a.mul(b).astype('float32')),
  defineCase('inputs in float32', [tensors({ shape: [2], dtype: 'float32' }), y], (a, b) => a.mul(b).exp()),
  defineCase('grad', [x, y], (a, b) => grad((inner: Tensor) => inner.mul(b).sin().sum())(a)),
  defineCase('vjp', [x, y], (a, b) => vjp((inner: Tensor) => inner.mul(b).exp(), a).pullback(a)),
  defineCase('jvp', [x, y], (a, b) => jvp((inner: Tensor) => inner.mul(b).exp(), [a], [a.square()])),
  defineCase('valueAndGrad of variables', [x, y], (a, b) => {
    const penalty = valueAndGrad({ w }, (inner: Tensor) => w.value.add(inner).square().mul(b).sum());
    const { value, grads } = penalty(a);
    return { value, gradient: grads['w']! };
  }),
];
