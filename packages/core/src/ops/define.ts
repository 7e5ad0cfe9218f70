import { promote, promoteNumber, toFloat, type DType } from '../data/dtype.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { broadcastShapes } from '../data/shape.ts';
import { Tensor, type TensorLike } from '../graph/tensor.ts';
import type { DTypeRule, Elementwise } from '../graph/primitive.ts';
import { scalar } from '../graph/source.ts';

/** An elementwise operation as users call it, with its record. */
export type Unary = ((x: TensorLike) => Tensor) & Operation;
export type Binary = ((x: TensorLike, y: TensorLike) => Tensor) & Operation;
export type Ternary = ((x: TensorLike, y: TensorLike, z: TensorLike) => Tensor) & Operation;

export interface Operation {
  readonly primitive: Elementwise;
}

/** What a record must say; the kind is added here. */
export type Definition = Omit<Elementwise, 'kind'>;

/**
 * An elementwise operation of one input, from its record: evaluated, broadcast, promoted and differentiated at any order
 * like those that are built in, which are made by the same function.
 * @throws {RangeError} if the record does not have one derivative and one domain for each input.
 */
export function unary(definition: Definition): Unary {
  const primitive = elementwise(definition, 1);
  return Object.assign((x: TensorLike) => applyElementwise(primitive, [x]), { primitive });
}

/** As {@link unary}, of two inputs, which are promoted to one dtype and broadcast. */
export function binary(definition: Definition): Binary {
  const primitive = elementwise(definition, 2);
  return Object.assign((x: TensorLike, y: TensorLike) => applyElementwise(primitive, [x, y]), { primitive });
}

/** As {@link unary}, of three inputs, which are promoted to one dtype and broadcast. */
export function ternary(definition: Definition): Ternary {
  const primitive = elementwise(definition, 3);
  return Object.assign((x: TensorLike, y: TensorLike, z: TensorLike) => applyElementwise(primitive, [x, y, z]), {
    primitive,
  });
}

function elementwise(definition: Definition, inputs: number): Elementwise {
  const { name, derivatives, domain } = definition;
  if ((derivatives !== 'zero' && derivatives.length !== inputs) || domain.length !== inputs) {
    throw new RangeError(
      `${name}: an operation of ${inputs} input(s) needs as many derivatives (or 'zero') and domains, got ` +
        `${derivatives === 'zero' ? `'zero'` : derivatives.length} and ${domain.length}`,
    );
  }
  return { kind: 'elementwise', ...definition };
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

/** Promotes and broadcasts the inputs and makes the node. */
export function applyElementwise(primitive: Elementwise, inputs: readonly TensorLike[]): Tensor {
  const { name } = primitive;
  for (const input of inputs) checkOperand(name, input);
  const computed = computeDTypes(name, primitive.dtypes, inputs);
  const tensors = inputs.map((input, i) => asTensor(input, computed[i]!));
  const shape = broadcastShapes(name, ...tensors.map((input) => input.shape));
  const boolean = primitive.dtypes === 'comparison' || primitive.dtypes === 'logical';
  return new Tensor(primitive, tensors, { shape, dtype: boolean ? 'bool' : computed.at(-1)! });
}

/** The tensor, converted if need be; a number becomes a scalar. */
export function asTensor(input: TensorLike, dtype: DType): Tensor {
  if (typeof input === 'number') return scalar(input, dtype);
  return input.dtype === dtype ? input : input.astype(dtype);
}

export function checkOperand(operation: string, input: unknown): asserts input is TensorLike {
  if (typeof input === 'number' || input instanceof Tensor) return;
  throw new TypeError(
    `${operation}: expected a tensor or a number, got ${describe(input)}` +
      (Array.isArray(input) || ArrayBuffer.isView(input) ? '; make a tensor of it with tensor(…)' : ''),
  );
}

export function checkTensor(operation: string, x: unknown): asserts x is Tensor {
  if (x instanceof Tensor) return;
  throw new TypeError(`${operation}: expected a tensor, got ${describe(x)}; make a tensor of it with tensor(…)`);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}

function computeDTypes(name: string, rule: DTypeRule, inputs: readonly TensorLike[]): DType[] {
  switch (rule) {
    case 'logical':
      return inputs.map(() => 'bool');
    case 'bitwise': {
      const common = commonDType(inputs);
      if (common !== 'int32')
        throw new TypeError(`${name}: needs int32 tensors, got ${common}; convert with astype('int32')`);
      return inputs.map(() => 'int32');
    }
    case 'select': {
      const common = commonDType(inputs.slice(1));
      return inputs.map((_, i) => (i === 0 ? 'bool' : common));
    }
    case 'float': {
      const common = toFloat(commonDType(inputs));
      return inputs.map(() => common);
    }
    case 'number':
    case 'comparison': {
      const common = promote(commonDType(inputs), 'int32');
      return inputs.map(() => common);
    }
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
