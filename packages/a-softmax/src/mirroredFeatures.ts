import { concat, type Tensor } from '@thetagrad/core';
import { checkTensor, formatShape } from '@thetagrad/core/backend';
import type { Module } from '@thetagrad/nn';

/**
 * Features for comparison by cosine at test time: those of each image and of its horizontal mirror, concatenated
 * (SphereFace, section 4.1). The model runs in evaluation mode; the modes of its modules are restored.
 * @param model maps images to features [N, D]
 * @param images [N, C, H, W]; W is mirrored
 * @returns [N, 2D]
 * @throws {RangeError} if the images are not [N, C, H, W], or the model does not return [N, D].
 */
export function mirroredFeatures(model: Module, images: Tensor): Tensor {
  checkTensor('mirroredFeatures', images);
  if (images.ndim !== 4) {
    throw new RangeError(`mirroredFeatures: images must be [N, C, H, W], got ${formatShape(images.shape)}`);
  }
  const count = images.shape[0]!;
  const features = runInEvaluationMode(model, () => model.forward(concat([images, images.flip(3)])));
  if (features.ndim !== 2 || features.shape[0] !== 2 * count) {
    throw new RangeError(
      `mirroredFeatures: the model must return [${2 * count}, D] for ${2 * count} images, ` +
        `got ${formatShape(features.shape)}`,
    );
  }
  return concat(features.split([count, count]), 1);
}

function runInEvaluationMode<Result>(model: Module, run: () => Result): Result {
  const modes = [...model.modules().values()].map((module) => ({ module, training: module.training }));
  model.eval();
  try {
    return run();
  } finally {
    for (const { module, training } of modes) module.training = training;
  }
}
