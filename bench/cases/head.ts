import { aSoftmaxLoss } from '@thetagrad/a-softmax';
import { random, type Tensor, valueAndGrad } from '@thetagrad/core';
import type { numpy } from '@jax-js/jax';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { type Case, define } from '../case.ts';
import { aSoftmaxLoss as tfjsLoss } from '../peers/tfjsNetworks.ts';

const key = random.key(6);
const lambda = 5;
type JaxArray = numpy.Array;

/** Creates a case of A-Softmax on random features, with the gradients of features and weights. */
export function createHeadCase(samples: number, dimension: number, classes: number): Case {
  return define({
    name: `A-Softmax head ${samples}×${dimension}, ${classes} classes, forward and backward`,
    inputs: () => ({
      x: random.normal(key.foldIn(1), [samples, dimension]),
      weight: random.normal(key.foldIn(2), [classes, dimension]),
      labels: random.integers(key.foldIn(3), [samples], { high: classes }),
    }),
    ours({ x, weight, labels }) {
      const loss = (p: { x: Tensor; weight: Tensor }): Tensor =>
        aSoftmaxLoss(p.x, p.weight, labels, { margin: 4, lambda });
      return () => {
        const { value, grads } = valueAndGrad(loss)({ x, weight });
        return [value, grads.x, grads.weight];
      };
    },
    tfjs({ x, weight, labels }, tf) {
      const oneHot = tf.cast<Tensor2D>(tf.oneHot(labels as Tensor1D, classes) as Tensor2D, 'float32');
      const loss = (x: Tensor2D, weight: Tensor2D) => tfjsLoss(tf, x, weight, oneHot, lambda);
      return () => {
        const { value, grads } = tf.valueAndGrads(loss as Parameters<typeof tf.valueAndGrads>[0])([x, weight]);
        return [value, ...grads];
      };
    },
    jax({ x, weight, labels }, { lax, nn, numpy, valueAndGrad }) {
      const oneHot = nn.oneHot(labels, classes);
      const norms = (rows: JaxArray, keepdims: boolean): JaxArray =>
        numpy.sqrt(numpy.sum(numpy.square(rows), 1, { keepdims }));
      const loss = (x: JaxArray, weight: JaxArray): JaxArray => {
        const direction = weight.ref.div(norms(weight, true));
        const logits = numpy.matmul(x.ref, numpy.transpose(direction));
        const norm = norms(x, false);
        const c = numpy.sum(logits.ref.mul(oneHot.ref), 1).div(norm.ref);
        const square = numpy.square(c.ref);
        const cosine4 = numpy.square(square.ref).sub(square).mul(8).add(1);
        // Number of breakpoints jπ/4 ≤ θ, constant under differentiation.
        const constant = lax.stopGradient(c.ref);
        const k = [1, 2, 3]
          .map((j) => numpy.where(constant.ref.lessEqual(Math.cos((j * Math.PI) / 4)), 1, 0))
          .reduce((sum, next) => sum.add(next));
        constant.dispose();
        // (−1)^k for k from 0 to 3.
        const sign = numpy.cos(k.ref.mul(Math.PI));
        const psi = sign.mul(cosine4).sub(k.mul(2));
        const penalty = c
          .sub(psi)
          .mul(norm)
          .div(1 + lambda);
        const marginal = logits.sub(numpy.expandDims(penalty, 1).mul(oneHot.ref));
        return numpy.mean(numpy.sum(nn.logSoftmax(marginal, -1).mul(oneHot), 1)).mul(-1);
      };
      const [value, grads] = valueAndGrad(loss, { argnums: [0, 1] })(x, weight);
      return [value, ...grads];
    },
    torch: `
x.requires_grad_(), weight.requires_grad_()
classes = labels.long()
def run():
    loss = networks.a_softmax_loss(x, weight, classes, ${lambda})
    return [loss, *torch.autograd.grad(loss, [x, weight])]
return run`,
  });
}

export const head: Case = createHeadCase(256, 512, 10_572);
