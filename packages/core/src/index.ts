// The entry point for users. Backends import backend.ts.
import './methods.ts';

export { customGradient } from './autodiff/custom.ts';
export { compile, type CompileOptions } from './compile/compile.ts';
export { grad, jvp, linearize, valueAndGrad, vjp, type NamedGrads, type ValueAndGrads } from './autodiff/transform.ts';
export { isFloatingPoint, promoteTypes, type DType, type TypedArray } from './data/dtype.ts';
export type { Shape } from './data/shape.ts';
export { evaluate, evaluateSync, getBackend, setBackend } from './evaluate.ts';
export type { Definition, Domain, DTypeRule } from './graph/primitive.ts';
export { Tensor, type TensorLike } from './graph/tensor.ts';
export { namedVariables } from './graph/tree.ts';
export * from './graph/treeTypes.ts';
export { Variable, type VariableOptions } from './graph/variable.ts';
export { explain, type Explanation, type KernelDescription } from './inspect/explain.ts';
export type { NestedArray } from './inspect/format.ts';
export { graph, type Graph } from './inspect/graph.ts';
export { profile, type KernelProfile, type Profile } from './inspect/profile.ts';
export { astype } from './ops/cast.ts';
export { concat, stack } from './ops/concat.ts';
export { conv2d, type Conv2dOptions } from './ops/convolution.ts';
export {
  arange,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type Nested,
  type TensorOptions,
} from './ops/creation.ts';
export {
  binary as defineBinary,
  ternary as defineTernary,
  unary as defineUnary,
  type Binary,
  type Operation,
  type Ternary,
  type Unary,
} from './ops/define.ts';
export * from './ops/elementwise.ts';
export { stopGradient } from './ops/identity.ts';
export { type Indices, type NestedIntegers } from './ops/indices.ts';
export { oneHot, scatterAdd, take, takeAlongAxis } from './ops/indexing.ts';
export { matmul } from './ops/matmul.ts';
export {
  broadcastTo,
  expandDims,
  flatten,
  flip,
  pad,
  permute,
  reshape,
  squeeze,
  transpose,
  unfold,
} from './ops/movement.ts';
export { avgPool2d, maxPool2d, type Pool2dOptions } from './ops/pooling.ts';
export { all, any, argmax, argmin, max, mean, min, prod, sum, type Axis, type ReduceOptions } from './ops/reduction.ts';
export { cummax, cummin, cumprod, cumsum, logcumsumexp, type CumulativeOptions, type ScanOptions } from './ops/scan.ts';
export { type Index, type Range, type RangeNotation } from './ops/select.ts';
export { at, slice, split } from './ops/slice.ts';
export { argsort, sort, topk, type SortOptions, type TopkOptions } from './ops/sort.ts';
export {
  logSoftmax,
  logsumexp,
  norm,
  softmax,
  std,
  variance,
  type MaskOptions,
  type NormOptions,
  type VarianceOptions,
} from './ops/statistics.ts';
export { strongDiv, strongMul } from './ops/strongZero.ts';
export type { Padding2d, Size2d } from './ops/window.ts';
export * as random from './random.ts';
export type { Key } from './random.ts';
export { portable } from './portable/backend.ts';
export { call, constant, type Scalar } from './scalar/scalar.ts';
export type { Buffer } from './data/buffer.ts';
export type { Backend } from './schedule/backend.ts';
