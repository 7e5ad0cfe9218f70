// The products of transformed patches by transformed filters or tiles, point by point.
import {
  f32x4,
  i32,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
} from '../../assembler/index.ts';
import { emitMin } from '../../emit/units.ts';
import { emitTile } from '../panels/registerTile.ts';
import type { Features } from '../../command.ts';
import { panelWidthFor } from './layout.ts';
import { points } from './transforms.ts';

type I32 = 'i32';

/** Emits a register tile of a panel of four and one of the panel width; `a` and `b` are moved past them. */
function emitPanelTile(
  code: Code,
  a: Local<I32>,
  b: Local<I32>,
  depth: Local<I32>,
  features: Features,
): readonly Local<'v128'>[] {
  const panelWidth = panelWidthFor(features);
  const operands = { a, aRow: 4, aStep: 16, b, bStep: 4 * panelWidth, depth };
  return emitTile(code, { rows: 4, vectors: panelWidth / 4, ...operands, relaxed: features.relaxed }).flat();
}

/** Emits the addition of the sums stored at `to`. */
function addStored(code: Code, sums: readonly Local<'v128'>[], to: Local<I32>): void {
  sums.forEach((sum, i) => code.set(sum, f32x4.add(v128.load(to, { offset: 16 * i }), sum)));
}

/** The number of channels that are added up one after another, before their sum is added to that of others. */
const maxRun = 256;

/**
 * Defines a function (patches, patchPointBytes, filter, filterPointBytes, filterPanelBytes, products, productPointBytes,
 * channels, groups, panels) that multiplies patches [points, groups, channels, 4] by panels of the filter to [points,
 * panels, 4 · groups, panelWidth].
 */
export function defineMultiplyPanels(
  module: ModuleBuilder,
  features: Features,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32, I32, I32], readonly []> {
  const panelWidth = panelWidthFor(features);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (
      code,
      patches,
      patchBytes,
      filter,
      filterBytes,
      filterPanelBytes,
      products,
      productBytes,
      channels,
      groups,
      panels,
    ) => {
      const point = code.local('i32');
      const panel = code.local('i32');
      const group = code.local('i32');
      const first = code.local('i32');
      const a = code.local('i32');
      const b = code.local('i32');
      const to = code.local('i32');
      code.for(point, i32.const(0), i32.const(points), 1, () => {
        const columns = code.local('i32', filter);
        code.set(to, products);
        code.for(panel, i32.const(0), panels, 1, () => {
          code.set(a, patches);
          code.for(group, i32.const(0), groups, 1, () => {
            code.set(b, columns);
            code.for(first, i32.const(0), channels, maxRun, () => {
              const depth = emitMin(code, i32.const(maxRun), i32.sub(channels, first));
              const sums = emitPanelTile(code, a, b, depth, features);
              code.if(first, () => addStored(code, sums, to));
              sums.forEach((sum, i) => code.emit(v128.store(to, sum, { offset: 16 * i })));
            });
            code.add(to, i32.const(4 * 4 * panelWidth));
          });
          code.add(columns, filterPanelBytes);
        });
        code.add(patches, patchBytes);
        code.add(filter, filterBytes);
        code.add(products, productBytes);
      });
    },
  );
}

/**
 * Defines a function (patches, patchBytes, tiles, tileBytes, sums, sumBytes, depth, channelGroups, outputPanels, adds)
 * that stores the products of patches [points, channelGroups, depth, 4] and tiles [points, outputPanels, depth, panelWidth] as
 * [points, outputPanels, channelGroups, 4, panelWidth], or adds them to what is there if `adds` is 1.
 */
export function defineAccumulateProduct(
  module: ModuleBuilder,
  features: Features,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32, I32, I32], readonly []> {
  const panelWidth = panelWidthFor(features);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, patches, patchBytes, tiles, tileBytes, sums, sumBytes, depth, channelGroups, outputPanels, adds) => {
      const point = code.local('i32');
      const panel = code.local('i32');
      const group = code.local('i32');
      const a = code.local('i32');
      const b = code.local('i32');
      const to = code.local('i32');
      const panelBytes = code.local('i32', i32.mul(depth, i32.const(4 * panelWidth)));
      code.for(point, i32.const(0), i32.const(points), 1, () => {
        const columns = code.local('i32', tiles);
        code.set(to, sums);
        code.for(panel, i32.const(0), outputPanels, 1, () => {
          code.set(a, patches);
          code.for(group, i32.const(0), channelGroups, 1, () => {
            code.set(b, columns);
            const tile = emitPanelTile(code, a, b, depth, features);
            code.if(adds, () => addStored(code, tile, to));
            tile.forEach((sum, i) => code.emit(v128.store(to, sum, { offset: 16 * i })));
            code.add(to, i32.const(4 * 4 * panelWidth));
          });
          code.add(columns, panelBytes);
        });
        code.add(patches, patchBytes);
        code.add(tiles, tileBytes);
        code.add(sums, sumBytes);
      });
    },
  );
}
