import { avgPool2d, conv2d, maxPool2d, random, type Tensor, vjp } from '@thetagrad/core';
import { adaptiveAvgPool2d, conv1d, conv3d, convTranspose2d, maxPool1d, maxPool3d } from '@thetagrad/conv';
import { gridSample, interpolate } from '@thetagrad/image';
import { type Case, define } from '../case.ts';

const key = random.key(8);

interface Description {
  readonly name: string;
  readonly shape: readonly number[];
  /** The shape of a weight. Default: none. */
  readonly weight?: readonly number[];
  readonly apply: (x: Tensor, w: Tensor) => Tensor;
  /** The shape of the result. */
  readonly result: readonly number[];
  /** The same in Python, of x and w. */
  readonly torch: string;
}

/** Creates cases: forward, and with the gradients of all operands. */
function createCases({ name, shape, weight, apply, result, torch }: Description): Case[] {
  const createOperands = (): Record<'x' | 'w', Tensor> => ({
    x: random.uniform(key.foldIn(1), shape, { low: -1, high: 1 }),
    w: random.uniform(key.foldIn(2), weight ?? [1], { low: -1, high: 1 }),
  });
  const operands = weight ? 'x, w' : 'x';
  return [
    define<'x' | 'w'>({
      name: `${name}, forward`,
      inputs: createOperands,
      ours:
        ({ x, w }) =>
        () => [apply(x, w)],
      torch: `return lambda: [${torch}]`,
    }),
    define<'x' | 'w' | 'g'>({
      name: `${name}, with gradients`,
      inputs: () => ({ ...createOperands(), g: random.normal(key.foldIn(3), result) }),
      ours:
        ({ x, w, g }) =>
        () => {
          if (weight) {
            const { value, pullback } = vjp(apply, x, w);
            return [value, ...pullback(g)];
          }
          const { value, pullback } = vjp((x: Tensor) => apply(x, w), x);
          return [value, pullback(g)[0]];
        },
      torch: `
x.requires_grad_(), w.requires_grad_()
def run():
    y = ${torch}
    return [y, *torch.autograd.grad(y, [${operands}], g)]
return run`,
    }),
  ];
}

/** Operations of windows and positions; the convolutions of each pair have equal numbers of multiply-adds. */
export const windows: readonly Case[] = [
  {
    name: 'conv1d 16×64×1024 → 64, kernel 9',
    shape: [16, 64, 1024],
    weight: [64, 64, 9],
    apply: (x: Tensor, w: Tensor) => conv1d(x, w, { padding: 4 }),
    result: [16, 64, 1024],
    torch: 'F.conv1d(x, w, padding=4)',
  },
  {
    name: 'conv2d 16×64×32×32 → 64, kernel 1×9',
    shape: [16, 64, 32, 32],
    weight: [64, 64, 1, 9],
    apply: (x: Tensor, w: Tensor) => conv2d(x, w, { padding: [0, 4] }),
    result: [16, 64, 32, 32],
    torch: 'F.conv2d(x, w, padding=(0, 4))',
  },
  {
    name: 'conv3d 4×32×16×16×16 → 32, kernel 3×3×3',
    shape: [4, 32, 16, 16, 16],
    weight: [32, 32, 3, 3, 3],
    apply: (x: Tensor, w: Tensor) => conv3d(x, w, { padding: 1 }),
    result: [4, 32, 16, 16, 16],
    torch: 'F.conv3d(x, w, padding=1)',
  },
  {
    name: 'conv2d 64×96×16×16 → 32, kernel 3×3',
    shape: [64, 96, 16, 16],
    weight: [32, 96, 3, 3],
    apply: (x: Tensor, w: Tensor) => conv2d(x, w, { padding: 1 }),
    result: [64, 32, 16, 16],
    torch: 'F.conv2d(x, w, padding=1)',
  },
  {
    name: 'convTranspose2d 16×64×16×16 → 32, kernel 4×4, stride 2',
    shape: [16, 64, 16, 16],
    weight: [64, 32, 4, 4],
    apply: (x: Tensor, w: Tensor) => convTranspose2d(x, w, { stride: 2, padding: 1 }),
    result: [16, 32, 32, 32],
    torch: 'F.conv_transpose2d(x, w, stride=2, padding=1)',
  },
  {
    name: 'maxPool1d 16×64×4096, kernel 3, stride 2',
    shape: [16, 64, 4096],
    apply: (x: Tensor) => maxPool1d(x, { kernelSize: 3, stride: 2, padding: 1 }),
    result: [16, 64, 2048],
    torch: 'F.max_pool1d(x, 3, 2, 1)',
  },
  {
    name: 'maxPool2d 16×64×64×64, kernel 2',
    shape: [16, 64, 64, 64],
    apply: (x: Tensor) => maxPool2d(x, { kernelSize: 2 }),
    result: [16, 64, 32, 32],
    torch: 'F.max_pool2d(x, 2)',
  },
  {
    name: 'maxPool3d 4×64×16×32×32, kernel 2',
    shape: [4, 64, 16, 32, 32],
    apply: (x: Tensor) => maxPool3d(x, { kernelSize: 2 }),
    result: [4, 64, 8, 16, 16],
    torch: 'F.max_pool3d(x, 2)',
  },
  {
    name: 'avgPool2d 16×64×64×64, kernel 2',
    shape: [16, 64, 64, 64],
    apply: (x: Tensor) => avgPool2d(x, { kernelSize: 2 }),
    result: [16, 64, 32, 32],
    torch: 'F.avg_pool2d(x, 2)',
  },
  {
    name: 'adaptiveAvgPool2d 16×64×45×45 to 7×7',
    shape: [16, 64, 45, 45],
    apply: (x: Tensor) => adaptiveAvgPool2d(x, 7),
    result: [16, 64, 7, 7],
    torch: 'F.adaptive_avg_pool2d(x, 7)',
  },
  {
    name: 'interpolate 16×64×28×28 to 56×56, bilinear',
    shape: [16, 64, 28, 28],
    apply: (x: Tensor) => interpolate(x, { size: 56, mode: 'bilinear' }),
    result: [16, 64, 56, 56],
    torch: "F.interpolate(x, size=56, mode='bilinear')",
  },
  {
    name: 'interpolate 16×64×28×28 to 56×56, nearest',
    shape: [16, 64, 28, 28],
    apply: (x: Tensor) => interpolate(x, { size: 56 }),
    result: [16, 64, 56, 56],
    torch: 'F.interpolate(x, size=56)',
  },
  {
    name: 'gridSample 16×16×56×56 at 56×56, bilinear',
    shape: [16, 16, 56, 56],
    weight: [16, 56, 56, 2],
    apply: (x: Tensor, w: Tensor) => gridSample(x, w),
    result: [16, 16, 56, 56],
    torch: 'F.grid_sample(x, w, align_corners=False)',
  },
].flatMap(createCases);
