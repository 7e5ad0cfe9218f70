import { random, softmax, type Tensor, vjp } from '@thetagrad/core';
import { layerNorm } from '@thetagrad/nn';
import type { numpy } from '@jax-js/jax';
import type { Tensor as TensorFlowTensor } from '@tensorflow/tfjs-core';
import { type Case, define, assignToVariables } from '../case.ts';

const key = random.key(4);
const shape = [1024, 1024];
const epsilon = 1e-5;
type JaxArray = numpy.Array;

const cases: readonly Case[] = [
  define({
    name: 'softmax over rows of 1024×1024, forward and backward',
    inputs: () => ({ x: random.normal(key.foldIn(1), shape), g: random.normal(key.foldIn(2), shape) }),
    ours:
      ({ x, g }) =>
      () => {
        const { value, pullback } = vjp((x: Tensor) => softmax(x, 1), x);
        return [value, ...pullback(g)];
      },
    tfjs:
      ({ x, g }, tf) =>
      () => {
        const { value, grad } = tf.valueAndGrad((x: TensorFlowTensor) => tf.softmax(x))(x, g);
        return [value, grad];
      },
    jax({ x, g }, { nn, vjp }) {
      const [y, pullback] = vjp((x: JaxArray) => nn.softmax(x, -1), [x]);
      return [y, ...pullback(g)];
    },
    torch: `
x.requires_grad_()
def run():
    y = F.softmax(x, 1)
    return [y, *torch.autograd.grad(y, x, g)]
return run`,
  }),
  define({
    name: 'layer norm over rows of 1024×1024, forward and backward',
    inputs: () => ({
      x: random.normal(key.foldIn(1), shape),
      scale: random.normal(key.foldIn(3), [shape[1]!]),
      shift: random.normal(key.foldIn(4), [shape[1]!]),
      g: random.normal(key.foldIn(2), shape),
    }),
    ours:
      ({ x, scale, shift, g }) =>
      () => {
        const normalize = (x: Tensor, weight: Tensor, bias: Tensor) =>
          layerNorm(x, shape[1]!, { weight, bias, eps: epsilon });
        const { value, pullback } = vjp(normalize, x, scale, shift);
        return [value, ...pullback(g)];
      },
    tfjs({ x, scale, shift, g }, tf) {
      const f = (x: TensorFlowTensor, scale: TensorFlowTensor, shift: TensorFlowTensor): TensorFlowTensor => {
        const deviation = tf.sub(x, tf.mean(x, 1, true));
        const variance = tf.mean(tf.square(deviation), 1, true);
        return tf.add(tf.mul(tf.div(deviation, tf.sqrt(tf.add(variance, epsilon))), scale), shift);
      };
      return () => {
        const differentiated = tf.valueAndGrads(f as Parameters<typeof tf.valueAndGrads>[0]);
        const { value, grads } = differentiated([x, scale, shift], g);
        return [value, ...grads];
      };
    },
    jax({ x, scale, shift, g }, { numpy, vjp }) {
      const options = { keepdims: true };
      const f = (x: JaxArray, scale: JaxArray, shift: JaxArray): JaxArray => {
        const deviation = x.ref.sub(numpy.mean(x, 1, options));
        const variance = numpy.mean(numpy.square(deviation.ref), 1, options);
        return deviation
          .div(numpy.sqrt(variance.add(epsilon)))
          .mul(scale)
          .add(shift);
      };
      const [y, pullback] = vjp(f, [x, scale, shift]);
      return [y, ...pullback(g)];
    },
    torch: `
parameters = [x, scale, shift]
for parameter in parameters:
    parameter.requires_grad_()
def run():
    y = F.layer_norm(x, scale.shape, scale, shift, ${epsilon})
    return [y, *torch.autograd.grad(y, parameters, g)]
return run`,
  }),
];

export const rows: readonly Case[] = cases.flatMap((benchmark) => [benchmark, assignToVariables(benchmark)]);
