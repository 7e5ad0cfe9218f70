// Builds elementwise operations from their definitions; dtype promotion and checks of operands.
import { checkOptions, show } from '../data/checks.ts';
import {
  allocate,
  isFloatingPoint,
  isInt32,
  maxInt32,
  minInt32,
  notInt32,
  promoteTypes,
  toFloat,
  toStored,
  type DType,
} from '../data/dtype.ts';
import { broadcastShapes } from '../data/shape.ts';
import type { Arity, Definition, DTypeRule, Elementwise } from '../graph/primitive.ts';
import { renew } from '../graph/recording.ts';
import { checkNotDisposed, Tensor, type TensorLike } from '../graph/tensor.ts';
import { Variable } from '../graph/variable.ts';
import type { Scalar } from '../scalar/scalar.ts';

/** An elementwise operation of one input: a function, with its primitive as a property. */
export type Unary = ((x: TensorLike) => Tensor) & Operation;
/** An elementwise operation of two inputs, which are promoted and broadcast. */
export type Binary = ((x: TensorLike, y: TensorLike) => Tensor) & Operation;
/** An elementwise operation of three inputs, which are promoted and broadcast. */
export type Ternary = ((x: TensorLike, y: TensorLike, z: TensorLike) => Tensor) & Operation;

/** The property that elementwise operations have in common. */
export interface Operation {
  readonly primitive: Elementwise;
}

/**
 * Defines an elementwise operation of one input. Like the built-in ones, which are defined the same way, it is promoted,
 * broadcast, fused, and differentiated to any order.
 * @throws {RangeError} if the definition does not have one derivative and one domain for each input.
 */
export function unary(definition: Definition<1>): Unary {
  const primitive = elementwise(definition, 1);
  return Object.assign((x: TensorLike) => applyElementwise(primitive, [x]), { primitive });
}

/**
 * Defines an elementwise operation of two inputs, see {@link unary}.
 * @throws {RangeError} if the definition does not have one derivative and one domain for each input.
 */
export function binary(definition: Definition<2>): Binary {
  const primitive = elementwise(definition, 2);
  return Object.assign((x: TensorLike, y: TensorLike) => applyElementwise(primitive, [x, y]), { primitive });
}

/**
 * Defines an elementwise operation of three inputs, see {@link unary}.
 * @throws {RangeError} if the definition does not have one derivative and one domain for each input.
 */
export function ternary(definition: Definition<3>): Ternary {
  const primitive = elementwise(definition, 3);
  return Object.assign((x: TensorLike, y: TensorLike, z: TensorLike) => applyElementwise(primitive, [x, y, z]), {
    primitive,
  });
}

/** Defines a comparison, which is monotone in each input: the result is bool and has no gradient. */
export function comparison(
  name: string,
  value: (x: number, y: number) => number,
  lower: (x: Scalar, y: Scalar) => Scalar,
): Binary {
  const real = { from: -3, to: 3 };
  const compare = binary({ name, dtypes: 'comparison', value, lower, derivatives: 'zero', domain: [real, real] });
  const { primitive } = compare;
  return Object.assign((x: TensorLike, y: TensorLike) => compareIntegers(value, x, y) ?? compare(x, y), { primitive });
}

/** Compares int32 or bool with a number that is not an int32: exactly, as all integers below it compare alike, and all above. */
function compareIntegers(compare: (x: number, y: number) => number, x: TensorLike, y: TensorLike): Tensor | undefined {
  const [tensor, number] = typeof x === 'number' ? [y, x] : [x, y];
  if (!(tensor instanceof Tensor) || typeof number !== 'number' || isInt32(number) || isFloatingPoint(tensor.dtype))
    return undefined;
  const [first, last] = [minInt32, maxInt32].map((end) => (tensor === x ? compare(end, number) : compare(number, end)));
  if (first === last) return first ? tensor.equal(tensor) : tensor.notEqual(tensor);
  return first ? tensor.lessEqual(Math.floor(number)) : tensor.greater(Math.floor(number));
}

/** Builds the primitive. Checks what the types ensure, for callers without types. */
function elementwise(definition: Omit<Elementwise, 'kind'>, inputs: Arity): Elementwise {
  const fields = ['name', 'dtypes', 'value', 'integer', 'fitNumber', 'lower', 'derivatives', 'domain'] as const;
  checkOptions(['defineUnary', 'defineBinary', 'defineTernary'][inputs - 1]!, definition, fields, 'field');
  const { name, derivatives, domain } = definition;
  if ((derivatives !== 'zero' && derivatives.length !== inputs) || domain.length !== inputs) {
    throw new RangeError(
      `${name}: expected ${inputs} derivative(s) or 'zero', and ${inputs} domain(s), got ` +
        `${derivatives === 'zero' ? `'zero'` : derivatives.length} and ${domain.length}`,
    );
  }
  return { kind: 'elementwise', ...definition };
}

/** Promotes and broadcasts the inputs and creates the node. */
function applyElementwise(primitive: Elementwise, inputs: readonly TensorLike[]): Tensor {
  const { name, dtypes, fitNumber } = primitive;
  inputs.forEach((input, i) => checkOperand(name, input, i));
  const isFitted = fitNumber && !isFloatingPoint(tensorDType(inputs));
  const operands = isFitted ? inputs.map((x, i) => (typeof x === 'number' ? fitNumber(x, i) : x)) : inputs;
  const common = computeDType(name, dtypes, operands);
  const tensors = operands.map((input, i) => asTensor(input, dtypes === 'select' && i === 0 ? 'bool' : common));
  const shape = broadcastShapes(name, ...tensors.map((input) => input.shape));
  return new Tensor(primitive, tensors, { shape, dtype: dtypes === 'comparison' ? 'bool' : common });
}

/** Creates a scalar tensor of an element of the dtype, which is an input of plans and not part of their structure. */
export function scalar(value: number, dtype: DType): Tensor {
  return new Tensor({ kind: 'source', name: 'scalar', value }, [], { shape: [], dtype });
}

/** Creates a scalar tensor of a number that a compiled function computes anew in each replay. */
export function renewedScalar(compute: () => number, dtype: DType): Tensor {
  const value = (): number => toStored('', dtype, compute());
  const result = scalar(value(), dtype);
  renew(result, () => {
    const elements = allocate(dtype, 1);
    elements[0] = value();
    return elements;
  });
  return result;
}

/** Converts a plain number to a scalar tensor, and casts a tensor of another dtype. */
function asTensor(input: TensorLike, dtype: DType): Tensor {
  return typeof input === 'number' ? scalar(toStored('', dtype, input), dtype) : input.astype(dtype);
}

/**
 * @param index the number of the operand, from 0.
 * @throws {TypeError} if the operand is neither a tensor nor a number.
 * @throws {Error} if it has been disposed of.
 */
export function checkOperand(operation: string, input: unknown, index: number): asserts input is TensorLike {
  if (input instanceof Tensor) return checkNotDisposed(operation, input);
  if (typeof input === 'number') return;
  if (input === undefined && index > 0) {
    throw new TypeError(`${operation}: operand ${index + 1} is missing; expected a tensor or a number`);
  }
  throw new TypeError(`${operation}: expected a tensor or a number, got ${showOperand(input)}`);
}

/**
 * @throws {TypeError} if `x` is not a tensor.
 * @throws {Error} if it has been disposed of.
 */
export function checkTensor(operation: string, x: unknown): asserts x is Tensor {
  if (x instanceof Tensor) return checkNotDisposed(operation, x);
  throw new TypeError(`${operation}: expected a tensor, got ${showOperand(x)}`);
}

/**
 * Checks operands, of which one may be missing.
 * @throws {TypeError} if one is not a tensor.
 * @throws {Error} if one has been disposed of.
 */
export function checkTensorOperands(operation: string, operands: readonly unknown[]): void {
  for (const [index, x] of operands.entries()) {
    if (x === undefined && index > 0) {
      throw new TypeError(`${operation}: operand ${index + 1} is missing; expected a tensor`);
    }
    checkTensor(operation, x);
  }
}

/** x, or a line of one element if it is a scalar, for what works along an axis. */
export function toLines(x: Tensor): Tensor {
  return x.ndim === 0 ? x.reshape([1]) : x;
}

/** Formats what is not a tensor, and how to make one of it. */
function showOperand(value: unknown): string {
  if (value instanceof Variable) return 'Variable; pass its value';
  if (value instanceof Promise) return 'Promise; await it';
  if (Array.isArray(value)) return 'Array; make a tensor of it with tensor(…)';
  const isNumeric = typeof value === 'number' || ArrayBuffer.isView(value);
  return `${show(value)}${isNumeric ? '; make a tensor of it with tensor(…)' : ''}`;
}

/** @throws {TypeError} if `f` is not a function. */
export function checkFunction(operation: string, f: unknown): void {
  if (typeof f !== 'function') throw new TypeError(`${operation}: expected a function, got ${show(f)}`);
}

/** The dtype that inputs are promoted to (for `select`, those after the condition). */
function computeDType(name: string, rule: DTypeRule, inputs: readonly TensorLike[]): DType {
  switch (rule) {
    case 'logical':
      return 'bool';
    case 'bitwise': {
      const common = commonDType(name, inputs);
      if (common === 'int32') return common;
      throw new TypeError(`${name}: expected int32 tensors, got ${common}; convert with astype('int32')`);
    }
    case 'select':
      return commonDType(name, inputs.slice(1));
    case 'float':
      return toFloat(tensorDType(inputs));
    case 'number':
    case 'comparison':
      return promoteTypes(commonDType(name, inputs), 'int32');
  }
}

/** The dtype that the tensors among the inputs promote to; float32 if there is none. */
function tensorDType(inputs: readonly TensorLike[]): DType {
  let common: DType | undefined;
  for (const input of inputs) {
    if (typeof input !== 'number') common = common ? promoteTypes(common, input.dtype) : input.dtype;
  }
  return common ?? 'float32';
}

/**
 * Promotes the dtypes of all inputs. Plain numbers are weakly typed: they take the dtype of a floating-point tensor; with
 * int32 or bool, integers are int32 and other numbers float32.
 * @throws {RangeError} if an integer is outside of int32, and float32 would lose bits.
 */
function commonDType(name: string, inputs: readonly TensorLike[]): DType {
  const common = tensorDType(inputs);
  if (isFloatingPoint(common)) return common;
  const numbers = inputs.filter((input) => typeof input === 'number');
  if (numbers.length === 0) return common;
  if (!numbers.every(Number.isInteger)) return 'float32';
  const outside = numbers.find((number) => !isInt32(number));
  if (outside === undefined) return 'int32';
  throw notInt32(name, String(outside), `convert the ${common} tensor with astype('float64') or astype('float32')`);
}

/** The dtype of sums and products: int32 for bool, else the dtype itself. */
export function accumulatorDType(dtype: DType): DType {
  return isFloatingPoint(dtype) ? dtype : 'int32';
}
