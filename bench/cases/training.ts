import { ASoftmaxHead, sphereFace, sphereFaceOptimizer } from '@thetagrad/a-softmax';
import { evaluate, random, type Tensor, valueAndGrad } from '@thetagrad/core';
import { clipGradNorm, type Module, type ParameterGroup, SGD } from '@thetagrad/nn';
import { createNetwork } from '../../packages/demo/src/networks.ts';
import { type Case, define, type Inputs } from '../case.ts';
import { trainingStep as tfjsTrainingStep } from '../peers/tfjsNetworks.ts';

const key = random.key(7);
/** Small, so that the results of the second step remain comparable after the first from random weights. */
const lr = 0.01;
const lambda = 5;

interface Training {
  readonly name: string;
  readonly network: () => Module;
  /** [N, channels, height, width] */
  readonly images: readonly [number, number, number, number];
  readonly features: number;
  readonly classes: number;
  /** Python expression of the network, if PyTorch runs the case. */
  readonly torchNetwork?: string;
  /** Maximum norm of all gradients. Default: no clipping. */
  readonly clip?: number;
  /** Whether all parameters with at most one axis have the settings of biases. Default: false. */
  readonly vectorsAsBiases?: boolean;
  /** Whether TensorFlow.js runs the case. Default: false. */
  readonly tfjs?: boolean;
}

/** Draws random images and labels. */
function drawBatch({ images, classes }: Training): Inputs<Tensor, 'images' | 'labels'> {
  return {
    images: random.normal(key.foldIn(1), images),
    labels: random.integers(key.foldIn(2), [images[0]], { high: classes }),
  };
}

/** Creates a case of one step: forward, A-Softmax, backward, SGD with momentum and weight decay. Returns the loss. */
function createStep(settings: Training): Case {
  const { name, network, features, classes, torchNetwork, clip, vectorsAsBiases = false, tfjs } = settings;
  const createHead = (): ASoftmaxHead => new ASoftmaxHead(features, classes, { lambda, key });
  const vectors: ParameterGroup = {
    match: (_name, { shape }) => shape.length <= 1,
    lrMultiplier: 2,
    weightDecayMultiplier: 0,
  };
  return define({
    name,
    stateful: true,
    inputs: (): Inputs<Tensor> => ({
      ...drawBatch(settings),
      'head.weight': createHead().weight.value,
      ...Object.fromEntries(Object.entries(network().stateDict()).map(([path, value]) => [`model.${path}`, value])),
    }),
    ours(inputs) {
      const [model, head] = [network(), createHead()];
      const optimizer = vectorsAsBiases
        ? new SGD({ model, head }, { lr, momentum: 0.9, weightDecay: 5e-4, groups: [vectors] })
        : sphereFaceOptimizer({ model, head }, { lr });
      const lossAndGrads = valueAndGrad({ model, head }, (x: Tensor, y: Tensor) => head.loss(model.forward(x), y));
      return async () => {
        const { value, grads } = lossAndGrads(inputs['images']!, inputs['labels']!);
        optimizer.update(clip === undefined ? grads : clipGradNorm(grads, clip).grads);
        await evaluate(value, model, head, optimizer);
        return [value];
      };
    },
    ...(tfjs && {
      tfjs: (inputs, tf) =>
        tfjsTrainingStep(tf, inputs, {
          classes,
          learningRate: lr,
          lambda,
          ...(clip !== undefined && { clip }),
          isBias: (path, { length }) => (vectorsAsBiases ? length <= 1 : path.endsWith('bias')),
        }),
    }),
    ...(torchNetwork !== undefined && {
      torch: `
is_bias = lambda name, parameter: ${vectorsAsBiases ? 'parameter.ndim <= 1' : "name.endswith('bias')"}
images, labels = inputs.pop('images'), inputs.pop('labels')
return networks.training_step(${torchNetwork}, ${classes}, ${features}, images, labels, inputs, is_bias,
                              ${lr}, ${lambda}, ${clip ?? 'None'})`,
    }),
  });
}

interface Size {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

const paperSize: Size = { images: 16, height: 112, width: 96, classes: 10_572 };

function createSphereFaceTraining(layers: 4 | 20, size: Size): Training {
  const { images, height, width, classes } = size;
  return {
    name: `SphereFace-${layers} training step, ${images} of ${height}×${width}, ${classes} classes`,
    network: () => sphereFace({ layers, height, width, key }),
    images: [images, 3, height, width],
    features: 512,
    classes,
    ...(size === paperSize && { torchNetwork: `networks.SphereFace(${layers})` }),
    // With residual units a step of TensorFlow.js takes a minute.
    tfjs: layers === 4,
  };
}

/** Network and batch size of `npm start`. */
const glyphTraining: Training = {
  name: 'glyph network training step, 64 of 28×28, 200 classes',
  network: () => createNetwork('small', { channels: 1, height: 28, width: 28 }, 128, key),
  images: [64, 1, 28, 28],
  features: 128,
  classes: 200,
  torchNetwork: 'networks.glyph_network(1, 2 * 2, 128)',
  clip: 5,
  vectorsAsBiases: true,
  tfjs: true,
};

const sphereFace20 = createSphereFaceTraining(20, paperSize);
export const sphereFace20Step: Case = createStep(sphereFace20);
/** Draws the inputs without weights, for which each library uses its own initial weights. */
export const drawSphereFace20Batch = (): Inputs<Tensor> => drawBatch(sphereFace20);

export const glyphStep: Case = createStep(glyphTraining);
export const sphereFace4Step: Case = createStep(createSphereFaceTraining(4, paperSize));
/** Small enough for a GPU in software. */
export const smallSphereFace4Step: Case = createStep(
  createSphereFaceTraining(4, { images: 16, height: 28, width: 24, classes: 500 }),
);

export const trainings: readonly Case[] = [glyphStep, sphereFace4Step, sphereFace20Step];
