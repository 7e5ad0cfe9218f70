// Long reductions in WGSL: the threads of a workgroup share the elements of a result, then combine their accumulators in shared
// memory. Where results are few, several workgroups reduce slices of one, which a second command combines.
import { joinAxes, sizeOf, type ReduceKernel } from '@thetagrad/core/backend';
import { createScratch, type Command, type Location } from '../code/command.ts';
import { wgsl } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { dispatchOf, WgslWriter } from '../code/wgsl.ts';
import { plus, times, type Value } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { isAlongRows, Reduction, type Accumulator } from './reduction.ts';
import { runLength } from './runs.ts';

const workgroupSize = 64;
/** Shorter reductions run in one thread. */
const minLength = 4 * workgroupSize;
/** The number of results from which one thread for each keeps a device busy. */
const manyResults = 8192;
const [minSliceLength, maxSlices] = [16_384, 128];

/** Whether a workgroup for each result is better than a thread. */
export function suitsGroups(kernel: ReduceKernel): boolean {
  const results = sizeOf(kernel.shape.slice(0, kernel.kept));
  const length = sizeOf(kernel.shape.slice(kernel.kept));
  if (length < minLength) return false;
  // Threads that each walk along a row would read scattered memory at the same time.
  return results < manyResults || isAlongRows(kernel);
}

export function lowerGroups(kernel: ReduceKernel, name: string): Command[] {
  const { output, shape, kept, operation } = kernel;
  const length = sizeOf(shape.slice(kept));
  const slices = operation.index
    ? 1
    : Math.max(1, Math.min(Math.floor(length / minSliceLength), Math.floor(maxSlices / output.size)));
  const reduction = new Reduction(kernel);
  if (slices === 1) return [emitGroups(kernel, name, output, 1, (writer, total) => reduction.result(writer, total))];
  const partial = createScratch(reduction.type === 'f32' ? 'float32' : 'int32', output.size * slices);
  return [
    emitGroups(kernel, name, partial, slices, (_, total) => total.value),
    emitElementwise(wgsl, `${operation.name} (of slices)`, output, (writer, element) => {
      const total = reduction.begin(writer);
      writer.loop(slices, (slice) => {
        const value = writer.load(partial, plus([times(slice, output.size), element]));
        reduction.merge(writer, total, { value });
      });
      return reduction.result(writer, total);
    }),
  ];
}

function emitGroups(
  kernel: ReduceKernel,
  name: string,
  output: Location,
  slices: number,
  finish: (writer: WgslWriter, total: Accumulator) => Value,
): Command {
  const { body, shape, kept } = kernel;
  const views = body.operands.map(({ view }) => view);
  const outer = joinAxes(views, 0, kept);
  const inner = joinAxes(views, kept, shape.length);
  const results = sizeOf(outer.shape);
  const length = sizeOf(inner.shape);
  const perSlice = Math.ceil(length / slices);
  const reduction = new Reduction(kernel);
  const dispatch = dispatchOf(results * slices);
  const writer = new WgslWriter();

  const [slice, result] = coordinatesOf(writer, 'task', [slices, results]) as [string, string];
  const coordinates = coordinatesOf(writer, result, outer.shape);
  const starts = views.map(({ offset }, i) => writer.bindIndex(positionOf(coordinates, outer.strides[i]!, offset)));
  const from = writer.bindIndex(times(slice, perSlice));
  const to = writer.bindIndex(slices === 1 ? String(length) : `min(${from} + ${perSlice}, ${length})`);
  const total = reduction.begin(writer);
  const addTerms = (total: Accumulator, from: string, to: string): void =>
    writer.block(`for (var k = ${plus([from, 'thread'])}; k < ${to}; k += ${workgroupSize})`, () => {
      const coordinates = coordinatesOf(writer, 'k', inner.shape);
      const values = body.operands.map(({ slot }, i) =>
        writer.load(slot, positionOf(coordinates, inner.strides[i]!, starts[i]!)),
      );
      reduction.add(writer, total, writer.evaluateBody(body, values), 'k');
    });
  const run = runLength * workgroupSize;
  if (perSlice <= run) addTerms(total, from, to);
  else {
    writer.block(`for (var start = ${from}; start < ${to}; start += ${run})`, () => {
      const part = reduction.begin(writer);
      addTerms(part, 'start', `min(start + ${run}, ${to})`);
      reduction.merge(writer, total, part);
    });
  }
  combineThreads(writer, reduction, total);
  writer.block('if (thread == 0)', () => {
    writer.store(plus([times(slice, results), result]), finish(writer, total));
  });

  const declarations = [`var<workgroup> values : array<${reduction.type}, ${workgroupSize}>;`];
  if (total.index) declarations.push(`var<workgroup> indices : array<i32, ${workgroupSize}>;`);
  const code = writer.program(name, output, {
    workgroups: dispatch.workgroups,
    workgroupSize,
    declarations,
    prologue: [
      'let thread = i32(local);',
      `let task = i32(${dispatch.index});`,
      `if (task >= ${dispatch.count}) { return; }`,
    ],
  });
  return { code, inputs: writer.inputs, output };
}

/** Combines the accumulators of all threads into that of thread 0: in each round half of them take in the other half. */
function combineThreads(writer: WgslWriter, reduction: Reduction, total: Accumulator): void {
  const share = (): void => {
    writer.line(`values[thread] = ${total.value.text};`);
    if (total.index) writer.line(`indices[thread] = ${total.index.text};`);
  };
  share();
  writer.block(`for (var half = ${workgroupSize / 2}; half > 0; half /= 2)`, () => {
    writer.line('workgroupBarrier();');
    writer.block('if (thread < half)', () => {
      const read = (array: string): string => writer.bindIndex(`${array}[thread + half]`);
      const value: Value = { type: reduction.type, text: read('values') };
      reduction.mergeUnordered(
        writer,
        total,
        total.index ? { value, index: { type: 'i32', text: read('indices') } } : { value },
      );
      share();
    });
  });
}
