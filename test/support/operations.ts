// The table of elementwise operations, for tests that go through all of it.
import { type DType, type Operation, type Tensor } from '@thetagrad/core';
import { parameter, type DTypeRule } from '@thetagrad/core/backend';
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

/** Whether float32 has a way of computing the operation of its own, other than its definition. */
export function isApproximate({ primitive }: Operation): boolean {
  const lowered = (type: 'f32' | 'f64') => primitive.lower?.(...primitive.domain.map((_, i) => parameter(type, i)));
  return lowered('f32') !== undefined && lowered('f64') === undefined;
}
