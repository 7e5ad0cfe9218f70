import { f32, i32, v128, type Code, type FunctionRef, type Local, type ModuleBuilder } from '../../assembler/index.ts';
import type { Features } from '../../command.ts';
import { transposeLanes } from '../../emit/lanes.ts';
import { emitMin } from '../../emit/units.ts';
import { panelWidthFor } from './layout.ts';
import { tileEntry } from './tiles.ts';
import {
  arithmetic,
  emitTransform,
  filterAdjoint,
  filterAdjointFactors,
  tileFactors,
  tileTransform,
} from './transforms.ts';

type I32 = 'i32';
type StoreFunction = FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32], readonly []>;

/**
 * Defines a function (tiles, endTiles, products, pointBytes, planes, planeBytes, rowBytes, outputs) that transforms
 * products [points, tiles, panelWidth] to output tiles and stores them in `outputs` ≤ panelWidth planes. Overwrites the products.
 */
export function defineStoreTiles(module: ModuleBuilder, features: Features): StoreFunction {
  const panelWidth = panelWidthFor(features);
  const clip = defineStoreClipped(module);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, tile, endTiles, products, pointBytes, planes, planeBytes, rowBytes, outputs) => {
      const on = arithmetic(code, tileFactors, features.relaxed);
      const lane = code.local('i32');
      const from = code.local('i32');
      code.while(i32.ltU(tile, endTiles), () => {
        const rows = code.local('i32', i32.load(tile, { offset: tileEntry.rows }));
        const columns = code.local('i32', i32.load(tile, { offset: tileEntry.columns }));
        const corner = code.local('i32', i32.add(planes, i32.load(tile, { offset: tileEntry.output })));
        const isWhole = code.local('i32', i32.and(i32.eq(rows, i32.const(4)), i32.eq(columns, i32.const(4))));
        code.for(lane, i32.const(0), outputs, 4, () => {
          const start = code.local('i32', i32.add(products, i32.shl(lane, i32.const(2))));
          const results = emitTransform(on, tileTransform, loadPoints(code, start, pointBytes));
          // Transposes lanes to columns: for each row of the tile, the rows of four outputs.
          const inRows = results.map((row) => transposeLanes(code, row).map((output) => code.local('v128', output)));
          const count = emitMin(code, i32.const(4), i32.sub(outputs, lane));
          code.if(
            i32.and(isWhole, i32.eq(count, i32.const(4))),
            () => {
              for (let output = 0; output < 4; output++) {
                const at = code.local('i32', corner);
                for (const row of inRows) {
                  code.emit(v128.store(at, row[output]!, { align: 4 }));
                  code.add(at, rowBytes);
                }
                code.add(corner, planeBytes);
              }
            },
            () => {
              // Overwrites the products, which have been read: the columns of four points hold a tile of one output.
              code.set(from, start);
              for (let output = 0; output < 4; output++) {
                for (const row of inRows) {
                  code.emit(v128.store(from, row[output]!));
                  code.add(from, pointBytes);
                }
              }
              code.emit(code.call(clip, start, pointBytes, corner, planeBytes, rowBytes, count, rows, columns));
              code.add(corner, i32.mul(planeBytes, count));
            },
          );
        });
        code.add(tile, i32.const(tileEntry.bytes));
        code.add(products, i32.const(4 * panelWidth));
      });
    },
  );
}

/**
 * Defines a function (from, fromBytes, to, planeBytes, rowBytes, outputs, rows, columns) that stores parts of tiles.
 */
function defineStoreClipped(module: ModuleBuilder): StoreFunction {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, fromBytes, to, planeBytes, rowBytes, outputs, rows, columns) => {
      const output = code.local('i32');
      const row = code.local('i32');
      const column = code.local('i32');
      const end = code.local('i32', i32.shl(columns, i32.const(2)));
      code.for(output, i32.const(0), outputs, 1, () => {
        const source = code.local('i32', from);
        const target = code.local('i32', to);
        code.for(row, i32.const(0), rows, 1, () => {
          code.for(column, i32.const(0), end, 4, () => {
            code.emit(f32.store(i32.add(target, column), f32.load(i32.add(source, column))));
          });
          code.add(source, fromBytes);
          code.add(target, rowBytes);
        });
        code.add(from, i32.shl(fromBytes, i32.const(2)));
        code.add(to, planeBytes);
      });
    },
  );
}

/**
 * Defines a function (sums, pointBytes, to, channelBytes, channels, outputs) that transforms sums
 * [points, ⌈outputs / panelWidth⌉, ⌈channels / 4⌉, 4, panelWidth] to 3×3 filters and stores them, `channelBytes` apart for channels.
 */
export function defineStoreGradient(
  module: ModuleBuilder,
  features: Features,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32], readonly []> {
  const panelWidth = panelWidthFor(features);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, sums, pointBytes, to, channelBytes, channels, outputs) => {
      const on = arithmetic(code, filterAdjointFactors, features.relaxed);
      const output = code.local('i32');
      const channel = code.local('i32');
      const panelRows = code.local('i32', i32.and(i32.add(channels, i32.const(3)), i32.const(-4)));
      code.for(output, i32.const(0), outputs, 4, () => {
        const row = i32.mul(i32.divU(output, i32.const(panelWidth)), panelRows);
        const element = i32.add(i32.mul(row, i32.const(panelWidth)), i32.and(output, i32.const(panelWidth - 1)));
        const first = code.local('i32', i32.add(sums, i32.shl(element, i32.const(2))));
        const target = code.local('i32', i32.add(to, i32.mul(output, i32.const(4 * 9))));
        const count = code.local('i32', i32.sub(outputs, output));
        code.for(channel, i32.const(0), channels, 1, () => {
          const filters = emitTransform(on, filterAdjoint, loadPoints(code, first, pointBytes)).flat();
          for (let lane = 0; lane < 4; lane++) {
            code.if(i32.gtU(count, i32.const(lane)), () =>
              filters.forEach((element, i) =>
                code.emit(v128.store32Lane(target, element, lane, { offset: 4 * (9 * lane + i) })),
              ),
            );
          }
          code.add(first, i32.const(4 * panelWidth));
          code.add(target, channelBytes);
        });
      });
    },
  );
}

/** Loads the 36 points of a tile, row by row, `pointBytes` apart. */
function loadPoints(code: Code, first: Local<I32>, pointBytes: Local<I32>): Local<'v128'>[][] {
  const from = code.local('i32', first);
  const six = [0, 1, 2, 3, 4, 5];
  return six.map(() =>
    six.map(() => {
      const point = code.local('v128', v128.load(from));
      code.add(from, pointBytes);
      return point;
    }),
  );
}
