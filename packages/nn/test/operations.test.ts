import * as nn from '@thetagrad/nn';
import { testOperations } from '../../../test/support/testOperations.ts';
import { classificationCases } from './cases/classification.ts';
import { layerCases } from './cases/layers.ts';
import { regressionCases } from './cases/regression.ts';
import { sequenceCases } from './cases/sequences.ts';

/** The losses and layers that are functions. Other exports, and metrics, have tests of their own. */
const functions: readonly string[] = [
  'alphaDropout',
  'batchNorm',
  'binaryCrossEntropy',
  'binaryCrossEntropyWithLogits',
  'cosineEmbeddingLoss',
  'crossEntropy',
  'ctcLoss',
  'diceLoss',
  'dropout',
  'dropout1d',
  'dropout2d',
  'dropout3d',
  'embedding',
  'embeddingBag',
  'featureAlphaDropout',
  'gaussianNllLoss',
  'groupNorm',
  'hingeEmbeddingLoss',
  'huberLoss',
  'instanceNorm',
  'klDiv',
  'l1Loss',
  'layerNorm',
  'linear',
  'marginRankingLoss',
  'mseLoss',
  'multilabelMarginLoss',
  'multilabelSoftMarginLoss',
  'multiMarginLoss',
  'nllLoss',
  'poissonNllLoss',
  'rmsNorm',
  'scaledDotProductAttention',
  'sigmoidFocalLoss',
  'smoothL1Loss',
  'softMarginLoss',
  'tripletMarginLoss',
  'tripletMarginWithDistanceLoss',
];

testOperations(Object.fromEntries(Object.entries(nn).filter(([name]) => functions.includes(name))), [
  ...classificationCases,
  ...regressionCases,
  ...sequenceCases,
  ...layerCases,
]);
