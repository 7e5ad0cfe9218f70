// What PyTorch 1.13 gives for inputs 2 sin(1.3 i + 0.7) and variables 0.5 cos(1.1 i + 0.3 + k), where i counts elements and k the entries of
// the state dict.
import type { Shape } from '@thetagrad/core';
import * as nn from '@thetagrad/nn';

/** A layer in evaluation, its inputs' shapes, its output's shape and values, and its state dict's names and shapes in PyTorch. */
export interface Sample {
  readonly make: () => nn.AnyModule;
  readonly inputs: readonly Shape[];
  readonly shape: Shape;
  readonly values: readonly number[];
  readonly state?: Readonly<Record<string, Shape>>;
}

const float64 = { dtype: 'float64' } as const;

export const samples: Record<string, Sample> = {
  'ReLU6()': { make: () => new nn.ReLU6(), inputs: [[6]], shape: [6], values: [1.28844, 1.81859, 0, 0, 0, 1.58734] },
  'RReLU()': {
    make: () => new nn.RReLU(),
    inputs: [[6]],
    shape: [6],
    values: [1.28844, 1.81859, -0.0723001, -0.455442, -0.17136, 1.58734],
  },
  'SELU()': {
    make: () => new nn.SELU(),
    inputs: [[6]],
    shape: [6],
    values: [1.35376, 1.9108, -0.475688, -1.51715, -0.925764, 1.66782],
  },
  'Hardsigmoid()': {
    make: () => new nn.Hardsigmoid(),
    inputs: [[6]],
    shape: [6],
    values: [0.714739, 0.803099, 0.447418, 0.16877, 0.375374, 0.764556],
  },
  'Mish()': {
    make: () => new nn.Mish(),
    inputs: [[6]],
    shape: [6],
    values: [1.17345, 1.74907, -0.157387, -0.253866, -0.276132, 1.49841],
  },
  'Hardswish()': {
    make: () => new nn.Hardswish(),
    inputs: [[6]],
    shape: [6],
    values: [0.920895, 1.46051, -0.141157, -0.33541, -0.280687, 1.21361],
  },
  'LogSigmoid()': {
    make: () => new nn.LogSigmoid(),
    inputs: [[6]],
    shape: [6],
    values: [-0.243496, -0.150361, -0.863283, -2.11582, -1.13535, -0.186039],
  },
  'Softsign()': {
    make: () => new nn.Softsign(),
    inputs: [[6]],
    shape: [6],
    values: [0.56302, 0.645213, -0.239828, -0.665259, -0.427837, 0.613502],
  },
  'Tanhshrink()': {
    make: () => new nn.Tanhshrink(),
    inputs: [[6]],
    shape: [6],
    values: [0.429719, 0.869897, -0.0100668, -1.02426, -0.113947, 0.667596],
  },
  'GLU()': { make: () => new nn.GLU(), inputs: [[6]], shape: [3], values: [0.1553, 0.584335, -0.261934] },
  'Hardshrink()': {
    make: () => new nn.Hardshrink(),
    inputs: [[6]],
    shape: [6],
    values: [1.28844, 1.81859, 0, -1.98738, -0.747753, 1.58734],
  },
  'Softshrink()': {
    make: () => new nn.Softshrink(),
    inputs: [[6]],
    shape: [6],
    values: [0.788435, 1.31859, 0, -1.48738, -0.247753, 1.08734],
  },
  'CELU()': {
    make: () => new nn.CELU(),
    inputs: [[6]],
    shape: [6],
    values: [1.28844, 1.81859, -0.27057, -0.862946, -0.526571, 1.58734],
  },
  'RReLU({ lower: 0.25, upper: 0.5 })': {
    make: () => new nn.RReLU({ lower: 0.25, upper: 0.5 }),
    inputs: [[4]],
    shape: [4],
    values: [1.28844, 1.81859, -0.118309, -0.745268],
  },
  'CELU(0.5)': {
    make: () => new nn.CELU(0.5),
    inputs: [[4]],
    shape: [4],
    values: [1.28844, 1.81859, -0.233966, -0.490608],
  },
  'Hardtanh({ minVal: -0.5, maxVal: 1.5 })': {
    make: () => new nn.Hardtanh({ minVal: -0.5, maxVal: 1.5 }),
    inputs: [[5]],
    shape: [5],
    values: [1.28844, 1.5, -0.315491, -0.5, -0.5],
  },
  'Threshold(0.5, -1)': {
    make: () => new nn.Threshold(0.5, -1),
    inputs: [[5]],
    shape: [5],
    values: [1.28844, 1.81859, -1, -1, -1],
  },
  'Hardshrink(1.5)': {
    make: () => new nn.Hardshrink(1.5),
    inputs: [[5]],
    shape: [5],
    values: [0, 1.81859, 0, -1.98738, 0],
  },
  'Softshrink(1)': {
    make: () => new nn.Softshrink(1),
    inputs: [[5]],
    shape: [5],
    values: [0.288435, 0.818595, 0, -0.987382, 0],
  },
  'GLU(0)': { make: () => new nn.GLU(0), inputs: [[2, 2]], shape: [1, 2], values: [0.54343, 0.219203] },
  'Softmax()': {
    make: () => new nn.Softmax(),
    inputs: [[2, 3]],
    shape: [2, 3],
    values: [0.344791, 0.58587, 0.0693393, 0.0249135, 0.0860595, 0.889027],
  },
  'Softmax(0)': {
    make: () => new nn.Softmax(0),
    inputs: [[2, 2]],
    shape: [2, 2],
    values: [0.832566, 0.978246, 0.167434, 0.0217537],
  },
  'LogSoftmax()': {
    make: () => new nn.LogSoftmax(),
    inputs: [[2, 3]],
    shape: [2, 3],
    values: [-1.06482, -0.534658, -2.66874, -3.69235, -2.45272, -0.117628],
  },
  'Softmin()': {
    make: () => new nn.Softmin(),
    inputs: [[2, 3]],
    shape: [2, 3],
    values: [0.152415, 0.089698, 0.757887, 0.759005, 0.219726, 0.0212698],
  },
  'Conv1d(2, 4, 3, { stride: 2, padding: 1, groups: 2 })': {
    make: () => new nn.Conv1d(2, 4, 3, { stride: 2, padding: 1, groups: 2 }),
    inputs: [[1, 2, 5]],
    shape: [1, 4, 3],
    values: [
      -0.485233, 1.77171, -0.879107, 0.428523, -2.0621, 0.527036, -1.34045, 1.179, -1.25541, 0.969284, -1.71708,
      0.604659,
    ],
    state: { weight: [4, 1, 3], bias: [4] },
  },
  'Conv1d(2, 1, 2, { dilation: 2, bias: false })': {
    make: () => new nn.Conv1d(2, 1, 2, { dilation: 2, bias: false }),
    inputs: [[2, 4]],
    shape: [1, 2],
    values: [0.172112, 0.392591],
    state: { weight: [1, 2, 2] },
  },
  'Conv2d(2, 2, [1, 2], { padding: [1, 0] })': {
    make: () => new nn.Conv2d(2, 2, [1, 2], { padding: [1, 0] }),
    inputs: [[2, 1, 3]],
    shape: [2, 3, 2],
    values: [
      0.133749, 0.133749, 2.03511, 0.563423, 0.133749, 0.133749, -0.368697, -0.368697, -0.327657, -0.940108, -0.368697,
      -0.368697,
    ],
    state: { weight: [2, 2, 1, 2], bias: [2] },
  },
  'Conv3d(1, 2, 2, { padding: [1, 0, 0] })': {
    make: () => new nn.Conv3d(1, 2, 2, { padding: [1, 0, 0] }),
    inputs: [[1, 1, 1, 2, 3]],
    shape: [1, 2, 2, 1, 2],
    values: [0.174789, -0.437662, 2.03511, 0.563423, 0.77447, 0.250933, -2.29528, -0.447144],
    state: { weight: [2, 1, 2, 2, 2], bias: [2] },
  },
  'ConvTranspose1d(2, 4, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 })': {
    make: () => new nn.ConvTranspose1d(2, 4, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }),
    inputs: [[1, 2, 2]],
    shape: [1, 4, 4],
    values: [
      0.243245, 0.486324, 0.2883, -0.594728, -0.376678, -0.61365, -0.379962, 0.436504, -0.445276, -1.12931, -0.323646,
      0.473514, -0.10336, 0.498115, -0.353931, -1.03605,
    ],
    state: { weight: [2, 2, 3], bias: [4] },
  },
  'ConvTranspose2d(1, 2, 2, { stride: [1, 2] })': {
    make: () => new nn.ConvTranspose2d(1, 2, 2, { stride: [1, 2] }),
    inputs: [[1, 1, 2, 2]],
    shape: [1, 2, 3, 4],
    values: [
      0.749194, 0.243245, 1.00243, 0.2883, -0.533062, -0.47077, -1.54404, -0.850566, 0.260126, 0.275209, 0.929839,
      1.02485, -0.376678, 0.20177, -0.379962, 0.436504, 0.158762, -0.602117, 0.38535, -1.38093, -0.497374, -0.345745,
      -1.17928, -0.224115,
    ],
    state: { weight: [1, 2, 2, 2], bias: [2] },
  },
  'ConvTranspose3d(1, 1, [1, 2, 2], { bias: false })': {
    make: () => new nn.ConvTranspose3d(1, 1, [1, 2, 2], { bias: false }),
    inputs: [[1, 1, 2, 2]],
    shape: [1, 1, 3, 3],
    values: [0.615445, 0.978181, 0.154551, -0.666811, -2.28231, -0.984315, 0.126377, 0.937549, 0.891101],
    state: { weight: [1, 1, 1, 2, 2] },
  },
  'MaxPool1d(2, { stride: 1, dilation: 2 })': {
    make: () => new nn.MaxPool1d(2, { stride: 1, dilation: 2 }),
    inputs: [[2, 5]],
    shape: [2, 3],
    values: [1.28844, 1.81859, -0.315491, 1.58734, 1.59697, -0.331208],
  },
  'MaxPool2d(2, { padding: 1, ceilMode: true })': {
    make: () => new nn.MaxPool2d(2, { padding: 1, ceilMode: true }),
    inputs: [[1, 1, 3, 3]],
    shape: [1, 1, 2, 2],
    values: [1.28844, 1.81859, 1.59697, 1.58734],
  },
  'MaxPool3d([1, 2, 2])': {
    make: () => new nn.MaxPool3d([1, 2, 2]),
    inputs: [[1, 2, 2, 2]],
    shape: [1, 2, 1, 1],
    values: [1.81859, 1.59697],
  },
  'AvgPool1d(3, { padding: 1, countIncludePad: false })': {
    make: () => new nn.AvgPool1d(3, { padding: 1, countIncludePad: false }),
    inputs: [[1, 5]],
    shape: [1, 2],
    values: [1.55352, -1.01688],
  },
  'AvgPool2d([1, 2], { stride: 1, divisorOverride: 3 })': {
    make: () => new nn.AvgPool2d([1, 2], { stride: 1, divisorOverride: 3 }),
    inputs: [[1, 2, 3]],
    shape: [1, 2, 2],
    values: [1.03568, 0.501034, -0.911712, 0.279861],
  },
  'AvgPool3d(2, { ceilMode: true })': {
    make: () => new nn.AvgPool3d(2, { ceilMode: true }),
    inputs: [[1, 2, 2, 3]],
    shape: [1, 1, 1, 2],
    values: [0.339576, 0.145829],
  },
  'LPPool1d(2, 3, { stride: 1 })': {
    make: () => new nn.LPPool1d(2, 3, { stride: 1 }),
    inputs: [[1, 1, 5]],
    shape: [1, 1, 3],
    values: [2.25097, 2.71229, 2.14671],
  },
  'LPPool2d(2, [1, 2])': {
    make: () => new nn.LPPool2d(2, [1, 2]),
    inputs: [[1, 1, 2, 4]],
    shape: [1, 1, 2, 2],
    values: [2.22876, 2.01227, 1.75464, 1.75714],
  },
  'LPPool3d(2, 2)': {
    make: () => new nn.LPPool3d(2, 2),
    inputs: [[1, 2, 2, 2]],
    shape: [1, 1, 1, 1],
    values: [3.89652],
  },
  'AdaptiveAvgPool1d(2)': {
    make: () => new nn.AdaptiveAvgPool1d(2),
    inputs: [[1, 5]],
    shape: [1, 2],
    values: [0.930513, -1.01688],
  },
  'AdaptiveAvgPool2d([1, null])': {
    make: () => new nn.AdaptiveAvgPool2d([1, null]),
    inputs: [[1, 1, 2, 3]],
    shape: [1, 1, 1, 3],
    values: [-0.349473, 0.535421, 0.635922],
  },
  'AdaptiveAvgPool3d([1, 2, 1])': {
    make: () => new nn.AdaptiveAvgPool3d([1, 2, 1]),
    inputs: [[1, 2, 3, 2]],
    shape: [1, 1, 2, 1],
    values: [-0.0815176, -0.0838899],
  },
  'AdaptiveMaxPool1d(2)': {
    make: () => new nn.AdaptiveMaxPool1d(2),
    inputs: [[1, 5]],
    shape: [1, 2],
    values: [1.81859, -0.315491],
  },
  'AdaptiveMaxPool2d([null, 2])': {
    make: () => new nn.AdaptiveMaxPool2d([null, 2]),
    inputs: [[1, 1, 2, 3]],
    shape: [1, 1, 2, 2],
    values: [1.81859, 1.81859, -0.747753, 1.58734],
  },
  'AdaptiveMaxPool3d([1, 2, 1])': {
    make: () => new nn.AdaptiveMaxPool3d([1, 2, 1]),
    inputs: [[1, 2, 3, 2]],
    shape: [1, 1, 2, 1],
    values: [1.81859, 1.81191],
  },
  'ReflectionPad1d([[1, 2]])': {
    make: () => new nn.ReflectionPad1d([[1, 2]]),
    inputs: [[1, 3]],
    shape: [1, 6],
    values: [1.81859, 1.28844, 1.81859, -0.315491, 1.81859, 1.28844],
  },
  'ReflectionPad2d(1)': {
    make: () => new nn.ReflectionPad2d(1),
    inputs: [[1, 2, 2]],
    shape: [1, 4, 4],
    values: [
      -1.98738, -0.315491, -1.98738, -0.315491, 1.81859, 1.28844, 1.81859, 1.28844, -1.98738, -0.315491, -1.98738,
      -0.315491, 1.81859, 1.28844, 1.81859, 1.28844,
    ],
  },
  'ReflectionPad3d([0, 1, 1])': {
    make: () => new nn.ReflectionPad3d([0, 1, 1]),
    inputs: [[1, 1, 2, 2]],
    shape: [1, 1, 4, 4],
    values: [
      -1.98738, -0.315491, -1.98738, -0.315491, 1.81859, 1.28844, 1.81859, 1.28844, -1.98738, -0.315491, -1.98738,
      -0.315491, 1.81859, 1.28844, 1.81859, 1.28844,
    ],
  },
  'ReplicationPad1d([[1, 2]])': {
    make: () => new nn.ReplicationPad1d([[1, 2]]),
    inputs: [[1, 3]],
    shape: [1, 6],
    values: [1.28844, 1.28844, 1.81859, -0.315491, -0.315491, -0.315491],
  },
  'ReplicationPad2d([[1, 0], [0, 2]])': {
    make: () =>
      new nn.ReplicationPad2d([
        [1, 0],
        [0, 2],
      ]),
    inputs: [[1, 2, 2]],
    shape: [1, 3, 4],
    values: [
      1.28844, 1.81859, 1.81859, 1.81859, 1.28844, 1.81859, 1.81859, 1.81859, -0.315491, -1.98738, -1.98738, -1.98738,
    ],
  },
  'ReplicationPad3d([1, 0, 1])': {
    make: () => new nn.ReplicationPad3d([1, 0, 1]),
    inputs: [[1, 1, 1, 2]],
    shape: [1, 3, 1, 4],
    values: [
      1.28844, 1.28844, 1.81859, 1.81859, 1.28844, 1.28844, 1.81859, 1.81859, 1.28844, 1.28844, 1.81859, 1.81859,
    ],
  },
  'CircularPad1d([[1, 2]])': {
    make: () => new nn.CircularPad1d([[1, 2]]),
    inputs: [[1, 3]],
    shape: [1, 6],
    values: [-0.315491, 1.28844, 1.81859, -0.315491, 1.28844, 1.81859],
  },
  'CircularPad2d([[1, 0], [0, 2]])': {
    make: () =>
      new nn.CircularPad2d([
        [1, 0],
        [0, 2],
      ]),
    inputs: [[1, 2, 2]],
    shape: [1, 3, 4],
    values: [
      -0.315491, -1.98738, -0.315491, -1.98738, 1.28844, 1.81859, 1.28844, 1.81859, -0.315491, -1.98738, -0.315491,
      -1.98738,
    ],
  },
  'CircularPad3d([1, 0, 1])': {
    make: () => new nn.CircularPad3d([1, 0, 1]),
    inputs: [[1, 1, 1, 2]],
    shape: [1, 3, 1, 4],
    values: [
      1.81859, 1.28844, 1.81859, 1.28844, 1.81859, 1.28844, 1.81859, 1.28844, 1.81859, 1.28844, 1.81859, 1.28844,
    ],
  },
  'ConstantPad1d([[1, -1]], 3)': {
    make: () => new nn.ConstantPad1d([[1, -1]], 3),
    inputs: [[1, 3]],
    shape: [1, 3],
    values: [3, 1.28844, 1.81859],
  },
  'ConstantPad2d([1, 0], 3)': {
    make: () => new nn.ConstantPad2d([1, 0], 3),
    inputs: [[1, 1, 1, 2]],
    shape: [1, 1, 3, 2],
    values: [3, 3, 1.28844, 1.81859, 3, 3],
  },
  'ConstantPad3d([0, 0, 1], 3)': {
    make: () => new nn.ConstantPad3d([0, 0, 1], 3),
    inputs: [[1, 1, 2, 1]],
    shape: [1, 1, 2, 3],
    values: [3, 1.28844, 3, 3, 1.81859, 3],
  },
  'ZeroPad1d(1)': {
    make: () => new nn.ZeroPad1d(1),
    inputs: [[1, 2]],
    shape: [1, 4],
    values: [0, 1.28844, 1.81859, 0],
  },
  'ZeroPad2d([[1, 0], [0, 2]])': {
    make: () =>
      new nn.ZeroPad2d([
        [1, 0],
        [0, 2],
      ]),
    inputs: [[1, 1, 2]],
    shape: [1, 2, 4],
    values: [0, 0, 0, 0, 1.28844, 1.81859, 0, 0],
  },
  'ZeroPad3d([[1, 0], [0, 0], [0, 1]])': {
    make: () =>
      new nn.ZeroPad3d([
        [1, 0],
        [0, 0],
        [0, 1],
      ]),
    inputs: [[1, 1, 1, 2]],
    shape: [1, 2, 1, 3],
    values: [0, 0, 0, 1.28844, 1.81859, 0],
  },
  'PixelShuffle(2)': {
    make: () => new nn.PixelShuffle(2),
    inputs: [[1, 4, 1, 2]],
    shape: [1, 1, 2, 4],
    values: [1.28844, -0.315491, 1.81859, -1.98738, -0.747753, 1.59697, 1.58734, -0.732958],
  },
  'PixelUnshuffle(2)': {
    make: () => new nn.PixelUnshuffle(2),
    inputs: [[1, 1, 2, 4]],
    shape: [1, 4, 1, 2],
    values: [1.28844, -0.315491, 1.81859, -1.98738, -0.747753, 1.59697, 1.58734, -0.732958],
  },
  'ChannelShuffle(2)': {
    make: () => new nn.ChannelShuffle(2),
    inputs: [[1, 4, 1, 2]],
    shape: [1, 4, 1, 2],
    values: [1.28844, 1.81859, -0.747753, 1.58734, -0.315491, -1.98738, 1.59697, -0.732958],
  },
  "Upsample({ scaleFactor: 2, mode: 'linear' })": {
    make: () => new nn.Upsample({ scaleFactor: 2, mode: 'linear' }),
    inputs: [[1, 1, 3]],
    shape: [1, 1, 6],
    values: [1.28844, 1.42098, 1.68605, 1.28507, 0.21803, -0.315491],
  },
  'UpsamplingNearest2d({ size: [2, 3] })': {
    make: () => new nn.UpsamplingNearest2d({ size: [2, 3] }),
    inputs: [[1, 1, 1, 2]],
    shape: [1, 1, 2, 3],
    values: [1.28844, 1.28844, 1.81859, 1.28844, 1.28844, 1.81859],
  },
  'UpsamplingBilinear2d({ scaleFactor: 2 })': {
    make: () => new nn.UpsamplingBilinear2d({ scaleFactor: 2 }),
    inputs: [[1, 1, 2, 2]],
    shape: [1, 1, 4, 4],
    values: [
      1.28844, 1.46516, 1.64188, 1.81859, 0.753793, 0.685841, 0.617888, 0.549936, 0.219151, -0.0934738, -0.406098,
      -0.718723, -0.315491, -0.872788, -1.43009, -1.98738,
    ],
  },
  'LocalResponseNorm(3, { alpha: 0.5, k: 2 })': {
    make: () => new nn.LocalResponseNorm(3, { alpha: 0.5, k: 2 }),
    inputs: [[1, 4, 2]],
    shape: [1, 4, 2],
    values: [0.691388, 0.758418, -0.164313, -0.755792, -0.372217, 0.668505, 0.798867, -0.367614],
  },
  'Flatten(0, 1)': {
    make: () => new nn.Flatten(0, 1),
    inputs: [[2, 2, 1]],
    shape: [4, 1],
    values: [1.28844, 1.81859, -0.315491, -1.98738],
  },
  'Unflatten(0, [2, -1])': {
    make: () => new nn.Unflatten(0, [2, -1]),
    inputs: [[4]],
    shape: [2, 2],
    values: [1.28844, 1.81859, -0.315491, -1.98738],
  },
  'Unfold([1, 2], { padding: [0, 1] })': {
    make: () => new nn.Unfold([1, 2], { padding: [0, 1] }),
    inputs: [[1, 1, 2, 2]],
    shape: [1, 2, 6],
    values: [0, 1.28844, 1.81859, 0, -0.315491, -1.98738, 1.28844, 1.81859, 0, -0.315491, -1.98738, 0],
  },
  'Fold([2, 3], [1, 2])': {
    make: () => new nn.Fold([2, 3], [1, 2]),
    inputs: [[1, 2, 4]],
    shape: [1, 1, 2, 3],
    values: [1.28844, 1.07084, 1.58734, -0.315491, -0.390408, -0.732958],
  },
  'Bilinear(2, 3, 2)': {
    make: () => new nn.Bilinear(2, 3, 2),
    inputs: [
      [2, 2],
      [2, 3],
    ],
    shape: [2, 2],
    values: [0.177204, -0.264655, -0.0373161, -0.352922],
    state: { weight: [2, 2, 3], bias: [2] },
  },
  'CosineSimilarity()': {
    make: () => new nn.CosineSimilarity(),
    inputs: [
      [2, 3],
      [2, 3],
    ],
    shape: [2],
    values: [0.900819, 0.556219],
  },
  'PairwiseDistance({ p: 1 })': {
    make: () => new nn.PairwiseDistance({ p: 1 }),
    inputs: [
      [2, 3],
      [2, 3],
    ],
    shape: [2],
    values: [2.82206, 3.59909],
  },
  'weightNorm(Linear(3, 2))': {
    make: () => nn.weightNorm(new nn.Linear(3, 2, float64)),
    inputs: [[2, 3]],
    shape: [2, 2],
    values: [0.191745, -0.727584, 0.669669, 0.742202],
    state: { bias: [2], 'parametrizations.weight.original0': [2, 1], 'parametrizations.weight.original1': [2, 3] },
  },
  'weightNorm(Linear(3, 2), { axis: null })': {
    make: () => nn.weightNorm(new nn.Linear(3, 2, float64), { axis: null }),
    inputs: [[3]],
    shape: [2],
    values: [0.276107, 0.294051],
    state: { bias: [2], 'parametrizations.weight.original0': [], 'parametrizations.weight.original1': [2, 3] },
  },
  'weightNorm(Conv1d(1, 2, 2), { axis: 1 })': {
    make: () => nn.weightNorm(new nn.Conv1d(1, 2, 2, float64), { axis: 1 }),
    inputs: [[1, 1, 3]],
    shape: [1, 2, 2],
    values: [0.231702, 0.392442, 0.192035, 0.0259483],
    state: {
      bias: [2],
      'parametrizations.weight.original0': [1, 1, 1],
      'parametrizations.weight.original1': [2, 1, 2],
    },
  },
  'spectralNorm(Linear(3, 2))': {
    make: () => nn.spectralNorm(new nn.Linear(3, 2, float64)),
    inputs: [[2, 3]],
    shape: [2, 2],
    values: [-224.638, 353.121, -470.586, 314.433],
    state: {
      bias: [2],
      'parametrizations.weight.original': [2, 3],
      'parametrizations.weight.0._u': [2],
      'parametrizations.weight.0._v': [3],
    },
  },
  'spectralNorm(ConvTranspose1d(1, 2, 2))': {
    make: () => nn.spectralNorm(new nn.ConvTranspose1d(1, 2, 2, float64)),
    inputs: [[1, 1, 2]],
    shape: [1, 2, 3],
    values: [-1.05014, 2.5328, 6.42223, 5.43352, 8.27486, 0.98911],
    state: {
      bias: [2],
      'parametrizations.weight.original': [1, 2, 2],
      'parametrizations.weight.0._u': [2],
      'parametrizations.weight.0._v': [2],
    },
  },
  'spectralNorm(LayerNorm(3))': {
    make: () => nn.spectralNorm(new nn.LayerNorm(3, float64)),
    inputs: [[2, 3]],
    shape: [2, 3],
    values: [0.564057, -0.505897, 0.652249, 0.240555, 0.233712, -1.41953],
    state: { bias: [3], 'parametrizations.weight.original': [3] },
  },
  'orthogonal(Linear(2, 2))': {
    make: () => nn.orthogonal(new nn.Linear(2, 2, float64)),
    inputs: [[1, 2]],
    shape: [1, 2],
    values: [-0.682183, 0.281126],
    state: { bias: [2], 'parametrizations.weight.original': [2, 2], 'parametrizations.weight.0.base': [2, 2] },
  },
  "orthogonal(Linear(3, 2), { orthogonalMap: 'cayley' })": {
    make: () => nn.orthogonal(new nn.Linear(3, 2, float64), { orthogonalMap: 'cayley' }),
    inputs: [[1, 3]],
    shape: [1, 2],
    values: [0.795383, 0.516394],
    state: { bias: [2], 'parametrizations.weight.original': [2, 3], 'parametrizations.weight.0.base': [3, 3] },
  },
  "orthogonal(Linear(2, 3), { orthogonalMap: 'matrixExp' })": {
    make: () => nn.orthogonal(new nn.Linear(2, 3, float64), { orthogonalMap: 'matrixExp' }),
    inputs: [[1, 2]],
    shape: [1, 3],
    values: [-0.597486, 1.13193, -1.3931],
    state: { bias: [3], 'parametrizations.weight.original': [3, 2], 'parametrizations.weight.0.base': [3, 3] },
  },
};
