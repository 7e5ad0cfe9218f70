import { random, valueAndGrad, type Tensor } from '@thetagrad/core';
import { aSoftmaxLoss } from '@thetagrad/a-softmax';
import type { Tensor as PeerTensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Case } from '../case.ts';
import { peerOf, tf } from '../peer.ts';

const [samples, dimension, classes] = [64, 128, 500];
const [margin, lambda] = [4, 5];
const features = random.normal(random.key(4), [samples, dimension]);
const weight = random.normal(random.key(5), [classes, dimension]);
const labels = random.integers(random.key(6), [samples], { high: classes });

const peerFeatures = peerOf(features);
const peerWeight = peerOf(weight);
const peerClasses = tf.tensor1d(labels.dataSync() as Int32Array, 'int32');
const peerLabels = tf.cast(tf.oneHot(peerClasses, classes), 'float32');

/** The number of seams jπ/m at or before θ, a constant for the gradient. */
const piecesBefore = tf.customGrad((cosine) => {
  const c = cosine as PeerTensor;
  const seams = tf.tensor1d(Array.from({ length: margin - 1 }, (_, i) => Math.cos(((i + 1) * Math.PI) / margin)));
  const value = tf.sum(tf.cast(tf.lessEqual(tf.expandDims(c, -1), seams), 'float32'), -1);
  return { value, gradFunc: () => tf.zerosLike(c) };
});

/** A-Softmax, m = 4: the same formulas as `aSoftmaxLoss`, in the peer's operations. */
function peerLoss(x: PeerTensor, w: PeerTensor): PeerTensor {
  const direction = tf.div(w, tf.norm(w, 2, 1, true));
  const logits = tf.matMul(x as Tensor2D, direction as Tensor2D, false, true);
  const length = tf.norm(x, 2, 1);
  const target = tf.sum(tf.mul(logits, peerLabels), 1);
  const c = tf.div(target, length);
  // T₄(c) = 2(2c² − 1)² − 1, as 8c⁴ − 8c² + 1.
  const square = tf.square(c);
  const cosine4 = tf.add(tf.mul(8, tf.sub(tf.square(square), square)), 1);
  const k = piecesBefore(c);
  const sign = tf.sub(1, tf.mul(2, tf.mod(k, 2)));
  const psi = tf.sub(tf.mul(sign, cosine4), tf.mul(2, k));
  const penalty = tf.div(tf.mul(tf.sub(c, psi), length), 1 + lambda);
  const marginal = tf.sub(logits, tf.mul(tf.expandDims(penalty, 1), peerLabels));
  return tf.neg(tf.mean(tf.sum(tf.mul(peerLabels, tf.logSoftmax(marginal)), 1)));
}

const loss = (p: { x: Tensor; w: Tensor }): Tensor => aSoftmaxLoss(p.x, p.w, labels, { margin, lambda });

export const head: readonly Case[] = [
  {
    name: 'A-Softmax forward and backward, 64 × 128, 500 classes',
    ours: () => {
      const { value, grads } = valueAndGrad(loss)({ x: features, w: weight });
      return [value, grads.x, grads.w];
    },
    peer: () => {
      const { value, grads } = tf.valueAndGrads(peerLoss as Parameters<typeof tf.valueAndGrads>[0])([
        peerFeatures,
        peerWeight,
      ]);
      return [value, ...grads];
    },
  },
];
