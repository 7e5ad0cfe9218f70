// Short-time Fourier transforms.
import { concat, ones, vjp, where, zeros, type Tensor } from '@thetagrad/core';
import {
  checkBoolean,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  last,
  toFloat,
  unknownValue,
} from '@thetagrad/core/backend';
import { fromPlanar, inverseRealAxis, resize, toPlanar, toReal, transformRealAxis } from './axes.ts';
import { halfLength } from './transform.ts';

export interface StftOptions {
  /** The step from frame to frame. Default: a quarter of the size, rounded down, at least 1. */
  readonly hopLength?: number;
  /** What frames are multiplied by, up to `size` elements; a shorter one is in the middle of zeros. Default: ones. */
  readonly window?: Tensor;
  /** Whether frame i is centered at element i · hopLength, of a signal that is padded at both ends. Default: true. */
  readonly center?: boolean;
  /** Whether spectra are divided by √size. Default: false. */
  readonly normalized?: boolean;
}

/** Of {@link stft} alone. */
export interface StftPadding {
  /** How a signal is padded that `center` asks for. Default: 'reflect'. */
  readonly padMode?: 'reflect' | 'constant';
}

/** Of {@link istft} alone. */
export interface IstftLength {
  /** The length of the signal, which is cut or padded with zeros. Default: as far as whole frames reach. */
  readonly length?: number;
}

/**
 * The short-time Fourier transform along the last axis (PyTorch's `stft`): the spectra of overlapping frames.
 * @param x real, […shape, length]. int32 and bool become float32.
 * @param size the length of a frame.
 * @returns complex, […shape, ⌊size/2⌋ + 1, frames, 2].
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, the size or the step is not an integer ≥ 1, the window does not have from 1 to `size`
 *   elements, or the signal is shorter than a frame, or too short to be reflected.
 * @example
 * stft(ones([100]), 16, { hopLength: 4 }).shape; // [9, 26, 2]
 */
export function stft(x: Tensor, size: number, options: StftOptions & StftPadding = {}): Tensor {
  const signal = toReal('stft', x);
  checkOptions('stft', options, ['hopLength', 'window', 'center', 'normalized', 'padMode']);
  const { hopLength, window, center, normalized } = resolve('stft', size, options, signal);
  const { padMode = 'reflect' } = options;
  if (padMode !== 'reflect' && padMode !== 'constant') {
    throw unknownValue('stft', 'padMode', padMode, "'reflect' or 'constant'");
  }
  const padded = center ? padEnds(signal, Math.floor(size / 2), padMode) : signal;
  if (last(padded.shape) < size) {
    throw new RangeError(`stft: a signal of ${last(padded.shape)} elements is shorter than a frame of ${size}`);
  }
  const frames = padded.unfold(-1, size, hopLength).mul(window);
  return fromPlanar(transformRealAxis(frames, frames.ndim - 1, normalized ? 1 / Math.sqrt(size) : 1).transpose());
}

interface Resolved {
  readonly hopLength: number;
  readonly window: Tensor;
  readonly center: boolean;
  readonly normalized: boolean;
}

function resolve(operation: string, size: number, options: StftOptions, signal: Tensor): Resolved {
  checkInteger(operation, 'size', size, { min: 1 });
  const { hopLength = Math.max(1, Math.floor(size / 4)), center = true, normalized = false } = options;
  checkBoolean(operation, 'center', center);
  checkBoolean(operation, 'normalized', normalized);
  checkInteger(operation, 'hopLength', hopLength, { min: 1 });
  const { window = ones([size], { dtype: signal.dtype }) } = options;
  checkTensor(`${operation}: the window`, window);
  if (window.ndim !== 1 || window.size < 1 || window.size > size) {
    throw new RangeError(
      `${operation}: the window must be a vector of 1 to ${size} elements, got shape ${formatShape(window.shape)}`,
    );
  }
  const before = Math.floor((size - window.size) / 2);
  const padded = window.astype(toFloat(window.dtype)).pad([[before, size - window.size - before]]);
  return { hopLength, window: padded, center, normalized };
}

/** Pads the last axis at both ends. */
function padEnds(x: Tensor, count: number, mode: 'reflect' | 'constant'): Tensor {
  const batch = x.shape.slice(0, -1);
  if (mode === 'constant') return x.pad([...batch.map(() => [0, 0] as const), [count, count]]);
  const length = last(x.shape);
  if (length <= count) {
    throw new RangeError(
      `stft: a signal of ${length} elements is too short to be reflected by ${count}; use { padMode: 'constant' } or { center: false }`,
    );
  }
  const part = (from: number, to: number): Tensor => x.slice([...batch.map(() => null), [from, to]]).flip(-1);
  return concat([part(1, count + 1), x, part(length - 1 - count, length - 1)], -1);
}

/**
 * The inverse of {@link stft} with the same options (PyTorch's `istft`): the signal whose frames are nearest to the given ones
 * by least squares (Griffin and Lim 1984). Where the windows are 0, the signal is 0.
 * @param z complex, […shape, ⌊size/2⌋ + 1, frames, 2].
 * @param size the length of a frame.
 * @returns real, […shape, length].
 * @throws {TypeError} if z is not a tensor, or an option is invalid.
 * @throws {RangeError} if z does not have the shape of such spectra, with at least one frame, the size, step or length is not
 *   an integer ≥ 1, or the window does not have from 1 to `size` elements.
 * @example
 * istft(stft(tensor([1, 2, 3, 4]), 4), 4); // tensor([1, 2, 3, 4])
 */
export function istft(z: Tensor, size: number, options: StftOptions & IstftLength = {}): Tensor {
  const spectrum = toPlanar('istft', z, 2);
  checkOptions('istft', options, ['hopLength', 'window', 'center', 'normalized', 'length']);
  const { hopLength, window, center, normalized } = resolve('istft', size, options, spectrum);
  const [half, count] = spectrum.shape.slice(-2) as [number, number];
  if (half !== halfLength(size) || count === 0) {
    throw new RangeError(
      `istft: frames of ${size} elements have ${halfLength(size)} coefficients, got ${half}, of ${count} frames, in shape ${formatShape(z.shape)}`,
    );
  }
  const rank = z.ndim - 1;
  const frames = inverseRealAxis(spectrum.transpose(), rank - 1, size, (normalized ? Math.sqrt(size) : 1) / size);
  const total = (count - 1) * hopLength + size;
  const sums = overlapAdd(frames.mul(window), total, hopLength);
  const weights = overlapAdd(window.square().broadcastTo([count, size]), total, hopLength);
  const isCovered = weights.greater(1e-11);
  const signal = where(isCovered, sums.div(where(isCovered, weights, 1)), 0);
  const start = center ? Math.floor(size / 2) : 0;
  const end = center && options.length === undefined ? total - start : total;
  const kept = signal.slice([...Array.from({ length: rank - 2 }, () => null), [start, end]]);
  if (options.length === undefined) return kept;
  checkInteger('istft', 'length', options.length, { min: 1 });
  return resize(kept, kept.ndim - 1, options.length);
}

/** Adds frames, […shape, frames, size], into signals of a length: the transpose of `unfold`. */
function overlapAdd(frames: Tensor, length: number, hopLength: number): Tensor {
  const [size, batch] = [last(frames.shape), frames.shape.slice(0, -2)];
  const signal = zeros([...batch, length], { dtype: frames.dtype });
  const { pullback } = vjp((x: Tensor) => x.unfold(-1, size, hopLength), signal);
  const [sums] = pullback(frames);
  return sums;
}
