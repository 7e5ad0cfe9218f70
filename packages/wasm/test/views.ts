// Tensors for tests of kernels, with any strides and gaps between elements.
import { random } from '@thetagrad/core';
import { positions, type Slot, type View } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { f32, i32 } from '../src/assembler/index.ts';
import type { Command, Features, KernelCode } from '../src/command.ts';
import { slot } from './link.ts';

export interface Strided {
  readonly slot: Slot;
  readonly view: View;
  readonly values: Float32Array;
}

/** How a view differs from row-major. */
export interface Layout {
  /** Sort keys: the axes' order in memory. */
  readonly order: readonly number[];
  /** The distance of neighbors along each axis: negative for a flipped one, 0 for a broadcast one. */
  readonly steps: readonly number[];
  readonly offset: number;
}

export function layouts(rank: number, mayRepeat: readonly boolean[]): fc.Arbitrary<Layout> {
  const step = (axis: number): fc.Arbitrary<number> =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.constantFrom(-1, 2, -3) },
      { weight: mayRepeat[axis] ? 2 : 0, arbitrary: fc.constant(0) },
    );
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return fc.record({
    order: fc.oneof(fc.constant(axes), fc.tuple(...axes.map(() => fc.integer({ min: 0, max: 9 })))),
    steps: fc.tuple(...axes.map(step)),
    offset: fc.integer({ min: 0, max: 3 }),
  });
}

/** A tensor with this layout. Memory between elements is NaN, so that reading it shows. */
export function strided(shape: readonly number[], { order, steps, offset }: Layout, next: () => number): Strided {
  const inMemory = shape.map((_, axis) => axis).toSorted((a, b) => order[b]! - order[a]!);
  const strides = new Array<number>(shape.length);
  let size = 1;
  let first = offset;
  for (const axis of inMemory) {
    const step = steps[axis]!;
    strides[axis] = step * size;
    if (step < 0) first -= strides[axis] * Math.max(0, shape[axis]! - 1);
    size *= Math.max(1, Math.abs(step) * shape[axis]!);
  }
  const view: View = { shape, strides, offset: first };
  const values = new Float32Array(size + offset).fill(Number.NaN);
  for (const at of positions(view)) values[at] = next();
  return { slot: slot('float32', values.length), view, values };
}

/** Multiples of 1/64 from −1 to 1; with `special`, an infinity or NaN now and then. */
export function numbers(seed: number, special = false): () => number {
  const stream = random.key(seed).stream();
  return () => {
    if (special && stream.integer(40) === 0) return [Infinity, -Infinity, Number.NaN][stream.integer(3)]!;
    return stream.integer(129) / 64 - 1;
  };
}

/** An epilogue that makes 3x + 1 of x: calling it too early, twice or never shows. */
export function tripleEpilogue(output: Slot): { code: KernelCode; args: Command } {
  const code: KernelCode = {
    name: 'test epilogue',
    key: 'test epilogue',
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (body, args, begin, end) => {
        const at = body.local('i32', i32.add(i32.load(args), i32.shl(begin, i32.const(2))));
        const stop = body.local('i32', i32.add(i32.load(args), i32.shl(end, i32.const(2))));
        body.while(i32.ltU(at, stop), () => {
          body.emit(f32.store(at, f32.add(f32.mul(f32.load(at), f32.const(3)), f32.const(1))));
          body.add(at, i32.const(4));
        });
      }),
  };
  return { code, args: { code, words: [{ slot: output, byteOffset: 0 }], chunks: 1, workspaceBytes: 0 } };
}

/** Whether this engine has relaxed SIMD: f32x4.relaxed_madd in a function without parameters. */
export const hasRelaxed: boolean = WebAssembly.validate(
  Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, 3, 2, 1, 0, 10, 13, 1, 11, 0, 0x20, 0,
    0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 0x0b,
  ]),
);

/** The features that kernels are tested with. */
export const variants: readonly Features[] = [false, true].flatMap((wide) => [
  { relaxed: false, wide, tileRows: 4 },
  ...(hasRelaxed ? [{ relaxed: true, wide, tileRows: 6 }] : []),
]);

/** The features that every engine has. */
export const baseline: Features = { relaxed: false, wide: false, tileRows: 4 };

/** The same arithmetic in the narrowest shapes, of which the results are the same. */
export function narrowed({ relaxed }: Features): Features {
  return { relaxed, wide: false, tileRows: 4 };
}

/**
 * The largest error of a float32 sum of `depth` products, block by block, whose absolute values sum up to `magnitude`.
 */
export function sumError(depth: number, magnitude: number): number {
  return (Math.min(depth, 256) + depth / 256 + 4) * 2 ** -24 * magnitude + 1e-30;
}
