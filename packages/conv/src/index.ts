export { conv1d, conv3d, type ConvOptions } from './convolution/convolution.ts';
export {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
} from './convolution/transposed.ts';
export { localResponseNorm, type LocalResponseNormOptions } from './normalization.ts';
export { col2im, type Col2imOptions, im2col, type PatchOptions } from './patches.ts';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2d,
  adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3d,
  adaptiveMaxPool3dWithIndices,
  type OutputSize,
} from './pooling/adaptivePooling.ts';
export { avgPool1d, avgPool2d, avgPool3d, type AvgPoolOptions } from './pooling/avgPooling.ts';
export {
  fractionalMaxPool2d,
  fractionalMaxPool2dWithIndices,
  fractionalMaxPool3d,
  fractionalMaxPool3dWithIndices,
  type FractionalMaxPoolOptions,
} from './pooling/fractionalPooling.ts';
export { lpPool1d, lpPool2d, lpPool3d, type LpPoolOptions } from './pooling/lpPooling.ts';
export {
  type MaxPool,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
  type MaxPoolOptions,
} from './pooling/maxPooling.ts';
export { maxUnpool1d, maxUnpool2d, maxUnpool3d, type MaxUnpoolOptions } from './pooling/unpooling.ts';
export type { PoolOptions } from './pooling/windows.ts';
export type { Padding, Size } from './windows.ts';
