// The table of elementwise operations, for tests that go through all of it.
import { type DType, type Operation, type Tensor } from '@thetagrad/core';
import { lowered, parameter, scalarTypeOf, type DTypeRule } from '@thetagrad/core/backend';
import * as table from '../../packages/core/src/ops/elementwise.ts';

type Function = Operation & ((...inputs: readonly Tensor[]) => Tensor);

export const operations: [name: string, operation: Function][] = Object.entries(
  table as unknown as Record<string, Function>,
);

/** What a rule allows, of the dtypes that a backend has. */
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
