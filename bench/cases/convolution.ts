import { conv2d, random, type Tensor, vjp } from '@thetagrad/core';
import type * as Jax from '@jax-js/jax';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import { type Case, define, type Inputs } from '../case.ts';
import { createConvolution } from '../peers/tfjsNetworks.ts';

const key = random.key(2);
type JaxArray = Jax.numpy.Array;

/** Dimensions of a 3×3 convolution. */
export interface Layer {
  readonly images?: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outputs: number;
  readonly stride?: number;
  /** Whether to run jax-js, which needs seconds for large layers. Default: false. */
  readonly jax?: boolean;
  /** Whether TensorFlow.js runs on its cpu backend, which has a kernel for the gradient of filters. Default: false. */
  readonly tfjsCpu?: boolean;
}

/** Creates cases of a 3×3 convolution with padding 1: forward, and with the gradients of input and filter. */
export function createConvolutionCases({
  images = 16,
  channels,
  height,
  width,
  outputs,
  stride = 1,
  jax,
  tfjsCpu,
}: Layer): Case[] {
  const shape = [images, channels, height, width];
  const outputShape = [images, outputs, Math.ceil(height / stride), Math.ceil(width / stride)];
  const name = `convolution ${shape.join('×')} → ${outputs}${stride > 1 ? `, stride ${stride}` : ''}`;
  const createOperands = (): Inputs<Tensor, 'x' | 'w'> => ({
    x: random.normal(key.foldIn(1), shape),
    w: random.normal(key.foldIn(2), [outputs, channels, 3, 3], { std: 0.1 }),
  });

  const apply = (x: Tensor, w: Tensor): Tensor => conv2d(x, w, { padding: 1, stride });
  const toTfjsOperands = (
    { x, w }: Inputs<TensorFlow.Tensor, 'x' | 'w'>,
    tf: typeof TensorFlow,
  ): TensorFlow.Tensor4D[] => [
    tf.transpose(x as TensorFlow.Tensor4D, [0, 2, 3, 1]),
    tf.transpose(w as TensorFlow.Tensor4D, [2, 3, 1, 0]),
  ];
  const nhwcToNchw = [0, 3, 1, 2];
  const padding: [number, number][] = [
    [1, 1],
    [1, 1],
  ];
  const jaxConvolve = (lax: typeof Jax.lax, x: JaxArray, w: JaxArray): JaxArray =>
    lax.convGeneralDilated(x, w, [stride, stride], padding);
  const torch = `F.conv2d(x, w, stride=${stride}, padding=1)`;

  return [
    define<'x' | 'w'>({
      name: `${name}, forward`,
      inputs: createOperands,
      ours:
        ({ x, w }) =>
        () => [apply(x, w)],
      tfjs(inputs, tf) {
        const [x, w] = toTfjsOperands(inputs, tf) as [TensorFlow.Tensor4D, TensorFlow.Tensor4D];
        return () => [tf.conv2d(x, w, stride, 1)];
      },
      tfjsLayout: [nhwcToNchw],
      ...(jax && {
        jax: ({ x, w }, { lax }) => [jaxConvolve(lax, x, w)],
      }),
      torch: `return lambda: [${torch}]`,
    }),
    define<'x' | 'w' | 'g'>({
      name: `${name}, with both gradients`,
      inputs: () => ({ ...createOperands(), g: random.normal(key.foldIn(3), outputShape) }),
      ours:
        ({ x, w, g }) =>
        () => {
          const { value, pullback } = vjp(apply, x, w);
          return [value, ...pullback(g)];
        },
      tfjs(inputs, tf) {
        const operands = toTfjsOperands(inputs, tf);
        const g = tf.transpose(inputs.g as TensorFlow.Tensor4D, [0, 2, 3, 1]);
        const f = createConvolution(tf, stride) as Parameters<typeof tf.valueAndGrads>[0];
        return () => {
          const { value, grads } = tf.valueAndGrads(f)(operands, g);
          return [value, ...grads];
        };
      },
      ...(tfjsCpu && { tfjsBackend: 'cpu' }),
      tfjsLayout: [nhwcToNchw, nhwcToNchw, [3, 2, 0, 1]],
      ...(jax && {
        jax({ x, w, g }, { lax, vjp }) {
          const [y, pullback] = vjp((x: JaxArray, w: JaxArray) => jaxConvolve(lax, x, w), [x, w]);
          return [y, ...pullback(g)];
        },
      }),
      torch: `
x.requires_grad_(), w.requires_grad_()
def run():
    y = ${torch}
    return [y, *torch.autograd.grad(y, [x, w], g)]
return run`,
    }),
  ];
}

/** Convolutions of SphereFace-20 at 112×96, each shape once. */
export const sphereFace20Layers: readonly Layer[] = [
  { channels: 3, height: 112, width: 96, outputs: 64, stride: 2 },
  { channels: 64, height: 56, width: 48, outputs: 64 },
  { channels: 64, height: 56, width: 48, outputs: 128, stride: 2 },
  { channels: 128, height: 28, width: 24, outputs: 128 },
  { channels: 128, height: 28, width: 24, outputs: 256, stride: 2 },
  { channels: 256, height: 14, width: 12, outputs: 256 },
  { channels: 256, height: 14, width: 12, outputs: 512, stride: 2 },
  { channels: 512, height: 7, width: 6, outputs: 512 },
];

export const convolutionCases: readonly Case[] = [
  { images: 2, channels: 16, height: 28, width: 28, outputs: 32, jax: true, tfjsCpu: true },
  { channels: 64, height: 28, width: 28, outputs: 64, jax: true },
  ...sphereFace20Layers,
].flatMap(createConvolutionCases);
