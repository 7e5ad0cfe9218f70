export { Tensor, type TensorLike } from './tensor.ts';
export { type Backend, type Buffer } from './backend.ts';
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
} from './creation.ts';
export { isFloat, promote, type DType, type TypedArray } from './dtype.ts';
export { evaluate, evaluateSync, explain, getBackend, setBackend } from './evaluate.ts';
export type { Explanation, KernelDescription } from './explain.ts';
export type { NestedArray } from './format.ts';
export { graph, type Graph } from './graph.ts';
export { operandsOf } from './fuse.ts';
export type { Body, Kernel, Operand, Plan, Slot, Step } from './kernel.ts';
export { FreeList } from './memory.ts';
export { lowered } from './primitives/lowering.ts';
export { profile, type KernelProfile, type Profile } from './profile.ts';
export { call, constant, nodesOf, parameter, scalarTypeOf, type Scalar, type ScalarType } from './scalar.ts';
export * from './primitives/elementwise.ts';
export * from './ops/conversion.ts';
export * from './ops/convolution.ts';
export * from './ops/indexing.ts';
export * from './ops/join.ts';
export * from './ops/linear.ts';
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
} from './primitives/define.ts';
export type * from './primitives/primitive.ts';
export { reference, runOnHost } from './reference.ts';
export type { Shape, View } from './shape.ts';
export { customGradient, grad, jvp, valueAndGrad, vjp, type NamedGrads, type ValueAndGrads } from './transform.ts';
export { namedVariables, type TensorTree, type VariableHolder, type VariableTree } from './tree.ts';
export { Variable, type VariableOptions } from './variable.ts';
