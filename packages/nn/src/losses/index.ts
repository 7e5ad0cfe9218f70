export { binaryCrossEntropy, type BinaryCrossEntropyOptions } from './binaryCrossEntropy.ts';
export {
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyWithLogitsOptions,
  sigmoidFocalLoss,
  type SigmoidFocalLossOptions,
} from './logits.ts';
export { crossEntropy, type CrossEntropyOptions, nllLoss, type NllLossOptions } from './crossEntropy.ts';
export { ctcLoss, type CtcLossOptions } from './ctc.ts';
export {
  klDiv,
  type KlDivOptions,
  gaussianNllLoss,
  type GaussianNllLossOptions,
  poissonNllLoss,
  type PoissonNllLossOptions,
} from './likelihood.ts';
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  type HingeEmbeddingLossOptions,
  type MarginOptions,
  marginRankingLoss,
  tripletMarginLoss,
  type TripletMarginLossOptions,
  tripletMarginWithDistanceLoss,
  type TripletMarginWithDistanceLossOptions,
} from './embedding.ts';
export {
  multiMarginLoss,
  type MultiMarginLossOptions,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  type MultilabelSoftMarginLossOptions,
  softMarginLoss,
} from './margin.ts';
export type { LossOptions, Reduction } from './reduce.ts';
export {
  diceLoss,
  type DiceLossOptions,
  huberLoss,
  type HuberLossOptions,
  l1Loss,
  mseLoss,
  smoothL1Loss,
  type SmoothL1LossOptions,
} from './regression.ts';
