// A convolution as a product of matrices: kernels [outputs, taps] times patches of the images [taps, positions], for each
// group of channels and each phase of the outputs.
import type { Operand } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { coordinatesOf, joinAxes, placeOf, product as sizeOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value } from '../code/writer.ts';
import type { WgslWriter } from '../code/wgsl.ts';
import { lowerProduct } from './contract.ts';
import { convolutionOneByOne } from './oneByOne.ts';
import type { Language, RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';
import { Axis, type ConvolutionAttributes } from './phases.ts';
import type { Product, Terms } from './product.ts';
import { inRuns, runLength } from './runs.ts';

export function lowerConvolution(kernel: RoutineKernel, language: Language): Command[] {
  const [images, kernels] = kernel.operands as [Operand, Operand];
  const attributes = kernel.attributes as unknown as ConvolutionAttributes;
  const [count, outputs, height, width] = kernel.shape as [number, number, number, number];
  const [, perGroupIn, ...extent] = kernels.view.shape as [number, number, number, number];
  const axes = ([0, 1] as const).map(
    (axis) => new Axis(attributes, axis, extent[axis]!, images.view.shape[2 + axis]!),
  ) as [Axis, Axis];
  const perGroup = outputs / attributes.groups;
  const phases = axes.map(({ step }) => step) as [number, number];
  const batches = [attributes.groups, ...phases];
  /** Outputs of one phase. */
  const positions = [count, Math.ceil(height / phases[0]), Math.ceil(width / phases[1])];
  const taps = [perGroupIn, axes[0].taps, axes[1].taps];

  /** Group, and the first output row and column of the phase. */
  const batchOf = (writer: WgslWriter, batch: string): [string, string, string] =>
    coordinatesOf(writer, batch, batches) as [string, string, string];
  /** Image, row and column of an output. */
  const outputOf = (writer: WgslWriter, phase: readonly string[], column: string): [string, string, string] => {
    const [n, y, x] = coordinatesOf(writer, column, positions) as [string, string, string];
    const at = (own: string, axis: 0 | 1): string =>
      writer.integer(sumOf([times(own, phases[axis]), phase[1 + axis]!]));
    return [n, at(y, 0), at(x, 1)];
  };
  /** Channel, row and column of a kernel element. */
  const tapOf = (
    writer: WgslWriter,
    firsts: readonly [string, string],
    k: string,
    conditions: string[],
  ): [string, string, string] => {
    const [c, tapY, tapX] = coordinatesOf(writer, k, taps) as [string, string, string];
    const ky = axes[0].element(writer, firsts[0], tapY, conditions);
    return [c, ky, axes[1].element(writer, firsts[1], tapX, conditions)];
  };
  const firstsOf = (writer: WgslWriter, phase: readonly string[]): [string, string] => [
    axes[0].first(writer, phase[1]!),
    axes[1].first(writer, phase[2]!),
  ];
  const isWhole = phases[0] === 1 && phases[1] === 1;
  const tapAxes = joinAxes([kernels.view], 1);

  const product: Product = {
    name: 'convolution',
    batches: sizeOf(batches),
    rows: perGroup,
    columns: sizeOf(positions),
    depth: sizeOf(taps),
    left: {
      place: kernels.slot,
      isDeep: kernels.view.strides[0] !== 1,
      locate: (writer, batch, row) => {
        const phase = batchOf(writer, batch);
        const firsts = firstsOf(writer, phase);
        const output = writer.integer(sumOf([times(phase[0], perGroup), row]));
        const base = writer.integer(placeOf([output], [kernels.view.strides[0]!], kernels.view.offset));
        return (k) => {
          // All taps in order may be fewer axes in memory.
          if (isWhole) return { index: placeOf(coordinatesOf(writer, k, tapAxes.lengths), tapAxes.strides[0]!, base) };
          const conditions: string[] = [];
          const tap = tapOf(writer, firsts, k, conditions);
          return { index: placeOf(tap, kernels.view.strides.slice(1), base), conditions };
        };
      },
    },
    right: {
      place: images.slot,
      isDeep: false,
      locate: (writer, batch, column) => {
        const phase = batchOf(writer, batch);
        const firsts = firstsOf(writer, phase);
        const [n, y, x] = outputOf(writer, phase, column);
        return (k) => {
          const conditions: string[] = [];
          const [c, ky, kx] = tapOf(writer, firsts, k, conditions);
          const channel = `(${sumOf([times(phase[0], perGroupIn), c])})`;
          const place = [
            n,
            channel,
            axes[0].meets(writer, y, ky, conditions),
            axes[1].meets(writer, x, kx, conditions),
          ];
          return { index: placeOf(place, images.view.strides, images.view.offset), conditions };
        };
      },
    },
    output: kernel.output,
    sums: (writer, batch, rows, columns, cells) => {
      const phase = batchOf(writer, batch);
      const firsts = firstsOf(writer, phase);
      const outputs = columns.map((column) => outputOf(writer, phase, column));
      const weights = rows.map((row) => {
        const output = writer.integer(sumOf([times(phase[0], perGroup), row]));
        return writer.integer(placeOf([output], [kernels.view.strides[0]!], kernels.view.offset));
      });
      const zero = writer.constant(valueTypeOf(kernel.output.dtype), 0);
      const [image, weight] = [images.view, kernels.view];
      const firstChannel = times(phase[0], perGroupIn);
      const eachTap = (axis: 0 | 1, visit: (k: string, inside: readonly string[]) => void): void =>
        writer.loop(axes[axis].taps, (tap) => {
          const inside: string[] = [];
          visit(axes[axis].element(writer, firsts[axis], tap, inside), inside);
        });
      // Rows of the kernel are added up by themselves, and channels too where they are many.
      const isShort = axes[1].taps * perGroupIn <= runLength;
      const total = cells.begin();
      eachTap(0, (ky, insideY) => {
        const rowsAt = outputs.map(([n, y]) => {
          const conditions = [...insideY];
          const row = axes[0].meets(writer, y, ky, conditions);
          const place = placeOf([n, firstChannel, row], image.strides.slice(0, 3), image.offset);
          return { inside: writer.all(conditions), place: writer.integer(place) };
        });
        const sumOfRow = cells.begin();
        eachTap(1, (kx, insideX) => {
          const pixels = outputs.map(([, , x], i) => {
            const conditions = [writer.holds(rowsAt[i]!.inside), ...insideX];
            const column = axes[1].meets(writer, x, kx, conditions);
            const inside = writer.holds(writer.all(conditions));
            const place = sumOf([rowsAt[i]!.place, times(column, image.strides[3]!)]);
            return { inside, place: writer.integer(writer.indexWhere(inside, place, '0')) };
          });
          const taps = weights.map((base) =>
            writer.integer(sumOf([base, times(ky, weight.strides[2]!), times(kx, weight.strides[3]!)])),
          );
          const terms = (c: string): Terms => ({
            left: taps.map((place) => writer.load(kernels.slot, sumOf([place, times(c, weight.strides[1]!)]))),
            right: pixels.map(({ inside, place }) => {
              const pixel = writer.load(images.slot, sumOf([place, times(c, image.strides[1]!)]));
              return writer.choose(inside, pixel, zero);
            }),
          });
          const add = (into: readonly Value[], c: string): void => cells.add(into, terms(c));
          if (isShort) writer.loop(perGroupIn, (c) => add(sumOfRow, c));
          else cells.merge(sumOfRow, inRuns(writer, perGroupIn, { ...cells, add }));
        });
        cells.merge(total, sumOfRow);
      });
      return total;
    },
    element: (writer, batch, row, column) => {
      const phase = batchOf(writer, batch);
      const [n, y, x] = outputOf(writer, phase, column);
      const channel = `(${sumOf([times(phase[0], perGroup), row])})`;
      const strides = [outputs * height * width, height * width, width, 1];
      const conditions = isWhole ? [] : [`${y} < ${height}`, `${x} < ${width}`];
      return { index: placeOf([n, channel, y, x], strides), conditions };
    },
    finish: (writer, value, element) => throughTail(writer, kernel.tail, value, element),
  };
  return lowerProduct(product, language) ?? convolutionOneByOne(kernel, axes, language);
}
