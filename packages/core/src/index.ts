export { Tensor, type TensorLike } from './graph/tensor.ts';
export { type Backend, type Buffer } from './schedule/backend.ts';
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
export { isFloat, promote, type DType, type TypedArray } from './data/dtype.ts';
export { evaluate, evaluateSync, explain, getBackend, setBackend } from './evaluate.ts';
export type { Explanation, KernelDescription } from './inspect/explain.ts';
export type { NestedArray } from './inspect/format.ts';
export { graph, type Graph } from './graph/order.ts';
export { profile, type KernelProfile, type Profile } from './inspect/profile.ts';
export { call, constant, type Scalar } from './scalar/scalar.ts';
export * from './ops/elementwise.ts';
export * from './ops/cast.ts';
export * from './ops/convolution.ts';
export * from './ops/indexing.ts';
export * from './ops/concat.ts';
export * from './ops/matmul.ts';
export * from './ops/movement.ts';
export * from './ops/reduction.ts';
export * from './ops/scan.ts';
export * from './ops/statistics.ts';
export * as random from './random.ts';
export type { Key } from './random.ts';
export {
  binary as defineBinary,
  ternary as defineTernary,
  unary as defineUnary,
  type Binary,
  type Definition,
  type Operation,
  type Ternary,
  type Unary,
} from './ops/define.ts';
export type { DTypeRule, Domain } from './graph/primitive.ts';
export { reference } from './reference/backend.ts';
export type { Shape } from './data/shape.ts';
export {
  customGradient,
  grad,
  jvp,
  valueAndGrad,
  vjp,
  type NamedGrads,
  type ValueAndGrads,
} from './autodiff/transform.ts';
export { namedVariables, type TensorTree, type VariableHolder, type VariableTree } from './graph/tree.ts';
export { Variable, type VariableOptions } from './graph/variable.ts';
