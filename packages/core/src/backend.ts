// What backends are written against: plans and their kernels, views, scalar expressions, memory. Users import index.ts.
export { allocate, arrayOn, bytesPerElement, isFloat, type DType, type TypedArray } from './data/dtype.ts';
export {
  collapseView,
  contiguous,
  expandView,
  isContiguous,
  permuteView,
  positions,
  reshapeView,
  rowMajorStrides,
  sameShape,
  sizeOf,
  type Shape,
  type View,
} from './data/shape.ts';
export { isPlainObject } from './graph/tree.ts';
export type * from './graph/primitive.ts';
export { runOnHost } from './reference/backend.ts';
export { lowered } from './scalar/lower.ts';
export { call, constant, nodesOf, parameter, scalarTypeOf, type Scalar, type ScalarType } from './scalar/scalar.ts';
export { threefryExpression } from './scalar/threefry.ts';
export type { Backend, Buffer } from './schedule/backend.ts';
export { operandsOf } from './schedule/body.ts';
export type { Body, Kernel, Operand, Plan, Slot, Step } from './schedule/kernel.ts';
export { FreeList } from './schedule/memory.ts';
