import * as nn from '@thetagrad/nn';
import { testOperations } from '../../../test/support/testOperations.ts';
import { classificationCases } from './cases/classification.ts';
import { regressionCases } from './cases/regression.ts';

const {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  cosineEmbeddingLoss,
  crossEntropy,
  diceLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  huberLoss,
  klDiv,
  l1Loss,
  marginRankingLoss,
  mseLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  nllLoss,
  poissonNllLoss,
  sigmoidFocalLoss,
  smoothL1Loss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} = nn;

testOperations(
  {
    binaryCrossEntropy,
    binaryCrossEntropyWithLogits,
    cosineEmbeddingLoss,
    crossEntropy,
    diceLoss,
    gaussianNllLoss,
    hingeEmbeddingLoss,
    huberLoss,
    klDiv,
    l1Loss,
    marginRankingLoss,
    mseLoss,
    multilabelMarginLoss,
    multilabelSoftMarginLoss,
    multiMarginLoss,
    nllLoss,
    poissonNllLoss,
    sigmoidFocalLoss,
    smoothL1Loss,
    softMarginLoss,
    tripletMarginLoss,
    tripletMarginWithDistanceLoss,
  },
  [...classificationCases, ...regressionCases],
);
