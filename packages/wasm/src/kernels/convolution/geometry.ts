import type { Slot, View } from '@thetagrad/core/backend';
import type { Temporary, Word } from '../../command.ts';
import type { Tail } from '../../emit/epilogue.ts';

type Place = Slot | Temporary;
type Pair = readonly [number, number];

/** A convolution in the general form of the primitive; pairs are for height and width. */
export interface ConvolutionDescription {
  /** [N, C, H, W], strides may be anything. */
  readonly images: { readonly place: Place; readonly view: View };
  /** [O, C / groups, kh, kw] */
  readonly kernels: { readonly place: Place; readonly view: View };
  /** [N, O, H′, W′], row-major. */
  readonly output: Place;
  readonly shape: readonly number[];
  readonly stride: Pair;
  readonly low: Pair;
  readonly inputDilation: Pair;
  readonly filterDilation: Pair;
  readonly groups: number;
  readonly tail?: Tail;
}

/**
 * Along one axis, the outputs that meet the same kernel elements. With dilated input most kernel elements meet only the
 * zeros between input elements; a phase leaves these out, which makes it a convolution of undilated input: output
 * `first + step · i` meets input coordinate `from + stride · i + tapStep · t` with kernel element `tap + tapDistance · t`.
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
  /** How many kernel elements, perhaps none. */
  readonly taps: number;
}

export function phasesOf(description: ConvolutionDescription, axis: 0 | 1): Phase[] {
  const stride = description.stride[axis];
  const low = description.low[axis];
  const dilation = description.inputDilation[axis];
  const filterDilation = description.filterDilation[axis];
  const outputs = description.shape[2 + axis]!;
  const extent = description.kernels.view.shape[2 + axis]!;
  // Kernel elements that meet input elements are this far apart: filterDilation · tapDistance is a multiple of dilation.
  const tapDistance = dilation / greatestCommonDivisor(dilation, filterDilation);
  const phases: Phase[] = [];
  for (let first = 0; first < Math.min(dilation, outputs); first++) {
    let tap = 0;
    while (tap < tapDistance && (first * stride - low + tap * filterDilation) % dilation !== 0) tap++;
    phases.push({
      first,
      step: dilation,
      count: Math.ceil((outputs - first) / dilation),
      from: (first * stride - low + tap * filterDilation) / dilation,
      stride,
      tapStep: (filterDilation * tapDistance) / dilation,
      tap,
      tapDistance,
      taps: tap === tapDistance ? 0 : Math.max(0, Math.ceil((extent - tap) / tapDistance)),
    });
  }
  return phases;
}

/** The input coordinates that phases use, from the first to behind the last; none are [0, 0]. */
export function coordinates(phases: readonly Phase[]): Pair {
  const used = phases.filter(({ taps, count }) => taps > 0 && count > 0);
  if (used.length === 0) return [0, 0];
  const first = Math.min(...used.map(({ from }) => from));
  const last = Math.max(
    ...used.map(({ from, stride, count, tapStep, taps }) => from + stride * (count - 1) + tapStep * (taps - 1)),
  );
  return [first, last + 1];
}

/** Where a pair of phases begins in images, kernels and output, of float32. */
export function startsOf(
  { images, kernels, output, shape }: ConvolutionDescription,
  y: Phase,
  x: Phase,
): Record<'images' | 'kernels' | 'output', Word> {
  const at = ({ place, view }: ConvolutionDescription['images'], row: number, column: number): Word => ({
    place,
    byteOffset: 4 * (view.offset + row * view.strides[2]! + column * view.strides[3]!),
  });
  return {
    images: at(images, y.from, x.from),
    kernels: at(kernels, y.tap, x.tap),
    output: { place: output, byteOffset: 4 * (y.first * shape[3]! + x.first) },
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
