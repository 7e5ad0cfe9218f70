export type { LambdaSchedule } from './annealing.ts';
export {
  angularMargin,
  type DecisionBoundary,
  decisionBoundary,
  type DecisionRule,
  minimumMargin,
  psi,
} from './geometry.ts';
export * from './heads.ts';
export * from './losses.ts';
export { mirroredFeatures } from './mirroredFeatures.ts';
export { psiOfCosine } from './psi.ts';
export {
  preprocessImages,
  SphereFace,
  sphereFace,
  type SphereFaceOptions,
  sphereFaceOptimizer,
  sphereFaceTraining,
} from './sphereface.ts';
export { crossValidatedAccuracy, type CrossValidatedAccuracy } from './verification/accuracy.ts';
export {
  angularFisherScore,
  type AnglePercentile,
  largestIntraClassAngle,
  smallestInterClassAngle,
} from './verification/compactness.ts';
export {
  cumulativeMatchCurve,
  distractorMatchCurve,
  type GallerySplit,
  type LabeledFeatures,
  type MatchOptions,
  selectRows,
  splitGallery,
  type SplitGalleryOptions,
} from './verification/identification.ts';
export {
  allPairs,
  balancedPairs,
  type BalancedPairsOptions,
  cosineSimilarities,
  type FoldedPairs,
  type Pairs,
} from './verification/pairs.ts';
export {
  areaUnderCurve,
  equalErrorRate,
  type EqualErrorRate,
  type OperatingPoint,
  type RocCurve,
  rocCurve,
  trueAcceptRateAt,
} from './verification/roc.ts';
export type { FeatureArray, Labels } from './verification/rows.ts';
export { type VerificationReport, verify, type VerifyOptions } from './verification/verify.ts';
