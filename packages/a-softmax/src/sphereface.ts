import type { Tensor, VariableTreeOf } from '@thetagrad/core';
import { argumentError, checkInteger, checkOptions, checkTensor, formatShape } from '@thetagrad/core/backend';
import {
  Conv2d,
  type Generator,
  generatorOf,
  init,
  Linear,
  Module,
  PReLU,
  type Randomness,
  Residual,
  schedules,
  Sequential,
  SGD,
  type SGDOptions,
} from '@thetagrad/nn';

/** The number of residual units in each of the four stages, by the number of layers (SphereFace, table 2). */
const residualUnits = {
  4: [0, 0, 0, 0],
  10: [0, 1, 2, 0],
  20: [1, 2, 4, 1],
  36: [2, 4, 8, 2],
  64: [3, 8, 16, 3],
} as const;

export interface SphereFaceOptions extends Randomness {
  /** The number of convolutions: 4, 10, 20, 36 or 64. Default: 20. */
  readonly layers?: keyof typeof residualUnits;
  /** Channels of the images. Default: 3. */
  readonly channels?: number;
  /** Height of the images in pixels. Default: 112. */
  readonly height?: number;
  /** Width of the images in pixels. Default: 96. */
  readonly width?: number;
  /** Channels of the four stages. Default: 64, 128, 256 and 512. */
  readonly widths?: readonly [number, number, number, number];
  /** The dimension of a feature. Default: 512. */
  readonly features?: number;
}

const optionNames = ['layers', 'channels', 'height', 'width', 'widths', 'features', 'key', 'generator'] as const;

/** A network of table 2 in the SphereFace paper; see {@link sphereFace}. */
export class SphereFace extends Module {
  /** The shape of an image, [channels, height, width]. */
  readonly imageShape: readonly [channels: number, height: number, width: number];
  readonly convolutions: Sequential;
  readonly embedding: Linear;

  constructor(options: SphereFaceOptions = {}) {
    super();
    checkOptions('sphereFace', options, optionNames);
    const {
      layers = 20,
      channels = 3,
      height = 112,
      width = 96,
      widths = [64, 128, 256, 512],
      features = 512,
    } = options;
    if (!Object.hasOwn(residualUnits, layers)) {
      throw argumentError('sphereFace', 'layers', `one of ${Object.keys(residualUnits).join(', ')}`, layers);
    }
    const stageWidths: readonly number[] = widths;
    if (stageWidths.length !== 4) {
      throw new RangeError(`sphereFace: widths must be four numbers, got [${stageWidths.join(', ')}]`);
    }
    const sizes = Object.entries({ channels, height, width, features });
    for (const [name, size] of [...sizes, ...widths.map((size, i) => [`widths[${i}]`, size] as const)]) {
      checkInteger('sphereFace', name, size, { min: 1 });
    }
    const generator = generatorOf('sphereFace', options);
    this.imageShape = [channels, height, width];
    const stages = widths.flatMap((stageWidth, i) => [
      ...createDownsampling(i === 0 ? channels : widths[i - 1]!, stageWidth, generator),
      ...Array.from({ length: residualUnits[layers][i]! }, () => createResidualUnit(stageWidth, generator)),
    ]);
    this.convolutions = new Sequential<readonly Module[]>(...stages);
    const pixels = downsampledLength(height) * downsampledLength(width);
    this.embedding = new Linear(widths[3] * pixels, features, { ...xavier, generator });
  }

  /**
   * @param images [N, channels, height, width], scaled as {@link preprocessImages} does
   * @returns [N, features]
   * @throws {RangeError} if the images have another shape.
   */
  override forward(images: Tensor): Tensor {
    checkTensor('sphereFace', images);
    const { imageShape } = this;
    if (images.ndim !== 4 || imageShape.some((length, i) => images.shape[i + 1] !== length)) {
      throw new RangeError(
        `sphereFace: images must be [N, ${imageShape.join(', ')}], got ${formatShape(images.shape)}; ` +
          `set channels, height and width of the network`,
      );
    }
    return this.embedding.forward(this.convolutions.forward(images).flatten(1));
  }
}

/**
 * A SphereFace network (Liu et al., CVPR 2017, arXiv 1704.08063, table 2) for images of any size: four stages, each a
 * 3×3 convolution of stride 2 followed by residual units of two 3×3 convolutions, with a PReLU with one slope per
 * channel after every convolution; and a fully connected layer, whose output is the feature. Images of 112 × 96 pixels
 * become maps of 7 × 6.
 *
 * Initial values are the authors': convolutions of stride 2 and the fully connected layer "xavier" with biases of 0;
 * convolutions in residual units normal with standard deviation 0.01, without bias.
 * @throws {RangeError} if `layers` is not one of the five, or a size is not an integer ≥ 1.
 * @throws {TypeError} if both a key and a generator are given.
 */
export function sphereFace(options: SphereFaceOptions = {}): SphereFace {
  return new SphereFace(options);
}

/** The authors' training settings (their `sphereface_solver.prototxt`). */
export const sphereFaceTraining: Required<Pick<SGDOptions, 'lr' | 'momentum' | 'weightDecay' | 'groups'>> & {
  readonly batchSize: number;
  readonly iterations: number;
} = {
  lr: schedules.multiStep(0.1, { milestones: [16_000, 24_000, 28_000] }),
  momentum: 0.9,
  weightDecay: 5e-4,
  groups: [{ match: (name) => /(^|\.)bias$/.test(name), lrMultiplier: 2, weightDecayMultiplier: 0 }],
  batchSize: 512,
  iterations: 28_000,
};

const sgdOptions = ['lr', 'momentum', 'dampening', 'nesterov', 'weightDecay', 'groups'] as const;

/**
 * The authors' optimizer: SGD with learning rate 0.1, multiplied by 0.1 at 16,000, 24,000 and 28,000 iterations,
 * momentum 0.9 and weight decay 5e-4; biases at twice the learning rate and without decay.
 *
 * @param tree the variables to train, such as `{ model, head }`; biases are those whose names end in `bias`
 * @param options override the authors' settings
 * @throws {RangeError} as {@link SGD}, and if there is no bias.
 */
export function sphereFaceOptimizer<Tree>(
  tree: Tree & VariableTreeOf<Tree>,
  options: Partial<SGDOptions> = {},
): SGD<Tree> {
  checkOptions('sphereFaceOptimizer', options, sgdOptions);
  const { lr, momentum, weightDecay, groups } = sphereFaceTraining;
  return new SGD(tree, { lr, momentum, weightDecay, groups, ...options });
}

/**
 * Scales pixels from 0 to 255 as the authors do: (x − 127.5) / 128. In training they also mirror half of the images.
 */
export function preprocessImages(pixels: Tensor): Tensor {
  checkTensor('preprocessImages', pixels);
  return pixels.sub(127.5).div(128);
}

// Caffe's "xavier" filler: uniform with variance 1 / fanIn, which is 2 / ((1 + slope²) · fanIn) for slope 1.
const xavier = { weightInit: init.kaimingUniform({ negativeSlope: 1 }), biasInit: init.zeros };

function createDownsampling(inChannels: number, outChannels: number, generator: Generator): Module[] {
  const options = { stride: 2, padding: 1, ...xavier, generator };
  return [new Conv2d(inChannels, outChannels, 3, options), new PReLU(outChannels)];
}

function createResidualUnit(channels: number, generator: Generator): Module {
  const convolution = (): Conv2d =>
    new Conv2d(channels, channels, 3, { padding: 1, bias: false, weightInit: init.normal({ std: 0.01 }), generator });
  return new Residual(new Sequential(convolution(), new PReLU(channels), convolution(), new PReLU(channels)));
}

/**
 * The length of an axis after four convolutions of size 3, stride 2 and padding 1, each of which halves it, rounded up.
 */
function downsampledLength(length: number): number {
  return Math.ceil(length / 16);
}
