import * as core from '@thetagrad/core';
import type { Operation, Tensor, TensorLike } from '@thetagrad/core';
import type { Elementwise } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { broadcastableShapes, distinctTensors, tensors } from '../../../src/index.ts';
import { defineCase, forShapes, type Case } from '../support.ts';

type Apply = (...inputs: TensorLike[]) => Tensor;

/** All elementwise operations of core. */
export const operations: readonly (Operation & Apply)[] = Object.values(core).filter(
  (exported): exported is Operation & Apply => typeof exported === 'function' && 'primitive' in exported,
);

/** Inputs from the operation's domain, of shapes that broadcast. */
function inputsOf({ domain }: Elementwise): fc.Arbitrary<Tensor[]> {
  return broadcastableShapes(domain.length, { maxRank: 2, maxSize: 2 }).chain((shapes) =>
    fc.tuple(...domain.map(({ from, to, avoid }, i) => tensors({ from, to, avoid: avoid ?? [], shape: shapes[i]! }))),
  );
}

export const elementwise: readonly Case[] = operations
  .filter(({ primitive }) => primitive.derivatives !== 'zero')
  .map((operation) => defineCase(operation.primitive.name, inputsOf(operation.primitive), operation));

/** Piecewise constant operations. Comparisons jump where inputs are equal, logical operations at 0. */
export const piecewiseConstant: readonly Case[] = operations
  .filter(({ primitive }) => primitive.derivatives === 'zero' && primitive.dtypes !== 'bitwise')
  .map((operation) => {
    const { primitive } = operation;
    const distinct = forShapes((shape) => distinctTensors({ shape: [primitive.domain.length, ...shape] }), {
      maxRank: 2,
      maxSize: 2,
    }).map((all) => primitive.domain.map((_, i) => all.slice([i])));
    const inputs =
      primitive.dtypes === 'comparison'
        ? distinct
        : inputsOf({ ...primitive, ...(primitive.dtypes === 'logical' && awayFromZero(primitive)) });
    return defineCase(primitive.name, inputs, (...parameters) => operation(...parameters).astype('float64'));
  });

function awayFromZero({ domain }: Elementwise): Pick<Elementwise, 'domain'> {
  return { domain: domain.map((interval) => ({ ...interval, avoid: [0] })) };
}
