import {
  i32,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
} from '../../assembler/index.ts';
import type { Features } from '../../command.ts';
import { shuffleLanes, transposeLanes } from '../../emit/lanes.ts';
import { tileEntry } from './tiles.ts';
import {
  arithmetic,
  emitTransform,
  patchFactors,
  patchTransform,
  tileAdjoint,
  tileFactors,
  type Arithmetic,
} from './transforms.ts';

type I32 = 'i32';
type Four<T> = readonly [T, T, T, T];

function four<T>(of: (index: number) => T): Four<T> {
  return [of(0), of(1), of(2), of(3)];
}

/** Emits the transform of four 6×6 patches, a lane each, and stores it point by point. Moves all locals. */
function emitPatches(
  code: Code,
  on: Arithmetic,
  addresses: Four<Local<I32>>,
  rowBytes: Value<I32>,
  to: Local<I32>,
  pointBytes: Value<I32>,
): void {
  const rows = [0, 1, 2, 3, 4, 5].map(() => {
    const left = transposeLanes(
      code,
      addresses.map((address) => code.local('v128', v128.load(address, { align: 4 }))),
    ).map((column) => code.local('v128', column));
    // The last two columns of two patches.
    const pair = (first: 0 | 2): Local<'v128'> => {
      const one = code.local('v128', v128.load64Zero(addresses[first], { offset: 16, align: 4 }));
      code.set(one, v128.load64Lane(addresses[(first + 1) as 1 | 3], one, 1, { offset: 16, align: 4 }));
      return one;
    };
    const [a, b] = [pair(0), pair(2)];
    const right = [0, 1].map((column) => {
      const lanes = [column, 2 + column, 4 + column, 6 + column];
      return code.local('v128', shuffleLanes(a, b, lanes));
    });
    for (const address of addresses) code.add(address, rowBytes);
    return [...left, ...right];
  });
  emitStores(code, emitTransform(on, patchTransform, rows), to, pointBytes);
}

/** Emits the adjoint of the output transform of four 4×4 tiles, like {@link emitPatches}. */
function emitTiles(
  code: Code,
  on: Arithmetic,
  addresses: Four<Local<I32>>,
  rowBytes: Value<I32>,
  to: Local<I32>,
  pointBytes: Value<I32>,
): void {
  const rows = [0, 1, 2, 3].map(() => {
    const row = transposeLanes(
      code,
      addresses.map((address) => code.local('v128', v128.load(address, { align: 4 }))),
    ).map((column) => code.local('v128', column));
    for (const address of addresses) code.add(address, rowBytes);
    return row;
  });
  emitStores(code, emitTransform(on, tileAdjoint, rows), to, pointBytes);
}

function emitStores(code: Code, rows: Value<'v128'>[][], to: Local<I32>, pointBytes: Value<I32>): void {
  for (const point of rows.flat()) {
    code.emit(v128.store(to, point));
    code.add(to, pointBytes);
  }
}

type TransformFunction = FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32], readonly []>;
const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/**
 * Defines a function (tiles, endTiles, strip, stripBytes, to, step, pointBytes) that transforms patches of one channel,
 * four tiles to a vector. `tiles` is the address of their table; groups of four are stored `step` bytes apart from `to`
 * on.
 */
export function defineTransformPatches(module: ModuleBuilder, { relaxed }: Features): TransformFunction {
  return module.function(params, [], (code, tile, endTiles, strip, rowBytes, to, step, pointBytes) => {
    const on = arithmetic(code, patchFactors, relaxed);
    code.while(i32.ltU(tile, endTiles), () => {
      const addresses = four((i) => {
        const offset = i32.load(tile, { offset: tileEntry.bytes * i + tileEntry.strip });
        return code.local('i32', i32.add(strip, offset));
      });
      emitPatches(code, on, addresses, rowBytes, code.local('i32', to), pointBytes);
      code.add(tile, i32.const(4 * tileEntry.bytes));
      code.add(to, step);
    });
  });
}

/**
 * Defines a function (tiles, endTiles, strips, stripBytes, to, step, pointBytes, stripsBytes) like that of
 * {@link defineTransformPatches} for four channels, a lane each, whose strips are `stripsBytes` apart. Tiles are stored
 * `step` bytes apart.
 */
export function defineTransformChannels(
  module: ModuleBuilder,
  what: 'patches' | 'tiles',
  { relaxed }: Features,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32], readonly []> {
  return module.function(
    [...params, 'i32'],
    [],
    (code, tile, endTiles, strips, rowBytes, to, step, pointBytes, stripsBytes) => {
      const on = arithmetic(code, what === 'patches' ? patchFactors : tileFactors, relaxed);
      code.while(i32.ltU(tile, endTiles), () => {
        const offset = code.local('i32', i32.add(strips, i32.load(tile, { offset: tileEntry.strip })));
        const addresses = four((i) => code.local('i32', i32.add(offset, i32.mul(stripsBytes, i32.const(i)))));
        const target = code.local('i32', to);
        if (what === 'patches') emitPatches(code, on, addresses, rowBytes, target, pointBytes);
        else emitTiles(code, on, addresses, rowBytes, target, pointBytes);
        code.add(tile, i32.const(tileEntry.bytes));
        code.add(to, step);
      });
    },
  );
}
