import * as core from '@thetagrad/core';
import type { Operation, Tensor, TensorLike } from '@thetagrad/core';
import type { Elementwise } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { broadcastableShapes, distinctTensors, tensors } from '../../../src/index.ts';
import { define, shaped, type Case } from '../support.ts';

type Apply = (...inputs: TensorLike[]) => Tensor;

/** All operations of the table. */
export const operations: readonly (Operation & Apply)[] = Object.values(core).filter(
  (exported): exported is Operation & Apply => typeof exported === 'function' && 'primitive' in exported,
);

/** Inputs from the record's domain, of shapes that broadcast. */
function inputsOf({ domain }: Elementwise): fc.Arbitrary<Tensor[]> {
  return broadcastableShapes(domain.length, { maxRank: 2, maxSize: 2 }).chain((shapes) =>
    fc.tuple(...domain.map(({ from, to, avoid }, i) => tensors({ from, to, avoid: avoid ?? [], shape: shapes[i]! }))),
  );
}

export const elementwise: readonly Case[] = operations
  .filter(({ primitive }) => primitive.derivatives !== 'zero')
  .map((operation) => define(operation.primitive.name, inputsOf(operation.primitive), operation));

/** Constant between jumps. Comparisons jump where inputs are equal, logic where they are 0. */
export const constant: readonly Case[] = operations
  .filter(({ primitive }) => primitive.derivatives === 'zero' && primitive.dtypes !== 'bitwise')
  .map((operation) => {
    const { primitive } = operation;
    const apart = shaped((shape) => distinctTensors({ shape: [primitive.domain.length, ...shape] }), {
      maxRank: 2,
      maxSize: 2,
    }).map((all) => primitive.domain.map((_, i) => all.slice([i])));
    const inputs =
      primitive.dtypes === 'comparison'
        ? apart
        : inputsOf({ ...primitive, ...(primitive.dtypes === 'logical' && awayFromZero(primitive)) });
    return define(primitive.name, inputs, (...parameters) => operation(...parameters).astype('float64'));
  });

function awayFromZero({ domain }: Elementwise): Pick<Elementwise, 'domain'> {
  return { domain: domain.map((one) => ({ ...one, avoid: [0] })) };
}
