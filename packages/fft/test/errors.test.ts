import { ones, tensor } from '@thetagrad/core';
import { expect, test } from 'vitest';
import * as fft from '../src/index.ts';

const wrong = <T>(value: unknown): T => value as T;
const [x, z, s] = [ones([2, 3]), ones([2, 3, 2]), tensor(1)];

test.each<[() => unknown, string]>([
  [() => fft.fft(wrong([1])), 'TypeError: fft: expected a tensor, got Array; make a tensor of it with tensor(…)'],
  [
    () => fft.fft(x),
    'RangeError: fft: expected a complex tensor of rank 1 or more, with real and imaginary parts in a last axis of size 2, ' +
      'got shape [2, 3]; complex(x) makes one of real numbers',
  ],
  [() => fft.ifft(ones([2])), 'RangeError: ifft: expected a complex tensor of rank 1 or more'],
  [() => fft.fft(z, 2), 'RangeError: fft: axis 2 is out of range for a tensor of rank 2; use -2 to 1'],
  [() => fft.fft(z, wrong({})), 'TypeError: fft: axis must be an integer, got {}'],
  [() => fft.fft(z, 0, { n: 0 }), 'RangeError: fft: the length of a transform must be an integer ≥ 1, got 0'],
  [() => fft.fft(z, 0, { n: wrong('2') }), "TypeError: fft: the length of a transform must be an integer ≥ 1, got '2'"],
  [() => fft.fft(ones([0, 2])), 'RangeError: fft: a transformed axis must not be empty; set its length'],
  [() => fft.fft(z, 0, wrong({ length: 2 })), "TypeError: fft: unknown option 'length'; expected n, norm"],
  [
    () => fft.ifft(z, 0, { norm: wrong('unitary') }),
    "TypeError: ifft: norm must be 'backward', 'ortho' or 'forward', got 'unitary'",
  ],
  [() => fft.rfft(s), 'RangeError: rfft: expected a tensor of rank 1 or more, got a scalar'],
  [() => fft.rfft(ones([2, 0])), 'RangeError: rfft: a transformed axis must not be empty; set its length'],
  [() => fft.irfft(ones([1, 2])), 'RangeError: irfft: a transformed axis must not be empty; set its length'],
  [() => fft.irfft(x), 'RangeError: irfft: expected a complex tensor'],
  [() => fft.hfft(x), 'RangeError: hfft: expected a complex tensor'],
  [() => fft.ihfft(x, 2), 'RangeError: ihfft: axis 2 is out of range'],
  [() => fft.fft2(z, [0]), 'RangeError: fft2: axes must be an array of two axes, got [0]'],
  [() => fft.ifft2(z, wrong(0)), 'TypeError: ifft2: axes must be an array of two axes, got 0'],
  [() => fft.rfft2(ones([3])), 'RangeError: rfft2: axis -2 is out of range for a tensor of rank 1; use -1 to 0'],
  [() => fft.irfft2(z, [0, -2]), 'RangeError: irfft2: axes must be distinct, and at least one, got [0, -2]'],
  [() => fft.fftn(z, []), 'RangeError: fftn: axes must be distinct, and at least one, got []'],
  [() => fft.ifftn(z, [0, 1], { s: [2] }), 'RangeError: ifftn: s must be 2 lengths, one for each axis, got [2]'],
  [() => fft.rfftn(x, undefined, { s: [2, 0] }), 'RangeError: rfftn: the length of a transform must be an integer ≥ 1'],
  [() => fft.irfftn(z, wrong(1)), 'TypeError: irfftn: axes must be an array of axes, got 1'],
  [() => fft.fftn(z, undefined, { s: wrong(2) }), 'TypeError: fftn: s must be an array of lengths, got 2'],
  [() => fft.fftn(z, [0], wrong({ n: 2 })), "TypeError: fftn: unknown option 'n'; expected s, norm"],
  [() => fft.complex(x, ones([2])), 'RangeError: complex: shapes [2, 3] and [2] do not broadcast'],
  [() => fft.complex(wrong(1)), 'TypeError: complex: expected a tensor, got 1'],
  [() => fft.polar(x, ones([2])), 'RangeError: polar: shapes [2, 3] and [2] do not broadcast'],
  [() => fft.hfft2(x), 'RangeError: hfft2: expected a complex tensor'],
  [() => fft.ihfft2(x, [0, 0]), 'RangeError: ihfft2: axes must be distinct, and at least one, got [0, 0]'],
  [() => fft.hfftn(z, [2]), 'RangeError: hfftn: axis 2 is out of range'],
  [() => fft.ihfftn(s), 'RangeError: ihfftn: expected a tensor of rank 1 or more, got a scalar'],
  [() => fft.real(x), 'RangeError: real: expected a complex tensor of rank 0 or more'],
  [() => fft.imag(x), 'RangeError: imag: expected a complex tensor'],
  [() => fft.conj(s), 'RangeError: conj: expected a complex tensor'],
  [() => fft.angle(x), 'RangeError: angle: expected a complex tensor'],
  [() => fft.complexAbs(x), 'RangeError: complexAbs: expected a complex tensor'],
  [() => fft.complexMul(z, ones([2, 2])), 'RangeError: complexMul: shapes [2, 3] and [2] do not broadcast'],
  [() => fft.fftconvolve(x, ones([3])), 'RangeError: fftconvolve: operands must have the same rank, got shapes [2, 3]'],
  [() => fft.fftconvolve(x, x, { axes: [0, 0] }), 'RangeError: fftconvolve: axes must be distinct, got [0, 0]'],
  [() => fft.fftconvolve(x, x, { axes: [] }), 'RangeError: fftconvolve: axes must be at least one, got []'],
  [() => fft.fftconvolve(x, ones([3, 3]), { axes: 1 }), 'RangeError: fftconvolve: shapes [2, 1] and [3, 1] do not'],
  [() => fft.fftconvolve(x, ones([2, 0])), 'RangeError: fftconvolve: convolved axes must not be empty, got shapes'],
  [
    () => fft.fftconvolve(x, ones([1, 4]), { mode: 'valid' }),
    "RangeError: fftconvolve: for mode 'valid' one operand must be at least as long as the other along all axes, got " +
      'lengths [2, 3] and [1, 4]',
  ],
  [
    () => fft.fftconvolve(x, x, { mode: wrong('half') }),
    "TypeError: fftconvolve: unknown mode 'half'; expected 'full', 'same' or 'valid'",
  ],
  [() => fft.fftfreq(0), 'RangeError: fftfreq: n must be an integer ≥ 1, got 0'],
  [() => fft.rfftfreq(4, 0), 'RangeError: rfftfreq: d must be a finite number other than 0, got 0'],
  [() => fft.fftfreq(4, 1, wrong({ d: 1 })), "TypeError: fftfreq: unknown option 'd'; expected dtype"],
  [() => fft.fftshift(x, -1), 'RangeError: fftshift: axes must be an integer ≥ 0 or an array of them, got -1'],
  [() => fft.ifftshift(x, 2), 'RangeError: ifftshift: axis 2 is out of range'],
  [() => fft.fftshift(x, wrong(undefined)), 'TypeError: fftshift: axes must be an integer ≥ 0 or an array of them'],
  [() => fft.dct(s), 'RangeError: dct: expected a tensor of rank 1 or more, got a scalar'],
  [() => fft.idct(x, 2), 'RangeError: idct: axis 2 is out of range'],
  [() => fft.dct(x, 0, { type: wrong(4) }), 'RangeError: dct: type must be 2 or 3, got 4'],
  [
    () => fft.dct(x, 0, { norm: wrong(null) }),
    "TypeError: dct: norm must be 'backward', 'ortho' or 'forward', got null",
  ],
  [() => fft.stft(x, 0), 'RangeError: stft: size must be an integer ≥ 1, got 0'],
  [() => fft.stft(x, 2, { hopLength: 0 }), 'RangeError: stft: hopLength must be an integer ≥ 1, got 0'],
  [
    () => fft.stft(x, 2, { window: x }),
    'RangeError: stft: the window must be a vector of 1 to 2 elements, got shape [2, 3]',
  ],
  [() => fft.stft(x, 2, { window: wrong('hann') }), "TypeError: stft: the window: expected a tensor, got 'hann'"],
  [() => fft.stft(x, 4, { center: false }), 'RangeError: stft: a signal of 3 elements is shorter than a frame of 4'],
  [
    () => fft.stft(x, 8),
    "RangeError: stft: a signal of 3 elements is too short to be reflected by 4; use { padMode: 'constant' }",
  ],
  [() => fft.stft(x, 2, { padMode: wrong('edge') }), "TypeError: stft: unknown padMode 'edge'; expected 'reflect' or"],
  [() => fft.istft(x, 2), 'RangeError: istft: expected a complex tensor of rank 2 or more'],
  [
    () => fft.istft(z, 4),
    'RangeError: istft: frames of 4 elements have 3 coefficients, got 2, of 3 frames, in shape [2, 3, 2]',
  ],
  [() => fft.istft(z, 3, { length: 0 }), 'RangeError: istft: length must be an integer ≥ 1, got 0'],
  [
    () => fft.istft(z, 3, wrong({ padMode: 'reflect' })),
    "TypeError: istft: unknown option 'padMode'; expected hopLength",
  ],
  [() => fft.nextFastLen(0.5), 'RangeError: nextFastLen: n must be an integer ≥ 1, got 0.5'],
])('a bad call is an error that says so: %#', (call, message) => {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(String(thrown).slice(0, message.length)).toBe(message);
});
