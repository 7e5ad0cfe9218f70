import { tensor, topk, type Shape, type Tensor } from '@thetagrad/core';
import { sizeOf } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { axisOf, distinctTensors, shapes, tensors } from '../../../src/index.ts';
import { defineCase, forShapes, type Case } from '../support.ts';

/** Indices of an axis, also negative and repeated. */
function indicesOf(length: number, shape: Shape): fc.Arbitrary<Tensor> {
  const count = sizeOf(shape);
  return fc
    .array(fc.integer({ min: -length, max: length - 1 }), { minLength: count, maxLength: count })
    .map((indices) => tensor(Int32Array.from(indices), { shape }));
}

const gathered = forShapes(
  (shape) =>
    fc
      .tuple(axisOf(shape), shapes({ maxRank: 2, maxSize: 2 }))
      .chain(([axis, at]) => fc.tuple(tensors({ shape }), indicesOf(shape.at(axis)!, at), fc.constant(axis))),
  { minRank: 1, maxRank: 2 },
);
const alongAxis = forShapes(
  (shape) =>
    fc
      .tuple(axisOf(shape), fc.integer({ min: 1, max: 3 }), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
      .chain(([axis, count, single]) => {
        // The other axes broadcast.
        const own = shape.map((length, i) => (single[i] ? 1 : length)).with(axis, shape.at(axis)!);
        return fc.tuple(
          tensors({ shape: own }),
          indicesOf(shape.at(axis)!, shape.with(axis, count)),
          fc.constant(axis),
        );
      }),
  { minRank: 1 },
);
const scattered = forShapes(
  (shape) =>
    fc.tuple(axisOf(shape), fc.integer({ min: 1, max: 3 })).chain(([axis, count]) => {
      const at = shape.with(axis, count);
      return fc.tuple(tensors({ shape }), indicesOf(shape.at(axis)!, at), tensors({ shape: at }), fc.constant(axis));
    }),
  { minRank: 1, maxRank: 2 },
);
const sorted = forShapes((shape) => fc.tuple(distinctTensors({ shape }), axisOf(shape), fc.boolean()), { minRank: 1 });
const largest = forShapes(
  (shape) =>
    axisOf(shape).chain((axis) => fc.tuple(distinctTensors({ shape }), fc.nat(shape.at(axis)!), fc.constant(axis))),
  { minRank: 1 },
);

const selected = forShapes(
  (shape) =>
    fc.tuple(
      tensors({ shape }),
      indicesOf(shape.at(0)!, [2, 1]),
      indicesOf(shape.at(2)!, [3]),
      fc.array(fc.boolean(), { minLength: shape.at(1)!, maxLength: shape.at(1)! }),
    ),
  { minRank: 3, maxRank: 3, maxSize: 3 },
);

export const indexing: readonly Case[] = [
  defineCase('at, indices', selected, (x, rows, columns, _mask) => x.at(rows, '::-1', columns).square()),
  defineCase('at, a mask and a range', selected, (x, _rows, columns, mask) =>
    x.at('1:', mask, 'newaxis', columns.at(0)).square(),
  ),
  defineCase('take', gathered, (x, indices, axis) => x.take(indices, axis).square()),
  defineCase('takeAlongAxis', alongAxis, (x, indices, axis) => x.takeAlongAxis(indices, axis).square()),
  defineCase('scatterAdd', scattered, (x, indices, updates, axis) => x.scatterAdd(indices, updates, axis).square()),
  defineCase('sort', sorted, (x, axis, descending) => x.sort(axis, { descending }).square()),
  defineCase('topk', largest, (x, k, axis) => topk(x, k, axis).values.square()),
];
