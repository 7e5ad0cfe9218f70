// The entry point for backends and for packages of operations: plans and kernels, views, scalar expressions, memory, and what
// operations check and are made of. Users import index.ts.
export { ownersOf, recordOwners } from './autodiff/owners.ts';
export {
  areIntegers,
  areNumbers,
  argumentError,
  describe,
  escapeControls,
  isPlainObject,
  resolveLimits,
  show,
  unknownValue,
} from './data/checks.ts';
export {
  checkBoolean,
  checkFraction,
  checkInteger,
  checkNonnegative,
  checkOptions,
  checkPositive,
} from './data/checks.ts';
export { isOfAnotherCopy } from './data/checks.ts';
export {
  allocate,
  arrayOn,
  bytesPerElement,
  toFloat,
  typedArrayType,
  type DType,
  type TypedArray,
} from './data/dtype.ts';
export { snapshot } from './evaluate.ts';
export { formatTensor } from './inspect/format.ts';
export { trace, traceDepth } from './autodiff/trace.ts';
export { checkScalarResult, differentiateAt, flattenLike } from './autodiff/transform.ts';
export { FreeList } from './data/freeList.ts';
export { HostBuffer } from './data/hostBuffer.ts';
export type { Json } from './data/json.ts';
export {
  at,
  broadcastShapes,
  checkShape,
  contiguous,
  dilate,
  formatShape,
  formatShapes,
  indexError,
  joinAxes,
  last,
  normalizeAxes,
  normalizeAxis,
  normalizeLineAxis,
  permuteView,
  positions,
  rowMajorStrides,
  sameShape,
  sizeOf,
  unravelIndex,
  type JoinedAxes,
  type Shape,
  type View,
} from './data/shape.ts';
export { load, type Strided } from './data/strided.ts';
export type {
  Arity,
  Attribute,
  Attributes,
  BatchRules,
  Derivative,
  Elementwise,
  MapTensors,
  Movement,
  Node,
  Primitive,
  Reduce,
  ReduceAttributes,
  Routine,
  Rules,
  Source,
  TensorType,
} from './graph/primitive.ts';
export { describeIndices, type DescribeIndex } from './graph/indexSource.ts';
export * from './graph/routines.ts';
export { applyMovement, applyRoutine, nextTensorId, observeTensors } from './graph/tensor.ts';
export { alignRank, batchAlongAxis, batchInput, batchLeading, batchType } from './graph/batching.ts';
export { topologicalOrder } from './graph/order.ts';
export { signatureOf } from './graph/signature.ts';
export { guard, preventReplay, repeat, type OutcomeListener } from './graph/recording.ts';
export { abandon, atomically, collectAssignments, onOutcome, recordUndo } from './graph/transaction.ts';
export {
  alignLeaves,
  collectVariables,
  entriesOf,
  flattenTensors,
  flattenTree,
  isStatic,
  isVariableHolder,
  treeError,
  type FlatTree,
} from './graph/tree.ts';
// Also declares the methods of Tensor, which users' entry point adds.
export type { Methods } from './methods.ts';
export { checkTensorOptions, fromValues } from './ops/creation.ts';
export { checkFunction, checkOperand, checkTensor, checkTensorOperands, renewedScalar } from './ops/define.ts';
export { nameIndices, toIndices, type Indexed } from './ops/indices.ts';
export { select } from './ops/select.ts';
export { convolveTranspose } from './ops/convolve.ts';
export { ScatterAdd } from './ops/gather.ts';
export { Matmul } from './ops/matmul.ts';
export { Fold } from './ops/movement.ts';
export { MaxIndices, WindowSum } from './ops/pooling.ts';
export { divideScaledSum, scaleSquares, Surrogate } from './ops/range.ts';
export { runLoop, runOnHost } from './portable/backend.ts';
export { carrySize, conditionOf, endOf, stepOf, type LoopRange } from './portable/loop.ts';
export { checkKey } from './randomKey.ts';
export {
  erfcRatios,
  integerPowerOf,
  polynomial,
  powerOf,
  ratio,
  remainderOf,
  sigmoidOf,
  softplusOf,
} from './scalar/definitions.ts';
export { clampMax, polynomial as polynomialExpression } from './scalar/transcendental/common.ts';
export type { ScalarFunction, ScalarReduction } from './scalar/function.ts';
export { lowered } from './scalar/lower.ts';
export {
  call,
  constant,
  nodesOf,
  parameter,
  scalarTypeOf,
  type Scalar,
  type ScalarOperation,
  type ScalarType,
} from './scalar/scalar.ts';
export { threefry, threefryExpression } from './scalar/threefry.ts';
export type { Buffer } from './data/buffer.ts';
export type { Backend } from './schedule/backend.ts';
export { operandsOf } from './schedule/body.ts';
export { schedule } from './schedule/schedule.ts';
export type {
  Body,
  Kernel,
  MapKernel,
  Operand,
  Plan,
  ReduceKernel,
  RoutineKernel,
  Slot,
  Step,
} from './schedule/kernel.ts';
