import {
  lowered,
  nodesOf,
  parameter,
  scalarTypeOf,
  type Body,
  type Scalar,
  type ScalarType,
} from '@thetagrad/core/backend';
import { importName } from './imports.ts';

/** A body as one scalar expression of its operands' elements. */
export interface Expression {
  /** Parameters are numbered as the operands. */
  readonly root: Scalar;
  /** The types of the operands' elements. */
  readonly types: readonly ScalarType[];
  /** Equal for expressions that are computed by the same code. */
  readonly key: string;
  /** The number of operations on each element. */
  readonly weight: number;
  /** The nodes that call JavaScript functions. */
  readonly calls: readonly Scalar[];
  /** Whether no value is wider than 32 bits, so that four elements fit a vector. */
  readonly isNarrow: boolean;
}

export function bodyExpression({ operands, steps }: Body): Expression {
  const types = operands.map(({ slot }) => scalarTypeOf(slot.dtype));
  const values: Scalar[] = types.map(parameter);
  for (const { operation, inputs, dtype } of steps) {
    values.push(
      lowered(
        operation,
        inputs.map((number) => values[number]!),
        dtype,
      ),
    );
  }
  return makeExpression(values.at(-1)!, types);
}

export function makeExpression(root: Scalar, types: readonly ScalarType[]): Expression {
  const nodes = nodesOf(root);
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const calls = nodes.filter(({ operation }) => operation === 'call');
  const lines = nodes.map(({ operation, type, inputs, value, function: f }) =>
    [
      operation,
      type,
      Object.is(value, -0) ? '-0' : value,
      f ? importName(f) : '',
      ...inputs.map((input) => numbers.get(input)!),
    ].join(' '),
  );
  return {
    root,
    types,
    key: [types.join(' '), ...lines].join(';'),
    weight: nodes.length + 20 * calls.length,
    calls,
    isNarrow: [...types, ...nodes.map(({ type }) => type)].every((type) => type !== 'f64'),
  };
}
