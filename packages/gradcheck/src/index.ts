export { checkGradients } from './checkGradients.ts';
export { GradientError, type GradientCheck, type GradientMismatch } from './gradientError.ts';
export type { GradientOptions } from './options.ts';
export { assertGradients, gradientProperty, type ArgumentArbitraries } from './property.ts';
export {
  axesOf,
  axisOf,
  broadcastablePairs,
  broadcastableShapes,
  broadcastableTriples,
  shapes,
  slicesOf,
  type ShapeOptions,
} from './arbitraries/shapes.ts';
export {
  distinctTensors,
  tensors,
  values,
  type DistinctOptions,
  type TensorArbitraryOptions,
  type ValueOptions,
} from './arbitraries/tensors.ts';
export {
  angles,
  classWeights,
  labels,
  unitVectors,
  type AngleOptions,
  type ClassWeightOptions,
  type LabelOptions,
  type UnitVectorOptions,
} from './arbitraries/classification.ts';
