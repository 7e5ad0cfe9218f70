// How operations are made: elementwise ones from their definitions, dtype promotion, checks of operands.
import { show } from '../data/checks.ts';
import { isFloat, promote, promoteNumber, toFloat, toStored, type DType } from '../data/dtype.ts';
import { broadcastShapes } from '../data/shape.ts';
import type { Arity, Definition, DTypeRule, Elementwise } from '../graph/primitive.ts';
import { Tensor, type TensorLike } from '../graph/tensor.ts';
import type { Scalar } from '../scalar/scalar.ts';

/** An elementwise operation as users call it, with its primitive. */
export type Unary = ((x: TensorLike) => Tensor) & Operation;
export type Binary = ((x: TensorLike, y: TensorLike) => Tensor) & Operation;
export type Ternary = ((x: TensorLike, y: TensorLike, z: TensorLike) => Tensor) & Operation;

export interface Operation {
  readonly primitive: Elementwise;
}

/**
 * An elementwise operation of one input: evaluated, broadcast, promoted and differentiated at any order like the built-in
 * ones, which are made by the same function.
 * @throws {RangeError} if the definition does not have one derivative and one domain for each input.
 */
export function unary(definition: Definition<1>): Unary {
  const primitive = elementwise(definition, 1);
  return Object.assign((x: TensorLike) => applyElementwise(primitive, [x]), { primitive });
}

/** As {@link unary}, of two inputs, which are promoted to one dtype and broadcast. */
export function binary(definition: Definition<2>): Binary {
  const primitive = elementwise(definition, 2);
  return Object.assign((x: TensorLike, y: TensorLike) => applyElementwise(primitive, [x, y]), { primitive });
}

/** As {@link unary}, of three inputs, which are promoted to one dtype and broadcast. */
export function ternary(definition: Definition<3>): Ternary {
  const primitive = elementwise(definition, 3);
  return Object.assign((x: TensorLike, y: TensorLike, z: TensorLike) => applyElementwise(primitive, [x, y, z]), {
    primitive,
  });
}

/** A comparison: to bool, without a gradient. */
export function comparison(
  name: string,
  value: (x: number, y: number) => number,
  lower: (x: Scalar, y: Scalar) => Scalar,
): Binary {
  const anything = { from: -3, to: 3 };
  return binary({ name, dtypes: 'comparison', value, lower, derivatives: 'zero', domain: [anything, anything] });
}

// JavaScript users reach this without the types.
function elementwise(definition: Omit<Elementwise, 'kind'>, inputs: Arity): Elementwise {
  const { name, derivatives, domain } = definition;
  if ((derivatives !== 'zero' && derivatives.length !== inputs) || domain.length !== inputs) {
    throw new RangeError(
      `${name}: an operation of ${inputs} input(s) needs as many derivatives (or 'zero') and domains, got ` +
        `${derivatives === 'zero' ? `'zero'` : derivatives.length} and ${domain.length}`,
    );
  }
  return { kind: 'elementwise', ...definition };
}

/** Promotes and broadcasts the inputs and makes the node. */
function applyElementwise(primitive: Elementwise, inputs: readonly TensorLike[]): Tensor {
  const { name, dtypes } = primitive;
  for (const input of inputs) checkOperand(name, input);
  const common = computeDType(name, dtypes, inputs);
  const tensors = inputs.map((input, i) => asTensor(input, dtypes === 'select' && i === 0 ? 'bool' : common));
  const shape = broadcastShapes(name, ...tensors.map((input) => input.shape));
  return new Tensor(primitive, tensors, { shape, dtype: dtypes === 'comparison' ? 'bool' : common });
}

/** A plain number as a tensor: its value is an input of plans and not part of their structure. */
export function scalar(value: number, dtype: DType): Tensor {
  return new Tensor({ kind: 'source', name: 'scalar', value: toStored(dtype, value) }, [], { shape: [], dtype });
}

/** A number becomes a scalar, a tensor of another dtype is cast. */
function asTensor(input: TensorLike, dtype: DType): Tensor {
  return typeof input === 'number' ? scalar(input, dtype) : input.astype(dtype);
}

function checkOperand(operation: string, input: unknown): asserts input is TensorLike {
  if (typeof input === 'number' || input instanceof Tensor) return;
  const isArray = Array.isArray(input) || ArrayBuffer.isView(input);
  throw new TypeError(
    `${operation}: expected a tensor or a number, got ${showType(input)}${isArray ? '; make a tensor of it with tensor(…)' : ''}`,
  );
}

/** @throws {TypeError} if `x` is not a tensor. */
export function checkTensor(operation: string, x: unknown): asserts x is Tensor {
  if (x instanceof Tensor) return;
  throw new TypeError(`${operation}: expected a tensor, got ${showType(x)}; make a tensor of it with tensor(…)`);
}

/** @throws {TypeError} if `f` is not a function. */
export function checkFunction(operation: string, f: unknown): void {
  if (typeof f !== 'function') throw new TypeError(`${operation}: expected a function, got ${String(f)}`);
}

function showType(value: unknown): string {
  return Array.isArray(value) ? 'Array' : show(value);
}

/** The dtype that all inputs are promoted to (all but the condition, for `select`). */
function computeDType(name: string, rule: DTypeRule, inputs: readonly TensorLike[]): DType {
  switch (rule) {
    case 'logical':
      return 'bool';
    case 'bitwise': {
      const common = commonDType(inputs);
      if (common === 'int32') return common;
      throw new TypeError(`${name}: needs int32 tensors, got ${common}; convert with astype('int32')`);
    }
    case 'select':
      return commonDType(inputs.slice(1));
    case 'float':
      return toFloat(commonDType(inputs));
    case 'number':
    case 'comparison':
      return promote(commonDType(inputs), 'int32');
  }
}

/** Tensors decide; numbers only widen an integer result when they are fractions. */
function commonDType(inputs: readonly TensorLike[]): DType {
  const tensors = inputs.filter((input) => typeof input !== 'number');
  if (tensors.length === 0) return 'float32';
  let common = tensors.map((input) => input.dtype).reduce(promote);
  for (const input of inputs) if (typeof input === 'number') common = promoteNumber(common, input);
  return common;
}

/** The dtype of sums and products: bool and int32 become int32. */
export function accumulatorDType(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'int32';
}
