import { random, vjp, type Tensor } from '@thetagrad/core';
import type { Tensor as PeerTensor } from '@tensorflow/tfjs-core';
import type { Case } from '../case.ts';
import { peerOf, tf } from '../peer.ts';

const size = 2 ** 20;
const x = random.normal(random.key(2), [size]);
const cotangent = random.normal(random.key(3), [size]);
const [peerX, peerCotangent] = [peerOf(x), peerOf(cotangent)];

const chain = (x: Tensor): Tensor => x.square().add(x).tanh().mul(x);
const peerChain = (x: PeerTensor): PeerTensor => tf.mul(tf.tanh(tf.add(tf.square(x), x)), x);

export const elementwise: readonly Case[] = [
  { name: 'tanh(x² + x)·x, 1M elements', ours: () => [chain(x)], peer: () => [peerChain(peerX)] },
  {
    name: 'tanh(x² + x)·x, value and gradient',
    ours: () => {
      const { value, pullback } = vjp(chain, x);
      return [value, ...pullback(cotangent)];
    },
    peer: () => {
      const { value, grad } = tf.valueAndGrad(peerChain)(peerX, peerCotangent);
      return [value, grad];
    },
  },
];
