import type { Tensor } from '@thetagrad/core';
import {
  areNumbers,
  argumentError,
  at,
  checkBoolean,
  checkOptions,
  checkTensor,
  formatShape,
  toFloat,
  unknownValue,
} from '@thetagrad/core/backend';
import {
  antialiasTaps,
  applyTaps,
  areaTaps,
  type AxisResize,
  interpolateAxis,
  nearestIndices,
  repeatEach,
  takeAlong,
} from './taps.ts';

/** How {@link interpolate} computes elements between those that it is given. */
export type InterpolationMode = 'nearest' | 'nearestExact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';

/** Options of {@link interpolate}; either a size or a factor is needed. */
export interface InterpolateOptions {
  /** The lengths of the spatial axes of the result: one number for all, or one for each. */
  readonly size?: number | readonly number[];
  /** Factors of the lengths, of which the result has the whole part: one number for all, or one for each. */
  readonly scaleFactor?: number | readonly number[];
  /**
   * 'nearest' takes the element at ⌊i · length / size⌋, 'nearestExact' the nearest by centers, 'linear', 'bilinear' and
   * 'trilinear' are linear along one, two and three axes, 'bicubic' is cubic convolution along two, and 'area' averages the
   * elements that each of the result overlaps. Default: 'nearest'.
   */
  readonly mode?: InterpolationMode;
  /** Whether the centers of the outermost elements are aligned, instead of the edges; for linear and cubic modes. Default: false. */
  readonly alignCorners?: boolean;
  /** Whether to smooth what gets smaller, as Pillow does; for 'bilinear' and 'bicubic'. Default: false. */
  readonly antialias?: boolean;
}

/** The number of spatial axes of modes that have one. */
const rankOf: Partial<Record<InterpolationMode, number>> = { linear: 1, bilinear: 2, bicubic: 2, trilinear: 3 };

const modes: readonly InterpolationMode[] = [
  'nearest',
  'nearestExact',
  'linear',
  'bilinear',
  'trilinear',
  'bicubic',
  'area',
];

/**
 * Resizes the spatial axes of [N, C, L], [N, C, H, W] or [N, C, D, H, W] (PyTorch's `interpolate`). The nearest modes keep the
 * dtype; in others int32 and bool become float32. With a factor, positions are those of the factor, also where the size is
 * rounded.
 * @throws {TypeError} if x is not a tensor, or an option is unknown or of the wrong kind.
 * @throws {RangeError} if x has another rank or an empty axis, the mode is one of another rank, or a size or factor is out of
 *   range.
 * @example
 * interpolate(tensor([[[1, 2]]]), { scaleFactor: 2 }); // tensor([[[1, 1, 2, 2]]])
 * interpolate(tensor([[[1, 2]]]), { size: 3, mode: 'linear', alignCorners: true }); // tensor([[[1.0, 1.5, 2.0]]])
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkTensor('interpolate', x);
  checkOptions('interpolate', options, ['size', 'scaleFactor', 'mode', 'alignCorners', 'antialias']);
  const { mode = 'nearest', alignCorners = false, antialias = false } = options;
  if (!modes.includes(mode)) {
    throw unknownValue('interpolate', 'mode', mode, modes.map((name) => `'${name}'`).join(', '));
  }
  checkBoolean('interpolate', 'alignCorners', alignCorners);
  checkBoolean('interpolate', 'antialias', antialias);
  const rank = x.ndim - 2;
  if (rank < 1 || rank > 3) {
    throw new RangeError(
      `interpolate: expected [N, C, L], [N, C, H, W] or [N, C, D, H, W], got ${formatShape(x.shape)}`,
    );
  }
  const modeRank = rankOf[mode];
  if (modeRank !== undefined && modeRank !== rank) {
    throw new RangeError(
      `interpolate: mode '${mode}' is for ${modeRank} spatial axes, but ${formatShape(x.shape)} has ${rank}; use ` +
        `'${['linear', 'bilinear', 'trilinear'][rank - 1]}'`,
    );
  }
  if (alignCorners && modeRank === undefined) {
    throw new RangeError(`interpolate: alignCorners is for linear and cubic modes, not for '${mode}'`);
  }
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic') {
    throw new RangeError(`interpolate: antialias is for 'bilinear' and 'bicubic', not for '${mode}'`);
  }
  const resizes = parseResizes(x, rank, options, alignCorners);
  const isNearest = mode === 'nearest' || mode === 'nearestExact';
  const images = isNearest ? x : x.astype(toFloat(x.dtype));
  const nearest = resizes.map((resize) => (isNearest ? nearestIndices(resize, mode === 'nearestExact') : []));
  const repeated = isNearest ? repeatEach(images, 2, nearest) : undefined;
  if (repeated) return repeated;
  // Axes that get smaller come first, and the last axis before others.
  const order = resizes
    .map((resize, axis) => ({ resize, axis: 2 + axis, growth: resize.size / resize.length }))
    .sort((a, b) => a.growth - b.growth || b.axis - a.axis);
  return order.reduce((result, { resize, axis }) => {
    if (isNearest) return takeAlong(result, axis, nearest[axis - 2] ?? []);
    if (mode === 'area') return applyTaps(result, axis, areaTaps(resize));
    if (antialias) return applyTaps(result, axis, antialiasTaps(resize, mode === 'bicubic' ? 'cubic' : 'linear'));
    return interpolateAxis(result, axis, resize, mode === 'bicubic' ? 'cubic' : 'linear');
  }, images);
}

function parseResizes(
  x: Tensor,
  rank: number,
  { size, scaleFactor }: InterpolateOptions,
  alignCorners: boolean,
): AxisResize[] {
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new TypeError('interpolate: give either a size or a scaleFactor');
  }
  const lengths = x.shape.slice(2);
  if (lengths.includes(0)) throw new RangeError(`interpolate: ${formatShape(x.shape)} has an empty axis`);
  if (size !== undefined) {
    const sizes = parseEach('size', size, rank, 'an integer ≥ 1', (value) => Number.isInteger(value) && value >= 1);
    return lengths.map((length, axis) => ({
      length,
      size: at(sizes, axis),
      ratio: length / at(sizes, axis),
      alignCorners,
    }));
  }
  const factors = parseEach('scaleFactor', scaleFactor, rank, 'a number > 0', (value) => value > 0 && value < Infinity);
  return lengths.map((length, axis) => {
    const factor = at(factors, axis);
    const size = Math.floor(length * factor);
    if (size < 1) {
      throw argumentError('interpolate', 'scaleFactor', `large enough for an element of ${length}`, scaleFactor, true);
    }
    return { length, size, ratio: 1 / factor, alignCorners };
  });
}

function parseEach(
  name: string,
  value: unknown,
  rank: number,
  what: string,
  isValid: (value: number) => boolean,
): readonly number[] {
  const values: unknown = typeof value === 'number' ? Array.from({ length: rank }, () => value) : value;
  if (areNumbers(values) && values.length === rank && values.every(isValid)) return values;
  throw argumentError(
    'interpolate',
    name,
    `${what} or an array of ${rank}, one for each axis`,
    value,
    areNumbers(values),
  );
}
