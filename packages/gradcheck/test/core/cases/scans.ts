import { tensor, type Axis, type CumulativeOptions, type Shape, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { axesOf, axisOf, distinctTensors, tensors } from '../../../src/index.ts';
import { define, shaped, type Case } from '../support.ts';

type Scanned = [x: Tensor, axis: number, options: Required<CumulativeOptions>];

function scanned(values: (shape: Shape) => fc.Arbitrary<Tensor>): fc.Arbitrary<Scanned> {
  return shaped(
    (shape): fc.Arbitrary<Scanned> =>
      fc.tuple(values(shape), axisOf(shape), fc.record({ reverse: fc.boolean(), exclusive: fc.boolean() })),
    { minRank: 1 },
  );
}

/** Numbers of which about a third are exactly 0. */
function withZeros(shape: Shape): fc.Arbitrary<Tensor> {
  const size = shape.reduce((product, length) => product * length, 1);
  const numbers = fc.array(fc.constantFrom(0, 0, 0.75, -1.25, 1.5, -0.5), { minLength: size, maxLength: size });
  return numbers.map((values) => tensor(Float64Array.from(values), { shape }));
}

const anything = scanned((shape) => tensors({ shape }));
const zeros = scanned(withZeros);
const distinct = scanned((shape) => distinctTensors({ shape }));

type Reduced = [x: Tensor, axis: Axis | undefined, keepdims: boolean];
const reduced = (values: (shape: Shape) => fc.Arbitrary<Tensor>): fc.Arbitrary<Reduced> =>
  shaped((shape): fc.Arbitrary<Reduced> => fc.tuple(values(shape), axesOf(shape), fc.boolean()));

export const scans: readonly Case[] = [
  define('cumsum', anything, (x, axis, options) => x.cumsum(axis, options).square()),
  define('cumprod', anything, (x, axis, options) => x.cumprod(axis, options).square()),
  define('cumprod with zeros', zeros, (x, axis, options) => x.cumprod(axis, options).square()),
  define('cummax', distinct, (x, axis, { reverse }) => x.cummax(axis, { reverse }).square()),
  define('cummin', distinct, (x, axis, { reverse }) => x.cummin(axis, { reverse }).square()),
  define('logcumsumexp', anything, (x, axis, { reverse }) => x.logcumsumexp(axis, { reverse })),
  define(
    'prod',
    reduced((shape) => tensors({ shape })),
    (x, axis, keepdims) => x.prod(axis, { keepdims }).square(),
  ),
  define('prod with zeros', reduced(withZeros), (x, axis, keepdims) => x.prod(axis, { keepdims })),
];
