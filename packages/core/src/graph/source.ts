import { HostBuffer } from '../reference/backend.ts';
import { convert, type DType, type TypedArray } from '../data/dtype.ts';
import type { Shape } from '../data/shape.ts';
import { Tensor } from './tensor.ts';
import type { Variable } from './variable.ts';
import type { Source } from './primitive.ts';

/** Elements given by the user, or computed before. */
const data: Source = { kind: 'source', name: 'data' };
/** A plain number in an operation. Its value is bound at run time, so that it may change without a new plan. */
export const scalarSource: Source = { kind: 'source', name: 'scalar' };
/** The value of a variable as of one version. */
export const variableSource: Source = { kind: 'source', name: 'variable' };

export interface VariableRead {
  readonly variable: Variable;
  readonly version: number;
}

/** A tensor over an array, which must not change afterwards. */
export function fromArray(values: TypedArray, shape: Shape, dtype: DType): Tensor {
  const result = new Tensor(data, [], { shape, dtype });
  result.buffer = new HostBuffer(values, dtype);
  return result;
}

export function scalar(value: number, dtype: DType): Tensor {
  return new Tensor(scalarSource, [], { shape: [], dtype }, {}, convert(dtype, value));
}

export function readVariable(variable: Variable, version: number): Tensor {
  return new Tensor(variableSource, [], variable, {}, { variable, version } satisfies VariableRead);
}
