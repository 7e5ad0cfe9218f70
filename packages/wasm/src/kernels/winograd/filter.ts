import { i32, v128, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, Scratch } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { countChunks, cutUnits, emitUnits } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import type { ConvolutionOperand } from '../convolution/geometry.ts';
import { panelWidthFor, pointBytes } from './layout.ts';
import { arithmetic, emitTransform, filterFactors, filterTransform, points } from './transforms.ts';

const names = [
  'from',
  'to',
  'channels',
  'outputs',
  'panels',
  'outputBytes',
  'channelBytes',
  'rowBytes',
  'columnBytes',
  'pointBytes',
  'units',
  'unitsInChunk',
] as const;

export function transformedFilterBytes(groups: number, outputs: number, channels: number, panelWidth: number): number {
  return groups * Math.ceil(outputs / panelWidth) * points * pointBytes(panelWidth * channels);
}

/**
 * Transforms a filter [groups · outputs, channels, 3, 3] to [groups, panels, points, channels, panelWidth]. A unit
 * is a panel.
 */
export function transformFilterCommand(
  { slot, view }: ConvolutionOperand,
  groups: number,
  features: Features,
  to: Scratch,
): Command {
  const [outputBytes, channelBytes, rowBytes, columnBytes] = view.strides.map((stride) => 4 * stride) as [
    number,
    number,
    number,
    number,
  ];
  const outputs = view.shape[0]! / groups;
  const channels = view.shape[1]!;
  const panelWidth = panelWidthFor(features);
  const panels = Math.ceil(outputs / panelWidth);
  const cut = cutUnits(groups * panels, channels, 1 << 10);
  return {
    code: kernelCode('winograd filter', { panelWidth, relaxed: features.relaxed }, assemble),
    words: packWords(names, {
      from: { slot, byteOffset: 4 * view.offset },
      to: { slot: to, byteOffset: 0 },
      channels,
      outputs,
      panels,
      outputBytes,
      channelBytes,
      rowBytes,
      columnBytes,
      pointBytes: pointBytes(panelWidth * channels),
      ...cut,
    }),
    chunks: countChunks(cut),
    workspaceBytes: 0,
  };
}

interface Structure {
  readonly panelWidth: number;
  readonly relaxed: boolean;
}

function assemble(module: ModuleBuilder, { panelWidth, relaxed }: Structure): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const on = arithmetic(code, filterFactors, relaxed);
    const offset = code.local('i32');
    const channel = code.local('i32');
    emitUnits(code, chunk, w, (unit) => {
      const panel = i32.remU(unit, w.panels);
      const firstInGroup = code.local('i32', i32.mul(panel, i32.const(panelWidth)));
      const group = code.local('i32', i32.divU(unit, w.panels));
      const groupOutputs = i32.mul(group, w.outputs);
      const panelTo = code.local('i32', i32.add(w.to, i32.mul(unit, i32.mul(w.pointBytes, i32.const(points)))));
      code.for(offset, i32.const(0), i32.const(panelWidth), 4, () => {
        // Repeats the last output's filter; what is computed from it is not stored.
        const filters = [0, 1, 2, 3].map((lane) => {
          const output = code.local('i32', i32.add(i32.add(firstInGroup, offset), i32.const(lane)));
          code.if(i32.geU(output, w.outputs), () => code.set(output, i32.sub(w.outputs, i32.const(1))));
          const address = i32.mul(i32.add(groupOutputs, output), w.outputBytes);
          return code.local('i32', i32.add(w.from, address));
        });
        const to = code.local('i32', i32.add(panelTo, i32.shl(offset, i32.const(2))));
        code.for(channel, i32.const(0), w.channels, 1, () => {
          const rows = [0, 1, 2].map((i) => {
            const row = code.local('i32', i32.mul(w.rowBytes, i32.const(i)));
            return [0, 1, 2].map((j) => {
              const at = code.local('i32', i32.add(row, i32.mul(w.columnBytes, i32.const(j))));
              const column = code.local('v128', v128.load32Zero(i32.add(filters[0]!, at)));
              for (const lane of [1, 2, 3]) {
                code.set(column, v128.load32Lane(i32.add(filters[lane]!, at), column, lane));
              }
              return column;
            });
          });
          const target = code.local('i32', to);
          for (const point of emitTransform(on, filterTransform, rows).flat()) {
            code.emit(v128.store(target, point));
            code.add(target, w.pointBytes);
          }
          for (const filter of filters) code.add(filter, w.channelBytes);
          code.add(to, i32.const(4 * panelWidth));
        });
      });
    });
  });
}
