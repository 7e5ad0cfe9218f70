import { sphereFace } from '@thetagrad/a-softmax';
import type { Key } from '@thetagrad/core';
import type { ImageShape } from '@thetagrad/data';
import { BatchNorm2d, Conv2d, Flatten, Generator, init, Linear, type Module, PReLU, Sequential } from '@thetagrad/nn';

/** Channels of the four stages of the small network. */
const smallWidths = [16, 32, 64, 128];

/** The network that `--net` names, from images to features of a given length. */
export function createNetwork(
  name: string,
  { channels, height, width }: ImageShape,
  features: number,
  key: Key,
): Module {
  if (name === 'small') return smallNetwork({ channels, height, width }, features, key);
  const layers = Number(name.replace('sphereface', '')) as 4 | 10 | 20 | 36 | 64;
  return sphereFace({ layers, channels, height, width, features, key });
}

/**
 * The plan of SphereFace's smallest network, narrow enough to train in a quarter of a minute. Batch normalisation makes the few steps
 * count.
 */
function smallNetwork({ channels, height, width }: ImageShape, features: number, key: Key): Module {
  const generator = new Generator(key);
  const weightInit = init.kaimingNormal({ negativeSlope: 0.25 });
  const stages = smallWidths.flatMap((outputs, i): Module[] => {
    const inputs = i === 0 ? channels : smallWidths[i - 1]!;
    const options = { stride: 2, padding: 1, bias: false, weightInit, generator };
    return [new Conv2d(inputs, outputs, 3, options), new BatchNorm2d(outputs), new PReLU(outputs)];
  });
  const halved = (length: number): number => smallWidths.reduce((size) => Math.ceil(size / 2), length);
  const flat = smallWidths.at(-1)! * halved(height) * halved(width);
  return new Sequential<readonly Module[]>(...stages, new Flatten(), new Linear(flat, features, { generator }));
}
