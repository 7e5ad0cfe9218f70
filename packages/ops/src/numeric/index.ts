// Convolution, polynomials, parts of numbers, choosing and resizing.
export { histogramBinEdges, type BinRule, type HistogramBinEdgesOptions } from './binEdges.ts';
export { choose, piecewise, select, type ChooseOptions } from './conditions.ts';
export { convolve, correlate, type ConvolveMode, type ConvolveOptions } from './convolve.ts';
export { divmod, modf, spacing } from './parts.ts';
export {
  poly,
  polyadd,
  polyder,
  polydiv,
  polyfit,
  polyint,
  polymul,
  polysub,
  polyval,
  type PolyfitOptions,
  type PolyintOptions,
} from './polynomials.ts';
export {
  compress,
  diagIndices,
  fillDiagonal,
  insert,
  resize,
  trimZeros,
  type FillDiagonalOptions,
  type TrimZerosOptions,
} from './selection.ts';
