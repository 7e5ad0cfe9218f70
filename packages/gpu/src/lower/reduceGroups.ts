// Long reductions in WGSL: a workgroup for each result, whose threads share the elements and then combine what they have in
// the workgroup's memory. Where results are few, several workgroups have slices of one, which a second kernel combines.
import { temporaryPlace, type Command, type Place } from '../code/code.ts';
import { coordinatesOf, joinAxes, placeOf, product } from '../code/views.ts';
import { sumOf, times, type Value } from '../code/writer.ts';
import { groupsOf, WgslWriter } from '../code/wgsl.ts';
import { elementwise, wgsl } from './language.ts';
import { isAlongRows, reductionOf, type Accumulator, type ReduceKernel } from './reduction.ts';

const threads = 64;
/** Below this a thread reduces by itself. */
const leastLength = 4 * threads;
/** From so many results on, each thread has enough to do with one. */
const manyResults = 8192;
/** How many elements a slice has at least, and how many slices there are at most. */
const [leastSlice, mostSlices] = [16_384, 128];

/** Whether a workgroup for each result is better than a thread. */
export function suitsGroups(kernel: ReduceKernel): boolean {
  const results = product(kernel.shape.slice(0, kernel.kept));
  const length = product(kernel.shape.slice(kernel.kept));
  if (length < leastLength) return false;
  // Threads that each go along a row of their own would read from everywhere at once.
  return results < manyResults || isAlongRows(kernel);
}

export function lowerGroups(kernel: ReduceKernel, name: string): Command[] {
  const { output, shape, kept, operation } = kernel;
  const length = product(shape.slice(kept));
  const slices = operation.index
    ? 1
    : Math.max(1, Math.min(Math.floor(length / leastSlice), Math.floor(mostSlices / output.size)));
  const reduction = reductionOf(kernel);
  if (slices === 1) return [grouped(kernel, name, output, 1, (writer, total) => reduction.result(writer, total))];
  const partial = temporaryPlace(reduction.type === 'f32' ? 'float32' : 'int32', output.size * slices);
  return [
    grouped(kernel, name, partial, slices, (_, total) => total.value),
    elementwise(wgsl, `${operation.name} (of slices)`, output, (writer, element) => {
      const total = reduction.begin(writer);
      writer.loop(slices, (slice) => {
        const value = writer.load(partial, sumOf([times(slice, output.size), element]));
        reduction.merge(writer, total, { value });
      });
      return reduction.result(writer, total);
    }),
  ];
}

function grouped(
  kernel: ReduceKernel,
  name: string,
  output: Place,
  slices: number,
  finish: (writer: WgslWriter, total: Accumulator) => Value,
): Command {
  const { body, shape, kept } = kernel;
  const views = body.operands.map(({ view }) => view);
  const outer = joinAxes(views, 0, kept);
  const inner = joinAxes(views, kept, shape.length);
  const results = product(outer.lengths);
  const length = product(inner.lengths);
  const perSlice = Math.ceil(length / slices);
  const reduction = reductionOf(kernel);
  const groups = groupsOf(results * slices);
  const writer = new WgslWriter();

  const [slice, result] = coordinatesOf(writer, 'task', [slices, results]) as [string, string];
  const at = coordinatesOf(writer, result, outer.lengths);
  const bases = views.map(({ offset }, i) => writer.integer(placeOf(at, outer.strides[i]!, offset)));
  const from = writer.integer(times(slice, perSlice));
  const to = writer.integer(slices === 1 ? String(length) : `min(${from} + ${perSlice}, ${length})`);
  const total = reduction.begin(writer);
  writer.block(`for (var k = ${sumOf([from, 'thread'])}; k < ${to}; k += ${threads})`, () => {
    const coordinates = coordinatesOf(writer, 'k', inner.lengths);
    const values = body.operands.map(({ slot }, i) =>
      writer.load(slot, placeOf(coordinates, inner.strides[i]!, bases[i]!)),
    );
    reduction.add(writer, total, writer.body(body, values), 'k');
  });

  const share = (): void => {
    writer.line(`values[thread] = ${total.value.text};`);
    if (total.index) writer.line(`indices[thread] = ${total.index.text};`);
  };
  share();
  writer.block(`for (var half = ${threads / 2}; half > 0; half /= 2)`, () => {
    writer.line('workgroupBarrier();');
    writer.block('if (thread < half)', () => {
      const shared = (array: string): string => writer.integer(`${array}[thread + half]`);
      const value: Value = { type: reduction.type, text: shared('values') };
      reduction.mergeUnordered(
        writer,
        total,
        total.index ? { value, index: { type: 'i32', text: shared('indices') } } : { value },
      );
      share();
    });
  });
  writer.block('if (thread == 0)', () => {
    writer.store(sumOf([times(slice, results), result]), finish(writer, total));
  });

  const declarations = [`var<workgroup> values : array<${reduction.type}, ${threads}>;`];
  if (total.index) declarations.push(`var<workgroup> indices : array<i32, ${threads}>;`);
  const code = writer.program(name, output, {
    workgroups: groups.workgroups,
    size: threads,
    parameters: '@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) own : u32',
    anyIndex: 'own',
    declarations,
    prologue: [
      'let thread = i32(own);',
      `let task = i32(${groups.index});`,
      `if (task >= ${groups.count}) { return; }`,
    ],
  });
  return { code, inputs: writer.inputs, output };
}
