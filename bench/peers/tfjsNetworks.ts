// Networks in TensorFlow.js, and the operations that it lacks. Images are NHWC.
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import type { Inputs } from '../case.ts';

type TF = typeof TensorFlow;
type Pair = [number, number];

/**
 * Creates a 3×3 convolution with padding 1 whose gradients run on the current backend. The wasm backend lacks a kernel
 * for the gradient of the filter, so there it is a convolution of the input, with channels as batch, by the cotangent
 * as filter, dilated by the stride. (The kernel of the cpu backend takes minutes for a network.)
 */
export function createConvolution(tf: TF, stride: number): (x: Tensor4D, w: Tensor4D) => Tensor4D {
  if (tf.getKernel('Conv2DBackpropFilter', tf.getBackend())) return (x, w) => tf.conv2d(x, w, stride, 1);
  return tf.customGrad((...args) => {
    const [x, w, save] = args as unknown as [Tensor4D, Tensor4D, (tensors: Tensor[]) => void];
    save([x, w]);
    return {
      value: tf.conv2d(x, w, stride, 1),
      gradFunc(g: Tensor, saved: Tensor[]) {
        const [x, w] = saved as [Tensor4D, Tensor4D];
        const dy = g as Tensor4D;
        const [height, width] = w.shape;
        const channelsAsBatch = tf.transpose(x, [3, 1, 2, 0]);
        const filters = tf.transpose(dy, [1, 2, 0, 3]);
        // As explicit pairs, because with the number 1 it assumes square filters.
        const padding: [Pair, Pair, Pair, Pair] = [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ];
        const correlated = tf.conv2d(channelsAsBatch, filters, 1, padding, 'NHWC', stride);
        const [channels, , , outputs] = correlated.shape;
        const cropped = tf.slice(correlated, 0, [channels, height, width, outputs]);
        return [tf.conv2dTranspose(dy, w, x.shape, stride, 1), tf.transpose(cropped, [1, 2, 0, 3])];
      },
    };
  }) as (x: Tensor4D, w: Tensor4D) => Tensor4D;
}

/** A-Softmax with m = 4 by the formulas of `aSoftmaxLoss`, for one-hot labels. */
export function aSoftmaxLoss(tf: TF, x: Tensor2D, weight: Tensor2D, oneHot: Tensor2D, lambda: number): Scalar {
  const direction = tf.div<Tensor2D>(weight, tf.norm(weight, 2, 1, true));
  const logits = tf.matMul(x, direction, false, true);
  const length = tf.norm(x, 2, 1);
  const c = tf.div(tf.sum(tf.mul(logits, oneHot), 1), length);
  // T₄(c) = 2(2c² − 1)² − 1, as 8c⁴ − 8c² + 1.
  const square = tf.square(c);
  const cosine4 = tf.add(tf.mul(8, tf.sub(tf.square(square), square)), 1);
  const k = countPieces(tf)(c);
  const psi = tf.sub(tf.mul(tf.sub(1, tf.mul(2, tf.mod(k, 2))), cosine4), tf.mul(2, k));
  const penalty = tf.div(tf.mul(tf.sub(c, psi), length), 1 + lambda);
  const marginal = tf.sub(logits, tf.mul(tf.expandDims(penalty, 1), oneHot));
  return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(marginal)), 1)));
}

/** Counts the breakpoints jπ/4 ≤ θ, with a gradient of 0. */
function countPieces(tf: TF): (cosine: Tensor) => Tensor {
  return tf.customGrad((cosine) => {
    const c = cosine as Tensor;
    const breakpoints = tf.tensor1d([1, 2, 3].map((j) => Math.cos((j * Math.PI) / 4)));
    const value = tf.sum(tf.cast(tf.lessEqual(tf.expandDims(c, -1), breakpoints), 'float32'), -1);
    return { value, gradFunc: () => tf.zerosLike(c) };
  });
}

export interface TrainingSettings {
  readonly classes: number;
  readonly learningRate: number;
  readonly lambda: number;
  /** The largest norm of all gradients together; unlimited unless given. */
  readonly clip?: number;
  readonly isBias: (name: string, shape: readonly number[]) => boolean;
}

/**
 * A training step of a network of strided 3×3 convolutions, each followed by a PReLU, with batch normalization between
 * if there are variables of that, and a linear layer at the end: SphereFace-4 and the glyph network. The variables are
 * found by our names.
 */
export function trainingStep(tf: TF, inputs: Inputs<Tensor>, settings: TrainingSettings): () => readonly Tensor[] {
  const { classes, learningRate, lambda, clip, isBias } = settings;
  const images = tf.transpose(inputs['images'] as Tensor4D, [0, 2, 3, 1]);
  const oneHot = tf.cast<Tensor2D>(tf.oneHot(inputs['labels'] as Tensor1D, classes) as Tensor2D, 'float32');
  const layers = layersOf(tf, inputs);
  const trained = layers.flatMap(({ variables }) => variables);
  const head = tf.variable(inputs['head.weight'] as Tensor2D);
  trained.push({ name: 'head.weight', variable: head });
  const rates = trained.map(({ name, variable }) =>
    isBias(name, variable.shape) ? { rate: 2 * learningRate, decay: 0 } : { rate: learningRate, decay: 5e-4 },
  );
  const velocities = trained.map(({ variable }) => tf.variable(tf.zerosLike(variable), false));
  const loss = (): Scalar => {
    const features = layers.reduce<Tensor>((x, { apply }) => apply(x), images);
    return aSoftmaxLoss(tf, features as Tensor2D, head as Tensor2D, oneHot, lambda);
  };

  return () => {
    const list = trained.map(({ variable }) => variable);
    const { value, grads } = tf.variableGrads(loss, list);
    const gradients = list.map(({ name }) => grads[name]!);
    // Not `addN`, which takes more arrays on WebGPU than a kernel may read.
    const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
    const norm = (): Tensor => tf.sqrt(squares.reduce((sum, next) => tf.add(sum, next)));
    const factor = clip === undefined ? 1 : tf.minimum(1, tf.div(clip, norm()));
    list.forEach((variable, i) => {
      const { rate, decay } = rates[i]!;
      const gradient = tf.add(tf.mul(gradients[i]!, factor), tf.mul(variable, decay));
      const velocity = velocities[i]!;
      velocity.assign(tf.add(tf.mul(velocity, 0.9), gradient));
      variable.assign(tf.sub(variable, tf.mul(velocity, rate)));
    });
    return [value];
  };
}

interface Layer {
  readonly variables: { readonly name: string; readonly variable: Variable }[];
  readonly apply: (x: Tensor) => Tensor;
}

function layersOf(tf: TF, inputs: Inputs<Tensor>): Layer[] {
  const paths = new Set(Object.keys(inputs).flatMap((name) => /^(model\..*)\.weight$/.exec(name)?.slice(1) ?? []));
  return [...paths].map((path): Layer => {
    const layer = new Map<string, Variable>();
    const variable = (name: string, prepare = (x: Tensor): Tensor => x): Variable => {
      const made = tf.variable(prepare(inputs[`${path}.${name}`]!));
      layer.set(`${path}.${name}`, made);
      return made;
    };
    const bias = `${path}.bias` in inputs ? variable('bias') : undefined;
    const biased = (y: Tensor): Tensor => (bias ? tf.add(y, bias) : y);
    const done = (apply: Layer['apply']): Layer => ({
      variables: [...layer].map(([name, variable]) => ({ name, variable })),
      apply,
    });
    const shape = inputs[`${path}.weight`]!.shape;
    if (shape.length === 4) {
      const filters = variable('weight', (w) => tf.transpose(w, [2, 3, 1, 0]));
      const convolve = createConvolution(tf, 2);
      return done((x) => biased(convolve(x as Tensor4D, filters as Tensor4D)));
    }
    const weight = variable('weight');
    if (shape.length === 2) {
      // Flattened in our order of axes, for which the weights are.
      return done((x) => {
        const flat = tf.reshape<Rank.R2>(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0]!, -1]);
        return biased(tf.matMul(flat, weight as Tensor2D, false, true));
      });
    }
    if (!bias) return done((x) => tf.add(tf.relu(x), tf.mul(weight, tf.minimum(x, 0))));
    return done((x) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return biased(tf.mul(tf.sub(x, mean), tf.mul(weight, tf.rsqrt(tf.add(variance, 1e-5)))));
    });
  });
}
