// Bodies of kernels as scalar expressions.
import { call, lowered, nodesOf, parameter, scalarTypeOf, type Body, type Scalar } from '@thetagrad/core/backend';
import type { Intrinsics } from './intrinsics.ts';

/** The expression of a body. Its parameters are the elements of the operands. */
export function expressionOf({ operands, steps }: Body, intrinsics: Intrinsics): Scalar {
  const scalars: Scalar[] = operands.map(({ slot }, i) => parameter(scalarTypeOf(slot.dtype), i));
  for (const { operation, inputs: numbers, dtype } of steps) {
    const type = scalarTypeOf(dtype);
    const inputs = numbers.map((number) => scalars[number]!);
    const isIntrinsic = intrinsics.get(operation.value)?.[type] !== undefined;
    scalars.push(isIntrinsic ? call(operation.value, type, inputs) : lowered(operation, inputs, dtype));
  }
  return scalars.at(-1)!;
}

/** Whether a language has code for a body: it calls no JavaScript function but those of the language. */
export function hasCode(body: Body, intrinsics: Intrinsics): boolean {
  return nodesOf(expressionOf(body, intrinsics)).every(
    ({ operation, function: definition, type }) =>
      operation !== 'call' || intrinsics.get(definition!)?.[type] !== undefined,
  );
}
