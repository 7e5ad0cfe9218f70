export type { Norm } from './axes.ts';
export { angle, complex, complexAbs, complexMul, conj, imag, polar, real } from './complex.ts';
export { fftconvolve, type FftconvolveOptions } from './convolve.ts';
export { dct, idct, type DctOptions } from './dct.ts';
export { fft, hfft, ifft, ihfft, irfft, rfft, type FftOptions } from './fft.ts';
export {
  fft2,
  fftn,
  hfft2,
  hfftn,
  ifft2,
  ifftn,
  ihfft2,
  ihfftn,
  irfft2,
  irfftn,
  rfft2,
  rfftn,
  type FftnOptions,
} from './fftn.ts';
export { fftfreq, fftshift, ifftshift, nextFastLen, rfftfreq } from './helpers.ts';
export { istft, stft, type IstftLength, type StftOptions, type StftPadding } from './stft.ts';
