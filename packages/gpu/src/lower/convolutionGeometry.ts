import { rowMajorStrides, type RoutineKernel } from '@thetagrad/core/backend';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, type Writer } from '../code/writer.ts';
import { ConvolutionAxis } from './phases.ts';

/** Maps batches, rows, columns and depth of a matrix product to the elements of a convolution. */
export class ConvolutionGeometry {
  readonly axes: readonly [ConvolutionAxis, ConvolutionAxis];
  readonly inputsPerGroup: number;
  readonly outputsPerGroup: number;
  /** Batches: groups, and phases of the rows and columns of outputs. */
  readonly batches: readonly [number, number, number];
  /** Columns: images, and rows and columns of the outputs of a phase. */
  readonly positions: readonly [number, number, number];
  /** Depth: channels of a group, and filter rows and columns that meet input elements. */
  readonly taps: readonly [number, number, number];

  constructor({ operands: [input, filter], attributes, shape }: RoutineKernel<'convolution'>) {
    const [images, outputs, height, width] = shape as [number, number, number, number];
    const [, inputsPerGroup, filterHeight, filterWidth] = filter.view.shape as [number, number, number, number];
    const [, , inputHeight, inputWidth] = input.view.shape as [number, number, number, number];
    const [y, x] = [
      new ConvolutionAxis(attributes, 0, filterHeight, inputHeight),
      new ConvolutionAxis(attributes, 1, filterWidth, inputWidth),
    ];
    this.axes = [y, x];
    this.inputsPerGroup = inputsPerGroup;
    this.outputsPerGroup = outputs / attributes.groups;
    this.batches = [attributes.groups, y.step, x.step];
    this.positions = [images, Math.ceil(height / y.step), Math.ceil(width / x.step)];
    this.taps = [inputsPerGroup, y.taps, x.taps];
  }

  get hasPhases(): boolean {
    return this.axes.some(({ step }) => step > 1);
  }

  /** The group of a batch, and its phase: the first output row and column. */
  batchAt(writer: Writer, batch: string): [group: string, phaseY: string, phaseX: string] {
    return coordinatesOf(writer, batch, this.batches) as [string, string, string];
  }

  /** The image, row and column of an output. */
  outputAt(writer: Writer, [phaseY, phaseX]: readonly [string, string], column: string): [string, string, string] {
    const [n, y, x] = coordinatesOf(writer, column, this.positions) as [string, string, string];
    const [axisY, axisX] = this.axes;
    return [
      n,
      writer.bindIndex(plus([times(y, axisY.step), phaseY])),
      writer.bindIndex(plus([times(x, axisX.step), phaseX])),
    ];
  }

  /** The batch, row and column of the output at some coordinates. */
  find(writer: Writer, coordinates: readonly string[]): [batch: string, row: string, column: string] {
    const [n, o, y, x] = coordinates as [string, string, string, string];
    const [{ step: stepY }, { step: stepX }] = this.axes;
    const group = writer.quotient(o, this.outputsPerGroup);
    const phase = [group, writer.remainder(y, stepY), writer.remainder(x, stepX)];
    const position = [n, writer.quotient(y, stepY), writer.quotient(x, stepX)];
    return [
      writer.bindIndex(positionOf(phase, rowMajorStrides(this.batches))),
      writer.bindIndex(writer.remainder(o, this.outputsPerGroup)),
      writer.bindIndex(positionOf(position, rowMajorStrides(this.positions))),
    ];
  }

  /** The filter row and column with which the taps of a phase begin. */
  firstTaps(writer: Writer, [phaseY, phaseX]: readonly [string, string]): [string, string] {
    return [this.axes[0].firstTap(writer, phaseY), this.axes[1].firstTap(writer, phaseX)];
  }

  /** The channel, row and column of a filter element, by its number along the depth. */
  tapAt(
    writer: Writer,
    firstTaps: readonly [string, string],
    k: string,
    conditions: string[],
  ): [channel: string, row: string, column: string] {
    const [c, tapY, tapX] = coordinatesOf(writer, k, this.taps) as [string, string, string];
    const ky = this.axes[0].filterIndex(writer, firstTaps[0], tapY, conditions);
    return [c, ky, this.axes[1].filterIndex(writer, firstTaps[1], tapX, conditions)];
  }
}
