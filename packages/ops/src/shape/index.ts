// Operations on shapes, and tensors made of a few numbers.
export { diag, diagEmbed, diagflat, diagonal, trace, type DiagonalOptions } from './diagonal.ts';
export { cartesianProd, combinations, fromfunction, indices, meshgrid } from './grid.ts';
export {
  atleast1d,
  atleast2d,
  atleast3d,
  block,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  columnStack,
  dstack,
  hstack,
  vstack,
  type Blocks,
} from './join.ts';
export { pad, type PadMode, type PadOptions, type PadWidth } from './pad.ts';
export { fliplr, flipud, moveaxis, repeat, roll, rot90, tile, unflatten } from './rearrange.ts';
export { fullLike, geomspace, logspace, vander } from './sequences.ts';
export { chunk, dsplit, hsplit, narrow, splitWithSizes, tensorSplit, unstack, vsplit } from './split.ts';
export {
  tri,
  tril,
  trilIndices,
  triu,
  triuIndices,
  type TriangleIndicesOptions,
  type TriangleOptions,
} from './triangle.ts';
export { bartlett, blackman, hamming, hanning, kaiser, type WindowOptions } from './windows.ts';
