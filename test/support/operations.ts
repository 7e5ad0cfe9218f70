// All elementwise operations of core.
import { type DType, type DTypeRule, type Operation, type Tensor } from '@thetagrad/core';
import { lowered, parameter, scalarTypeOf } from '@thetagrad/core/backend';
import * as elementwise from '../../packages/core/src/ops/elementwise.ts';
import * as strongZero from '../../packages/core/src/ops/strongZero.ts';

type Apply = Operation & ((...inputs: readonly Tensor[]) => Tensor);

export const operations: [name: string, operation: Apply][] = Object.entries({
  ...elementwise,
  ...strongZero,
} as unknown as Record<string, Apply>);

/** The dtypes that a dtype rule accepts, among those that a backend supports. */
export function dtypesOf(rule: DTypeRule, all: readonly DType[]): readonly DType[] {
  if (rule === 'logical') return ['bool', 'float32'];
  return rule === 'bitwise' ? ['int32'] : all;
}

/** Whether the operation has an approximation in float32 and only its definition in double precision. */
export function isApproximate({ primitive }: Operation): boolean {
  const isCall = (dtype: 'float32' | 'float64'): boolean => {
    const inputs = primitive.domain.map((_, i) => parameter(scalarTypeOf(dtype), i));
    return lowered(primitive, inputs, dtype).operation === 'call';
  };
  return !isCall('float32') && isCall('float64');
}
