import type { Operand, PoolAttributes, Shape, Slot } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value } from '../../assembler/index.ts';
import type { SlotAddress } from '../../command.ts';
import { stridedOperand } from '../../emit/stridedLoop.ts';

/** The names of the words that pooling and its transpose share: the units', {@link PoolWords} and {@link poolShape}. */
export const poolNames = [
  'units',
  'unitsInChunk',
  'to',
  'from',
  'channels',
  'height',
  'width',
  'rows',
  'columns',
  'imageBytes',
  'channelBytes',
  'rowBytes',
  'columnBytes',
  'kernelRows',
  'kernelColumns',
  'rowStep',
  'columnStep',
  'top',
  'left',
] as const;

/** What {@link poolWords} gives. */
export interface PoolWords {
  readonly to: SlotAddress;
  /** The operand, [N, C, ·, ·], with strides in bytes. */
  readonly from: SlotAddress;
  readonly channels: number;
  readonly imageBytes: number;
  readonly channelBytes: number;
  readonly rowBytes: number;
  readonly columnBytes: number;
  /** The size of windows, their distance, and the padding before the image. */
  readonly kernelRows: number;
  readonly kernelColumns: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly top: number;
  readonly left: number;
}

export function poolWords(
  operand: Operand,
  output: Slot,
  { kernelSize, stride, padBefore }: PoolAttributes,
): PoolWords {
  const { slot, view, bytes } = stridedOperand(operand);
  const [imageStride, channelStride, rowStride, columnStride] = view.strides as readonly [
    number,
    number,
    number,
    number,
  ];
  return {
    to: { slot: output, byteOffset: 0 },
    from: { slot, byteOffset: view.offset * bytes },
    channels: view.shape[1]!,
    imageBytes: imageStride * bytes,
    channelBytes: channelStride * bytes,
    rowBytes: rowStride * bytes,
    columnBytes: columnStride * bytes,
    kernelRows: kernelSize[0],
    kernelColumns: kernelSize[1],
    rowStep: stride[0],
    columnStep: stride[1],
    top: padBefore[0],
    left: padBefore[1],
  };
}

/** The image size and the number of windows. Of the routines' shapes, one is the image's and one the windows'. */
export function poolShape(
  [, , height, width]: Shape,
  [, , rows, columns]: Shape,
): Readonly<Record<'height' | 'width' | 'rows' | 'columns', number>> {
  return { height: height!, width: width!, rows: rows!, columns: columns! };
}

/** The image, the channel and the row of a unit: a row of a plane of `rows` rows. */
export function emitRowIndex(
  code: Code,
  unit: Local<'i32'>,
  rows: Local<'i32'>,
  channels: Local<'i32'>,
): { readonly image: Local<'i32'>; readonly channel: Value<'i32'>; readonly row: Value<'i32'> } {
  const planes = code.local('i32', i32.divU(unit, rows));
  const image = code.local('i32', i32.divU(planes, channels));
  return {
    image,
    channel: i32.sub(planes, i32.mul(image, channels)),
    row: i32.sub(unit, i32.mul(planes, rows)),
  };
}
