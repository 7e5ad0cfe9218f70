// Convolutions with one or two outputs per group and filters as wide as the input: the gradient of the filter of a
// depthwise convolution. Register tiles would be nearly empty, but rows of input and filter are long: so each output is
// a sum of dot products of rows, nine outputs (a 3×3 filter) at a time.
import {
  f32,
  f32x4,
  f64,
  i32,
  memory,
  v128,
  type FunctionRef,
  type ModuleBuilder,
  type Value,
} from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { loadEverySecond } from '../../emit/lanes.ts';
import { countChunks, cutUnits, emitMin, emitUnits } from '../../emit/units.ts';
import { emitAddWide, wideSumBytes } from '../../emit/wideSum.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { defineFillOffsets, offsetWordCount, offsetWords } from '../panels/gather.ts';
import { startsOf, type Convolution, type Phase } from './geometry.ts';

const maxOutputs = 2;
const minTaps = 8;
const positionsInUnit = 9;

const names = [
  'input',
  'filter',
  'output',
  'perGroup',
  'channels',
  'rows',
  'columns',
  'positions',
  'blocks',
  'groupBytes',
  'channelBytes',
  'rowBytes',
  'columnBytes',
  'outputBytes',
  'filterChannelBytes',
  'filterRowBytes',
  'planeBytes',
  'units',
  'unitsInChunk',
] as const;

/** The command for the outputs of a phase, `undefined` if this algorithm does not fit. */
export function dotsCommand(convolution: Convolution, y: Phase, x: Phase): Command | undefined {
  const { input, filter, shape, groups } = convolution;
  const [imageStride, channelStride, rowStride, columnStride] = input.view.strides as [number, number, number, number];
  const [outputStride, inputStride, filterRow, filterColumn] = filter.view.strides as [number, number, number, number];
  const [count, outputs, height, width] = shape as [number, number, number, number];
  const columnBytes = 4 * x.tapStep * columnStride;
  const isFit = outputs / groups <= maxOutputs && x.taps >= minTaps && x.tapDistance * filterColumn === 1;
  if (!isFit || (columnBytes !== 4 && columnBytes !== 8)) return undefined;
  const channels = filter.view.shape[1]!;
  const positions = count * y.count * x.count;
  const blocks = Math.ceil(positions / positionsInUnit);
  const cut = cutUnits(outputs * blocks, channels * y.taps * (x.taps + 8) * positionsInUnit, 1 << 19);
  const axis = (size: number, stride: number) => ({ size, byteStride: 4 * stride });
  return {
    code: dots,
    words: [
      ...packWords(names, {
        ...startsOf(convolution, y, x),
        perGroup: outputs / groups,
        channels,
        rows: y.taps,
        columns: x.taps,
        positions,
        blocks,
        groupBytes: 4 * channels * channelStride,
        channelBytes: 4 * channelStride,
        rowBytes: 4 * y.tapStep * rowStride,
        columnBytes,
        outputBytes: 4 * outputStride,
        filterChannelBytes: 4 * inputStride,
        filterRowBytes: 4 * y.tapDistance * filterRow,
        planeBytes: 4 * height * width,
        ...cut,
      }),
      ...offsetWords([
        axis(count, imageStride),
        axis(y.count, y.stride * rowStride),
        axis(x.count, x.stride * columnStride),
      ]),
      ...offsetWords([axis(count, outputs * height * width), axis(y.count, y.step * width), axis(x.count, x.step)]),
    ],
    chunks: countChunks(cut),
    workspaceBytes: layout.bytes,
  };
}

/** The layout of the workspace: the offsets of a unit's positions in input and output, and four sums of each. */
const layout = { inInput: 0, inOutput: 64, sums: 128, bytes: 128 + wideSumBytes * positionsInUnit } as const;

/** The number of vectors that are added up in float32, before their sum is added in float64. */
const maxRun = 256;

/** A unit is nine positions of an output channel. */
const dots = kernelCode('convolution dots', {}, (module) => {
  const fill = defineFillOffsets(module);
  const contiguousPlane = defineAddPlane(module, 4, (at) => v128.load(at, { align: 4 }));
  const everySecondPlane = defineAddPlane(module, 8, (at) => loadEverySecond(at));
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const axes = (which: 0 | 1) => i32.add(args, i32.const(4 * (names.length + which * offsetWordCount)));
    const i = code.local('i32');
    const channel = code.local('i32');
    emitUnits(code, chunk, w, (unit) => {
      const first = code.local('i32', i32.mul(i32.remU(unit, w.blocks), i32.const(positionsInUnit)));
      const output = code.local('i32', i32.divU(unit, w.blocks));
      const count = emitMin(code, i32.const(positionsInUnit), i32.sub(w.positions, first));
      const inOutput = i32.add(workspace, i32.const(layout.inOutput));
      code.emit(code.call(fill, axes(0), first, count, i32.const(positionsInUnit), workspace));
      code.emit(code.call(fill, axes(1), first, count, count, inOutput));
      const sums = code.local('i32', i32.add(workspace, i32.const(layout.sums)));
      code.emit(memory.fill(sums, i32.const(0), i32.const(wideSumBytes * positionsInUnit)));
      const image = code.local('i32', i32.add(w.input, i32.mul(i32.divU(output, w.perGroup), w.groupBytes)));
      const filter = code.local('i32', i32.add(w.filter, i32.mul(output, w.outputBytes)));
      code.for(channel, i32.const(0), w.channels, 1, () => {
        const plane = (each: typeof contiguousPlane) =>
          code.emit(code.call(each, image, w.rowBytes, filter, w.filterRowBytes, w.rows, w.columns, workspace));
        code.if(
          i32.eq(w.columnBytes, i32.const(4)),
          () => plane(contiguousPlane),
          () => plane(everySecondPlane),
        );
        code.add(image, w.channelBytes);
        code.add(filter, w.filterChannelBytes);
      });
      const to = code.local('i32', i32.add(w.output, i32.mul(output, w.planeBytes)));
      code.for(i, i32.const(0), count, 1, () => {
        const sum = code.local('i32', i32.add(sums, i32.mul(i, i32.const(wideSumBytes))));
        const lane = (number: number): Value<'f64'> => f64.load(sum, { offset: 8 * number });
        const at = i32.add(to, i32.load(i32.add(inOutput, i32.shl(i, i32.const(2)))));
        const total = f64.add(f64.add(lane(0), lane(1)), f64.add(lane(2), lane(3)));
        code.emit(f32.store(at, f32.demoteF64(total)));
      });
    });
  });
});

type I32 = 'i32';

/**
 * Defines a function (image, rowBytes, filter, filterRowBytes, rows, columns, workspace) that adds the products of one
 * channel's plane to the sums.
 */
function defineAddPlane(
  module: ModuleBuilder,
  columnBytes: number,
  load: (at: Value<I32>) => Value<'v128'>,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32], readonly []> {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, image, rowBytes, filter, filterRowBytes, rows, columns, workspace) => {
      const each = Array.from({ length: positionsInUnit }, (_, i) => i);
      const sums = each.map(() => code.local('v128', f32x4.splat(f32.const(0))));
      const offsets = each.map((i) => code.local('i32', i32.load(workspace, { offset: layout.inInput + 4 * i })));
      const factor = code.local('v128');
      const from = code.local('i32');
      const at = code.local('i32');
      const end = code.local('i32');
      const endOfWhole = code.local('i32');
      const row = code.local('i32');
      // The number of bytes of the filter whose products are in the sums.
      const run = code.local('i32');
      const flush = (): void => {
        sums.forEach((sum, i) => {
          emitAddWide(code, workspace, sum, layout.sums + wideSumBytes * i);
          code.set(sum, f32x4.splat(f32.const(0)));
        });
        code.set(run, i32.const(0));
      };
      code.for(row, i32.const(0), rows, 1, () => {
        code.set(at, filter);
        code.set(from, image);
        const step = (columnCount: number, loadFilter: Value<'v128'>, loadInput: typeof load): void => {
          code.while(i32.ltU(at, end), () => {
            code.set(factor, loadFilter);
            sums.forEach((sum, i) =>
              code.set(sum, f32x4.add(sum, f32x4.mul(factor, loadInput(i32.add(from, offsets[i]!))))),
            );
            code.add(at, i32.const(4 * columnCount));
            code.add(from, i32.const(columnBytes * columnCount));
          });
        };
        code.set(endOfWhole, i32.add(filter, i32.shl(i32.and(columns, i32.const(-4)), i32.const(2))));
        code.while(i32.ltU(at, endOfWhole), () => {
          code.set(end, emitMin(code, i32.add(at, i32.const(16 * maxRun)), endOfWhole));
          step(4, v128.load(at, { align: 4 }), load);
          code.if(i32.ltU(end, endOfWhole), flush);
        });
        // The remaining columns in lane 0; the other lanes add 0 · 0.
        code.set(end, i32.add(filter, i32.shl(columns, i32.const(2))));
        step(1, v128.load32Zero(at), (address) => v128.load32Zero(address));
        code.add(run, i32.shl(columns, i32.const(2)));
        code.if(i32.geU(run, i32.const(8 * maxRun)), flush);
        code.add(image, rowBytes);
        code.add(filter, filterRowBytes);
      });
      flush();
    },
  );
}
