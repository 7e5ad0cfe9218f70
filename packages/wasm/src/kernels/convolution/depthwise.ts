// Convolutions with one channel per group: each filter element uses an input element once, so nothing is packed. A row
// of outputs is the sum of scaled rows of the input.
import { f32, f32x4, i32, v128, type FunctionRef, type ModuleBuilder, type Value } from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { loadEverySecond } from '../../emit/lanes.ts';
import { countChunks, cutUnits, emitUnits } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { defineFillOffsets, offsetWordCount, offsetWords } from '../panels/gather.ts';
import { startsOf, type Convolution, type Phase } from './geometry.ts';

const names = [
  'input',
  'filter',
  'output',
  'channels',
  'perGroup',
  'rows',
  'columns',
  'taps',
  'imageBytes',
  'channelBytes',
  'rowBytes',
  'columnBytes',
  'filterBytes',
  'planeBytes',
  'outputRowBytes',
  'outputColumnBytes',
  'units',
  'unitsInChunk',
] as const;

/** The command for the outputs of a phase. A unit is an output plane. */
export function depthwiseCommand(convolution: Convolution, y: Phase, x: Phase): Command {
  const { input, filter, shape, groups } = convolution;
  const [imageStride, channelStride, rowStride, columnStride] = input.view.strides as [number, number, number, number];
  const [filterStride, , filterRow, filterColumn] = filter.view.strides as [number, number, number, number];
  const taps = y.taps * x.taps;
  const [count, channels, height, width] = shape as [number, number, number, number];
  const cut = cutUnits(count * channels, y.count * x.count * (taps + 2) + 100, 1 << 19);
  const one = { size: 1, byteStride: 0 };
  const axis = (size: number, stride: number) => ({ size, byteStride: 4 * stride });
  return {
    code: depthwise,
    words: [
      ...packWords(names, {
        ...startsOf(convolution, y, x),
        channels,
        perGroup: channels / groups,
        rows: y.count,
        columns: x.count,
        taps,
        imageBytes: 4 * imageStride,
        channelBytes: 4 * channelStride,
        rowBytes: 4 * y.stride * rowStride,
        columnBytes: 4 * x.stride * columnStride,
        filterBytes: 4 * filterStride,
        planeBytes: 4 * height * width,
        outputRowBytes: 4 * y.step * width,
        outputColumnBytes: 4 * x.step,
        ...cut,
      }),
      ...offsetWords([one, axis(y.taps, y.tapStep * rowStride), axis(x.taps, x.tapStep * columnStride)]),
      ...offsetWords([one, axis(y.taps, y.tapDistance * filterRow), axis(x.taps, x.tapDistance * filterColumn)]),
    ],
    chunks: countChunks(cut),
    workspaceBytes: 12 * taps,
  };
}

/** The workspace holds three lists over the taps: their offsets in the input, in the filter, and their factors. */
const depthwise = kernelCode('convolution depthwise', {}, (module) => {
  const fill = defineFillOffsets(module);
  const [contiguousRow, everySecondRow, anyRow] = defineSumRows(module);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const tapBytes = code.local('i32', i32.shl(w.taps, i32.const(2)));
    const filterOffsets = code.local('i32', i32.add(workspace, tapBytes));
    const factors = code.local('i32', i32.add(filterOffsets, tapBytes));
    const axes = (which: 0 | 1) => i32.add(args, i32.const(4 * (names.length + which * offsetWordCount)));
    code.emit(code.call(fill, axes(0), i32.const(0), w.taps, w.taps, workspace));
    code.emit(code.call(fill, axes(1), i32.const(0), w.taps, w.taps, filterOffsets));
    const i = code.local('i32');
    emitUnits(code, chunk, w, (unit) => {
      const channel = code.local('i32', i32.remU(unit, w.channels));
      const filter = code.local('i32', i32.add(w.filter, i32.mul(channel, w.filterBytes)));
      code.for(i, i32.const(0), tapBytes, 4, () => {
        const factor = f32.load(i32.add(filter, i32.load(i32.add(filterOffsets, i))));
        code.emit(f32.store(i32.add(factors, i), factor));
      });
      const image = i32.mul(i32.divU(unit, w.channels), w.imageBytes);
      const plane = i32.mul(i32.divU(channel, w.perGroup), w.channelBytes);
      const from = code.local('i32', i32.add(w.input, i32.add(image, plane)));
      const to = code.local('i32', i32.add(w.output, i32.mul(unit, w.planeBytes)));
      code.for(i, i32.const(0), w.rows, 1, () => {
        const row = (each: typeof anyRow) =>
          code.emit(
            code.call(each, from, w.columnBytes, workspace, factors, w.taps, to, w.outputColumnBytes, w.columns),
          );
        code.if(
          i32.eq(w.columnBytes, i32.const(4)),
          () => row(contiguousRow),
          () =>
            code.if(
              i32.eq(w.columnBytes, i32.const(8)),
              () => row(everySecondRow),
              () => row(anyRow),
            ),
        );
        code.add(from, w.rowBytes);
        code.add(to, w.outputRowBytes);
      });
    });
  });
});

type I32 = 'i32';
type RowFunction = FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32], readonly []>;

/**
 * Defines three functions (from, fromBytes, offsets, factors, taps, to, toBytes, columns) that sum `taps` ≥ 1 scaled
 * rows: for contiguous input columns, for every second one, and for any stride.
 */
function defineSumRows(module: ModuleBuilder): [RowFunction, RowFunction, RowFunction] {
  const contiguous = (at: Value<I32>, vector: number): Value<'v128'> =>
    v128.load(at, { offset: 16 * vector, align: 4 });
  const seconds = (at: Value<I32>, vector: number): Value<'v128'> => loadEverySecond(at, 32 * vector);
  return [
    defineSumVectorRow(module, 4, contiguous),
    defineSumVectorRow(module, 8, seconds),
    defineSumScalarRow(module),
  ];
}

function defineSumVectorRow(
  module: ModuleBuilder,
  columnBytes: number,
  load: (at: Value<I32>, vector: number) => Value<'v128'>,
): RowFunction {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, _fromBytes, offsets, factors, taps, to, toBytes, columns) => {
      const tap = code.local('i32');
      const end = code.local('i32', i32.shl(taps, i32.const(2)));
      const at = code.local('i32');
      const factor = code.local('v128');
      const sums = [0, 1, 2, 3].map(() => code.local('v128'));
      const sum = (vectors: number): void => {
        const used = sums.slice(0, vectors);
        for (const each of used) code.set(each, f32x4.splat(f32.const(0)));
        code.set(tap, i32.const(0));
        code.doWhile(
          () => {
            code.set(at, i32.add(from, i32.load(i32.add(offsets, tap))));
            code.set(factor, v128.load32Splat(i32.add(factors, tap)));
            used.forEach((each, vector) => code.set(each, f32x4.add(each, f32x4.mul(factor, load(at, vector)))));
            code.add(tap, i32.const(4));
          },
          i32.ltU(tap, end),
        );
      };
      const advance = (vectors: number): void => {
        code.add(from, i32.const(4 * vectors * columnBytes));
        code.set(columns, i32.sub(columns, i32.const(4 * vectors)));
      };
      code.if(i32.eq(toBytes, i32.const(4)), () => {
        for (const vectors of [4, 1]) {
          code.while(i32.geU(columns, i32.const(4 * vectors)), () => {
            sum(vectors);
            for (let vector = 0; vector < vectors; vector++) {
              code.emit(v128.store(to, sums[vector]!, { offset: 16 * vector, align: 4 }));
            }
            code.add(to, i32.const(16 * vectors));
            advance(vectors);
          });
        }
      });
      // The remaining columns, and strided outputs: lane by lane.
      const lane = (number: number): void => {
        code.emit(v128.store32Lane(to, sums[0]!, number));
        code.add(to, toBytes);
      };
      code.while(i32.geS(columns, i32.const(1)), () => {
        sum(1);
        lane(0);
        for (const number of [1, 2, 3]) code.if(i32.gtS(columns, i32.const(number)), () => lane(number));
        advance(1);
      });
    },
  );
}

function defineSumScalarRow(module: ModuleBuilder): RowFunction {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, fromBytes, offsets, factors, taps, to, toBytes, columns) => {
      const tap = code.local('i32');
      const end = code.local('i32', i32.shl(taps, i32.const(2)));
      const column = code.local('i32');
      const sum = code.local('f32');
      code.for(column, i32.const(0), columns, 1, () => {
        code.set(sum, f32.const(0));
        code.for(tap, i32.const(0), end, 4, () => {
          const input = f32.load(i32.add(from, i32.load(i32.add(offsets, tap))));
          code.set(sum, f32.add(sum, f32.mul(f32.load(i32.add(factors, tap)), input)));
        });
        code.emit(f32.store(to, sum));
        code.add(from, fromBytes);
        code.add(to, toBytes);
      });
    },
  );
}
