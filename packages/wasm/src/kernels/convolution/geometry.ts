import type { ConvolutionAttributes, Pair, Shape, Slot, View } from '@thetagrad/core/backend';
import type { Scratch, SlotAddress } from '../../command.ts';
import type { Epilogue } from '../../emit/epilogue.ts';

/** A tensor that a convolution reads, with any strides. */
export interface ConvolutionOperand {
  readonly slot: Slot | Scratch;
  readonly view: View;
}

/** A convolution in the general form of core's routine; pairs are for height and width. */
export interface Convolution extends Omit<ConvolutionAttributes, 'padAfter'> {
  /** [N, C, H, W] */
  readonly input: ConvolutionOperand;
  /** [O, C / groups, kh, kw] */
  readonly filter: ConvolutionOperand;
  /** [N, O, H′, W′], row-major. */
  readonly output: Slot;
  readonly shape: Shape;
  readonly epilogue?: Epilogue | undefined;
}

/**
 * Along one axis, the outputs that use the same filter elements. With dilated input most filter elements meet the zeros
 * between input elements; a phase leaves these out, which makes it a convolution of undilated input: output `first +
 * step · i` multiplies input coordinate `from + stride · i + tapStep · t` by filter element `tap + tapDistance · t`.
 */
export interface Phase {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly from: number;
  readonly stride: number;
  readonly tapStep: number;
  readonly tap: number;
  readonly tapDistance: number;
  /** The number of filter elements, possibly 0. */
  readonly taps: number;
}

export function phasesOf(convolution: Convolution, axis: 0 | 1): Phase[] {
  const stride = convolution.stride[axis];
  const padBefore = convolution.padBefore[axis];
  const dilation = convolution.inputDilation[axis];
  const filterDilation = convolution.filterDilation[axis];
  const outputs = convolution.shape[2 + axis]!;
  const extent = convolution.filter.view.shape[2 + axis]!;
  // The distance of filter elements that meet input elements: filterDilation · tapDistance is a multiple of dilation.
  const tapDistance = dilation / greatestCommonDivisor(dilation, filterDilation);
  const phases: Phase[] = [];
  for (let first = 0; first < Math.min(dilation, outputs); first++) {
    let tap = 0;
    while (tap < tapDistance && (first * stride - padBefore + tap * filterDilation) % dilation !== 0) tap++;
    phases.push({
      first,
      step: dilation,
      count: Math.ceil((outputs - first) / dilation),
      from: (first * stride - padBefore + tap * filterDilation) / dilation,
      stride,
      tapStep: (filterDilation * tapDistance) / dilation,
      tap,
      tapDistance,
      taps: tap === tapDistance ? 0 : Math.max(0, Math.ceil((extent - tap) / tapDistance)),
    });
  }
  return phases;
}

/** The range of input coordinates that phases use, the end excluded; [0, 0] if they use none. */
export function coordinateRange(phases: readonly Phase[]): Pair {
  const used = phases.filter(({ taps, count }) => taps > 0 && count > 0);
  if (used.length === 0) return [0, 0];
  const lastOf = ({ from, stride, count, tapStep, taps }: Phase): number =>
    from + stride * (count - 1) + tapStep * (taps - 1);
  return used.reduce<Pair>(
    ([first, end], phase) => [Math.min(first, phase.from), Math.max(end, lastOf(phase) + 1)],
    [Infinity, -Infinity],
  );
}

/** The largest number of taps of a phase. */
export function maxTaps(phases: readonly Phase[]): number {
  return phases.reduce((max, { taps }) => Math.max(max, taps), 0);
}

/** The addresses of the first elements of a pair of phases. */
export function startsOf(
  { input, filter, output, shape }: Convolution,
  y: Phase,
  x: Phase,
): Record<'input' | 'filter' | 'output', SlotAddress> {
  const at = ({ slot, view }: ConvolutionOperand, row: number, column: number): SlotAddress => ({
    slot,
    byteOffset: 4 * (view.offset + row * view.strides[2]! + column * view.strides[3]!),
  });
  return {
    input: at(input, y.from, x.from),
    filter: at(filter, y.tap, x.tap),
    output: { slot: output, byteOffset: 4 * (y.first * shape[3]! + x.first) },
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
