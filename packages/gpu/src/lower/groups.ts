// Long reductions in WGSL: the threads of a workgroup share the elements of a result, then combine their accumulators. Where
// results are few, several workgroups reduce slices of one, which a second command combines.
import { createScratch, type Command, type Location } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf } from '../code/positions.ts';
import { dispatchOf, WgslWriter } from '../code/wgsl.ts';
import { plus, times, type Value, type Writer } from '../code/writer.ts';
import { combineInMemory, combineInSubgroups } from './combineThreads.ts';
import { emitElementwise } from './elementwise.ts';
import type { Accumulator, Reduction } from './reduction.ts';
import { runLength } from './runs.ts';

const workgroupSize = 64;
const [minSliceLength, maxSlices] = [16_384, 128];

/** Shorter reductions run in one thread. */
export const minGroupedLength: number = 4 * workgroupSize;

/** A reduction to the elements of an output, each of as many elements. */
export interface GroupedReduction {
  readonly name: string;
  readonly reduction: Reduction;
  readonly output: Location;
  /** The number of elements of each result. */
  readonly length: number;
  /** For a result, its k-th element. */
  readonly elementsOf: (writer: WgslWriter, result: string) => (k: string) => Value;
  /** The value that is stored for a result. */
  readonly finish: (writer: Writer, total: Accumulator, result: string) => Value;
}

type Finish = GroupedReduction['finish'];

export function lowerGroups(grouped: GroupedReduction, language: Language): Command[] {
  const { name, reduction, output, length, finish } = grouped;
  const slices = reduction.isIndex
    ? 1
    : Math.max(1, Math.min(Math.floor(length / minSliceLength), Math.floor(maxSlices / output.size)));
  if (slices === 1) return [emitGroups(grouped, language, output, 1, finish)];
  const partial = createScratch(reduction.type === 'f32' ? 'float32' : 'int32', output.size * slices);
  return [
    emitGroups(grouped, language, partial, slices, (_, total) => total.value),
    emitElementwise(language, `${name} (of slices)`, output, (writer, element) => {
      const total = reduction.begin(writer);
      writer.loop(slices, (slice) => {
        const value = writer.load(partial, plus([times(slice, output.size), element]));
        reduction.merge(writer, total, { value });
      });
      return finish(writer, total, element);
    }),
  ];
}

function emitGroups(
  { name, reduction, output: { size: results }, length, elementsOf }: GroupedReduction,
  { hasSubgroups }: Language,
  output: Location,
  slices: number,
  finish: Finish,
): Command {
  const perSlice = Math.ceil(length / slices);
  const dispatch = dispatchOf(results * slices);
  const writer = new WgslWriter();

  const [slice, result] = coordinatesOf(writer, 'task', [slices, results]) as [string, string];
  const elementAt = elementsOf(writer, result);
  const from = writer.bindIndex(times(slice, perSlice));
  const to = writer.bindIndex(slices === 1 ? String(length) : `min(${from} + ${perSlice}, ${length})`);
  const own = reduction.begin(writer);
  const addElements = (total: Accumulator, from: string, to: string): void =>
    writer.block(`for (var k = ${plus([from, 'thread'])}; k < ${to}; k += ${workgroupSize})`, () =>
      reduction.add(writer, total, elementAt('k'), 'k'),
    );
  const run = runLength * workgroupSize;
  if (perSlice <= run) addElements(own, from, to);
  else {
    writer.block(`for (var start = ${from}; start < ${to}; start += ${run})`, () => {
      const part = reduction.begin(writer);
      addElements(part, 'start', `min(start + ${run}, ${to})`);
      reduction.merge(writer, own, part);
    });
  }
  const combineThreads = hasSubgroups ? combineInSubgroups : combineInMemory;
  const total = combineThreads(writer, reduction, own, workgroupSize);
  writer.block('if (thread == 0)', () => {
    writer.store(plus([times(slice, results), result]), finish(writer, total, result));
  });

  const declarations = [`var<workgroup> values : array<${reduction.type}, ${workgroupSize}>;`];
  if (total.index) declarations.push(`var<workgroup> indices : array<i32, ${workgroupSize}>;`);
  const code = writer.program(name, output, {
    workgroups: dispatch.workgroups,
    workgroupSize,
    hasSubgroups,
    declarations,
    prologue: [
      'let thread = i32(local);',
      `let task = i32(${dispatch.index});`,
      `if (task >= ${dispatch.count}) { return; }`,
    ],
  });
  return { code, inputs: writer.inputs, output };
}
