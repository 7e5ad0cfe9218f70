import { tensor, type Axis, type CumulativeOptions, type Shape, type Tensor } from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { axesOf, axisOf, distinctTensors, tensors } from '../../../src/index.ts';
import { defineCase, forShapes, type Case } from '../support.ts';

type Scanned = [x: Tensor, axis: number, options: Required<CumulativeOptions>];

function scanned(values: (shape: Shape) => fc.Arbitrary<Tensor>): fc.Arbitrary<Scanned> {
  return forShapes(
    (shape): fc.Arbitrary<Scanned> =>
      fc.tuple(values(shape), axisOf(shape), fc.record({ reverse: fc.boolean(), exclusive: fc.boolean() })),
    { minRank: 1 },
  );
}

/** Tensors in which about a third of the elements is 0. */
function withZeros(shape: Shape): fc.Arbitrary<Tensor> {
  const size = sizeOf(shape);
  const numbers = fc.array(fc.constantFrom(0, 0, 0.75, -1.25, 1.5, -0.5), { minLength: size, maxLength: size });
  return numbers.map((values) => tensor(Float64Array.from(values), { shape }));
}

const anyInput = scanned((shape) => tensors({ shape }));
const zeros = scanned(withZeros);
const distinct = scanned((shape) => distinctTensors({ shape }));

type Reduced = [x: Tensor, axis: Axis | undefined, keepdims: boolean];
const reduced = (values: (shape: Shape) => fc.Arbitrary<Tensor>): fc.Arbitrary<Reduced> =>
  forShapes((shape): fc.Arbitrary<Reduced> => fc.tuple(values(shape), axesOf(shape), fc.boolean()));

export const scans: readonly Case[] = [
  defineCase('cumsum', anyInput, (x, axis, options) => x.cumsum(axis, options).square()),
  defineCase('cumprod', anyInput, (x, axis, options) => x.cumprod(axis, options).square()),
  defineCase('cumprod with zeros', zeros, (x, axis, options) => x.cumprod(axis, options).square()),
  defineCase('cummax', distinct, (x, axis, { reverse }) => x.cummax(axis, { reverse }).square()),
  defineCase('cummin', distinct, (x, axis, { reverse }) => x.cummin(axis, { reverse }).square()),
  defineCase('logcumsumexp', anyInput, (x, axis, { reverse }) => x.logcumsumexp(axis, { reverse })),
  defineCase(
    'prod',
    reduced((shape) => tensors({ shape })),
    (x, axis, keepdims) => x.prod(axis, { keepdims }).square(),
  ),
  defineCase('prod with zeros', reduced(withZeros), (x, axis, keepdims) => x.prod(axis, { keepdims })),
];
