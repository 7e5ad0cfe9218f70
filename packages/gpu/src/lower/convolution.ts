// A convolution as a matrix product (an implicit GEMM): the filter [outputs, taps] times patches of the input [taps,
// positions], for each group of channels and each phase of the outputs.
import { joinAxes, sizeOf, type RoutineKernel } from '@thetagrad/core/backend';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import { ConvolutionGeometry } from './convolutionGeometry.ts';
import { applyEpilogue } from './map.ts';
import { lowerProduct } from './matrixProduct.ts';
import { lowerNaiveConvolution } from './naive.ts';
import type { BlockAccumulation, Factor, MatrixProduct, Terms } from './product.ts';
import { accumulateInRuns, runLength } from './runs.ts';

type ConvolutionKernel = RoutineKernel<'convolution'>;

export function lowerConvolution(kernel: ConvolutionKernel, language: Language): Command[] {
  const geometry = new ConvolutionGeometry(kernel);
  const product: MatrixProduct = {
    name: 'convolution',
    batches: sizeOf(geometry.batches),
    rows: geometry.outputsPerGroup,
    columns: sizeOf(geometry.positions),
    depth: sizeOf(geometry.taps),
    left: filterFactor(kernel, geometry),
    right: patchFactor(kernel, geometry),
    output: kernel.output,
    sums: (writer, batch, rows, columns, block) => sumTaps(writer, kernel, geometry, { batch, rows, columns }, block),
    locate: (writer, batch, row, column) => {
      const [group, ...phase] = geometry.batchAt(writer, batch);
      const [n, y, x] = geometry.outputAt(writer, phase, column);
      const channel = `(${plus([times(group, geometry.outputsPerGroup), row])})`;
      const [, outputs, height, width] = kernel.shape as [number, number, number, number];
      const strides = [outputs * height * width, height * width, width, 1];
      const conditions = geometry.hasPhases ? [`${y} < ${height}`, `${x} < ${width}`] : [];
      return { position: positionOf([n, channel, y, x], strides), conditions };
    },
    find: (writer, element) => geometry.find(writer, coordinatesOf(writer, element, kernel.shape)),
    finish: (writer, sum, element) => applyEpilogue(writer, kernel, sum, element),
  };
  return lowerProduct(product, language) ?? lowerNaiveConvolution(kernel, geometry.axes, language);
}

/** The position in memory of the first filter element for an output channel of a group. */
function filterStart(
  writer: Writer,
  { operands: [, filter] }: ConvolutionKernel,
  { outputsPerGroup }: ConvolutionGeometry,
  group: string,
  row: string,
): string {
  const output = writer.bindIndex(plus([times(group, outputsPerGroup), row]));
  return writer.bindIndex(positionOf([output], [filter.view.strides[0]!], filter.view.offset));
}

function filterFactor(kernel: ConvolutionKernel, geometry: ConvolutionGeometry): Factor {
  const { slot, view } = kernel.operands[1];
  const tapAxes = joinAxes([view], 1);
  return {
    location: slot,
    isDepthContiguous: view.strides[0] !== 1,
    locate: (writer, batch, row) => {
      const [group, ...phase] = geometry.batchAt(writer, batch);
      const firstTaps = geometry.firstTaps(writer, phase);
      const start = filterStart(writer, kernel, geometry, group, row);
      return (k) => {
        // Without phases the taps are all filter elements in order, whose axes may join.
        if (!geometry.hasPhases) {
          return { position: positionOf(coordinatesOf(writer, k, tapAxes.shape), tapAxes.strides[0]!, start) };
        }
        const conditions: string[] = [];
        const tap = geometry.tapAt(writer, firstTaps, k, conditions);
        return { position: positionOf(tap, view.strides.slice(1), start), conditions };
      };
    },
  };
}

function patchFactor(kernel: ConvolutionKernel, geometry: ConvolutionGeometry): Factor {
  const { slot, view } = kernel.operands[0];
  const { axes } = geometry;
  return {
    location: slot,
    isDepthContiguous: false,
    locate: (writer, batch, column) => {
      const [group, ...phase] = geometry.batchAt(writer, batch);
      const firstTaps = geometry.firstTaps(writer, phase);
      const [n, y, x] = geometry.outputAt(writer, phase, column);
      return (k) => {
        const conditions: string[] = [];
        const [c, ky, kx] = geometry.tapAt(writer, firstTaps, k, conditions);
        const channel = `(${plus([times(group, geometry.inputsPerGroup), c])})`;
        const inputY = axes[0].inputIndex(writer, y, ky, conditions);
        const inputX = axes[1].inputIndex(writer, x, kx, conditions);
        return { position: positionOf([n, channel, inputY, inputX], view.strides, view.offset), conditions };
      };
    },
  };
}

/**
 * Sums for a block of output channels (rows) and output positions (columns), in loops over filter rows, filter columns and
 * channels: what depends on fewer of these is computed outside the inner loops.
 */
function sumTaps(
  writer: Writer,
  kernel: ConvolutionKernel,
  geometry: ConvolutionGeometry,
  {
    batch,
    rows,
    columns,
  }: { readonly batch: string; readonly rows: readonly string[]; readonly columns: readonly string[] },
  block: BlockAccumulation,
): readonly Value[] {
  const [input, filter] = kernel.operands;
  const { axes, inputsPerGroup } = geometry;
  const [group, ...phase] = geometry.batchAt(writer, batch);
  const firstTaps = geometry.firstTaps(writer, phase);
  const outputs = columns.map((column) => geometry.outputAt(writer, phase, column));
  const filterStarts = rows.map((row) => filterStart(writer, kernel, geometry, group, row));
  const zero = writer.constant(valueTypeOf(kernel.output.dtype), 0);
  const firstChannel = times(group, inputsPerGroup);

  const sumOverTaps = (
    axis: 0 | 1,
    add: (totals: readonly Value[], k: string, conditions: readonly string[]) => void,
  ): readonly Value[] =>
    accumulateInRuns(writer, axes[axis].taps, {
      ...block,
      add: (totals, tap) => {
        const conditions: string[] = [];
        const k = axes[axis].filterIndex(writer, firstTaps[axis], tap, conditions);
        add(totals, k, conditions);
      },
    });
  /** For each column, where its patch's row `ky` starts, and whether there is one. */
  const patchRows = (ky: string, tapConditions: readonly string[]): { inside: Value; start: string }[] =>
    outputs.map(([n, y]) => {
      const conditions = [...tapConditions];
      const row = axes[0].inputIndex(writer, y, ky, conditions);
      const start = positionOf([n, firstChannel, row], input.view.strides.slice(0, 3), input.view.offset);
      return { inside: writer.all(conditions), start: writer.bindIndex(start) };
    });
  /** The terms of filter element (ky, kx), by channel. */
  const termsOf = (
    patchRows: readonly { inside: Value; start: string }[],
    ky: string,
    kx: string,
    conditionsY: readonly string[],
    conditionsX: readonly string[],
  ): ((c: string) => Terms) => {
    const pixels = patchRows.map(({ inside: insideY, start }, i) => {
      const conditions = [writer.isTrue(insideY), ...conditionsX];
      const column = axes[1].inputIndex(writer, outputs[i]![2], kx, conditions);
      const inside = writer.isTrue(writer.all(conditions));
      const position = plus([start, times(column, input.view.strides[3]!)]);
      return { inside, position: writer.bindIndex(writer.selectIndex(inside, position, '0')) };
    });
    const [, channelStride, rowStride, columnStride] = filter.view.strides as [number, number, number, number];
    const tapConditions = [...conditionsY, ...conditionsX];
    const hasTap = tapConditions.length === 0 ? undefined : writer.isTrue(writer.all(tapConditions));
    // Elsewhere element 0: what is beyond the filter may be NaN, which times 0 is NaN.
    const weights = filterStarts.map((start) => {
      const position = plus([start, times(ky, rowStride), times(kx, columnStride)]);
      return writer.bindIndex(hasTap === undefined ? position : writer.selectIndex(hasTap, position, '0'));
    });
    return (c) => ({
      left: weights.map((position) => writer.load(filter.slot, plus([position, times(c, channelStride)]))),
      right: pixels.map(({ inside, position }) => {
        const pixel = writer.load(input.slot, plus([position, times(c, input.view.strides[1]!)]));
        return writer.select(inside, pixel, zero);
      }),
    });
  };

  // Each filter row is summed separately; so are runs of channels where a row has many terms.
  const isShort = axes[1].taps * inputsPerGroup <= runLength;
  return sumOverTaps(0, (total, ky, conditionsY) => {
    const starts = patchRows(ky, conditionsY);
    const sumOfRow = sumOverTaps(1, (sum, kx, conditionsX) => {
      const terms = termsOf(starts, ky, kx, conditionsY, conditionsX);
      const add = (totals: readonly Value[], c: string): void => block.add(totals, terms(c));
      if (isShort) writer.loop(inputsPerGroup, (c) => add(sum, c));
      else block.merge(sum, accumulateInRuns(writer, inputsPerGroup, { ...block, add }));
    });
    block.merge(total, sumOfRow);
  });
}
