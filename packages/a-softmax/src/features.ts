import { concat, type Tensor } from '@thetagrad/core';
import type { Module } from '@thetagrad/nn';

/**
 * The features that are compared by cosine at test time: those of each image and of its horizontal mirror, joined
 * (SphereFace, section 4.1). The model computes them in evaluation mode; afterwards each of its modules is in the mode it
 * was in before.
 *
 * @param model from images to features [N, D]
 * @param images [N, C, H, W], W being mirrored
 * @returns [N, 2D]
 * @throws {RangeError} if images are not of rank 4, or the model does not give one feature, a row, for each image.
 */
export function mirroredFeatures(model: Module, images: Tensor): Tensor {
  if (images.ndim !== 4) {
    throw new RangeError(`mirroredFeatures: images must be [N, C, H, W], got [${images.shape.join(', ')}]`);
  }
  const count = images.shape[0]!;
  const features = inEvaluationMode(model, () => model.forward(concat([images, images.flip(3)])));
  if (features.ndim !== 2 || features.shape[0] !== 2 * count) {
    throw new RangeError(
      `mirroredFeatures: the model must give features [${2 * count}, D] for ${2 * count} images, ` +
        `it gave [${features.shape.join(', ')}]`,
    );
  }
  return concat(features.split([count, count]), 1);
}

function inEvaluationMode<Result>(model: Module, run: () => Result): Result {
  const modes = [...model.modules().values()].map((module) => ({ module, training: module.training }));
  model.eval();
  try {
    return run();
  } finally {
    for (const { module, training } of modes) module.training = training;
  }
}
