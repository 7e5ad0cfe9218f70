// A convolution as a product of matrices: kernels [outputs, taps] times patches of the images [taps, positions].
import type { Operand } from '@thetagrad/core';
import type { Command } from '../code/code.ts';
import { coordinatesOf, joinAxes, placeOf, product as sizeOf } from '../code/views.ts';
import { sumOf, times } from '../code/writer.ts';
import { convolutionOneByOne, inputCoordinate, type ConvolutionAttributes } from './oneByOne.ts';
import type { Language, RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';
import { lowerTiles, suitsTiles, type Product } from './tile.ts';

export function lowerConvolution(kernel: RoutineKernel, language: Language): Command[] {
  const [images, kernels] = kernel.operands as [Operand, Operand];
  const attributes = kernel.attributes as unknown as ConvolutionAttributes;
  const [count, outputs, height, width] = kernel.shape as [number, number, number, number];
  const taps = kernels.view.shape.slice(1);
  const positions = height * width;
  const perGroup = outputs / attributes.groups;
  const tapAxes = joinAxes([kernels.view], 1);
  const product: Product = {
    name: 'convolution',
    batches: attributes.groups,
    rows: perGroup,
    columns: count * positions,
    depth: sizeOf(taps),
    left: {
      place: kernels.slot,
      isDeep: kernels.view.strides[0] !== 1,
      locate: (writer, group, row) => {
        const output = writer.integer(sumOf([times(group, perGroup), row]));
        const base = writer.integer(placeOf([output], [kernels.view.strides[0]!], kernels.view.offset));
        return (k) => ({
          index: placeOf(coordinatesOf(writer, k, tapAxes.lengths), tapAxes.strides[0]!, base),
        });
      },
    },
    right: {
      place: images.slot,
      isDeep: false,
      locate: (writer, group, column) => {
        const [n, y, x] = coordinatesOf(writer, column, [count, height, width]) as [string, string, string];
        return (k) => {
          const [channel, ky, kx] = coordinatesOf(writer, k, taps) as [string, string, string];
          const conditions: string[] = [];
          const row = inputCoordinate(writer, attributes, 0, y, ky, images.view.shape[2]!, conditions);
          const inRow = inputCoordinate(writer, attributes, 1, x, kx, images.view.shape[3]!, conditions);
          const from = `(${sumOf([times(group, taps[0]!), channel])})`;
          return { index: placeOf([n, from, row, inRow], images.view.strides, images.view.offset), conditions };
        };
      },
    },
    output: kernel.output,
    element: (writer, group, row, column) => {
      const [n, position] = coordinatesOf(writer, column, [count, positions]) as [string, string];
      return sumOf([
        times(n, outputs * positions),
        times(group, perGroup * positions),
        times(row, positions),
        position,
      ]);
    },
    finish: (writer, value, element) => throughTail(writer, kernel.tail, value, element),
  };
  return language.name === 'WGSL' && suitsTiles(product)
    ? lowerTiles(product)
    : [convolutionOneByOne(kernel, attributes, language)];
}
