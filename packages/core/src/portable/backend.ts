import { allocate, arrayOn, type DType, type TypedArray } from '../data/dtype.ts';
import { HostBuffer } from '../data/hostBuffer.ts';
import { joinAxes, positions, sizeOf, type Shape, type View } from '../data/shape.ts';
import type { Strided } from '../data/strided.ts';
import type { Attributes } from '../graph/primitive.ts';
import type { Buffer } from '../data/buffer.ts';
import type { Loop } from '../graph/routines.ts';
import type { Backend } from '../schedule/backend.ts';
import { operandsOf } from '../schedule/body.ts';
import type { Body, Kernel, Plan, ReduceKernel, RoutineKernel, Slot } from '../schedule/kernel.ts';
import { carrySize, conditionOf, endOf, stepOf, type LoopRange } from './loop.ts';
import { mapLoop, reduceLoop } from './loops.ts';

/**
 * The portable backend: every kernel in TypeScript, in double precision, rounded to the kernel's dtype where it is stored. The
 * plain definition of each operation stands next to its rules (ops/*.ts: `value`, `combine`, `run`); this backend and all
 * others are tested against it.
 */
class PortableBackend implements Backend {
  readonly name = 'portable';
  readonly dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];
  /** Memory for intermediates, reused between runs. */
  #arena = new ArrayBuffer(0);

  upload(values: TypedArray, dtype: DType): Buffer {
    return new HostBuffer(values, dtype);
  }

  allocate(dtype: DType, size: number): Buffer {
    return new HostBuffer(allocate(dtype, size), dtype);
  }

  subarray(buffer: Buffer, start: number, size: number): Buffer {
    return new HostBuffer((buffer as HostBuffer).values.subarray(start, start + size), buffer.dtype);
  }

  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    if (this.#arena.byteLength < plan.arenaBytes) this.#arena = allocateArena(plan);
    const valuesOf = (buffer: Buffer): TypedArray => (buffer as HostBuffer).values;
    runPlan(plan, inputs.map(valuesOf), outputs.map(valuesOf), this.#arena, timings);
  }
}

function allocateArena({ arenaBytes }: Plan): ArrayBuffer {
  return allocate('bool', arenaBytes).buffer as ArrayBuffer;
}

/** Runs the kernels of a plan on arrays. */
function runPlan(
  plan: Plan,
  inputs: readonly TypedArray[],
  outputs: readonly TypedArray[],
  arena: ArrayBuffer,
  timings?: Float64Array,
): void {
  const arrays = new Map<Slot, TypedArray>();
  const arrayOf = (slot: Slot): TypedArray => {
    let array = arrays.get(slot);
    if (!array) {
      if (slot.kind === 'arena') array = arrayOn(arena, slot.dtype, slot.byteOffset, slot.size);
      else array = (slot.kind === 'input' ? inputs : outputs)[slot.index]!;
      arrays.set(slot, array);
    }
    return array;
  };
  plan.kernels.forEach((kernel, i) => {
    const start = timings ? performance.now() : 0;
    runOnHost(kernel, arrayOf);
    if (timings) timings[i] = performance.now() - start;
  });
}

/** Runs a loop on the contiguous inputs of a routine. */
export function runLoop(loop: Loop, output: TypedArray, inputs: readonly Strided[]): void {
  const { plan, count, outputSizes, isConditional } = loop;
  const arena = allocateArena(plan);
  const carries = [0, 1].map(() => output.slice(0, carrySize(loop)));
  const rowSizes = inputs.map(({ view }) => sizeOf(view.shape) / count);
  const { kernels } = plan;
  const sizeOfInput = new Map<number, number>();
  for (const { slot } of kernels.flatMap(operandsOf)) if (slot.kind === 'input') sizeOfInput.set(slot.index, slot.size);
  const arrayOf = ({ array, start }: LoopRange, size: number): TypedArray => {
    const values =
      array.kind === 'output' ? output : array.kind === 'carries' ? carries[array.index]! : inputs[array.index]!.values;
    return values.subarray(start, start + size);
  };
  for (let step = 0; step < count; step++) {
    if (isConditional && arrayOf(conditionOf(step), 1)[0] === 0) {
      for (const { from, to, size } of endOf(loop, step)) arrayOf(to, size).set(arrayOf(from, size));
      return;
    }
    const places = stepOf(loop, step, rowSizes);
    runPlan(
      plan,
      places.inputs.map((range, i) => arrayOf(range, sizeOfInput.get(i) ?? 0)),
      places.outputs.map((range, i) => arrayOf(range, outputSizes[i]!)),
      arena,
    );
  }
}

const portableBackend = new PortableBackend();

/**
 * The portable backend, in TypeScript, which runs in every JavaScript engine and supports all dtypes. The default; `setBackend`
 * selects another.
 */
export function portable(): Backend {
  return portableBackend;
}

/** Runs a kernel in TypeScript on the arrays of its slots, also for other backends that lack code for it. */
export function runOnHost(kernel: Kernel, arrayOf: (slot: Slot) => TypedArray): void {
  switch (kernel.kind) {
    case 'map':
      return runMap(kernel.body, arrayOf(kernel.output), arrayOf);
    case 'reduce':
      return runReduce(kernel, arrayOf);
    case 'routine':
      return runRoutine(kernel, arrayOf);
  }
}

function runMap({ operands, steps }: Body, output: TypedArray, arrayOf: (slot: Slot) => TypedArray): void {
  const { shape, strides } = joinAxes(operands.map(({ view }) => view));
  // The last joined axis is the row; the others say where rows start.
  const outer = shape.slice(0, -1);
  mapLoop(steps, operands.length)(
    output,
    shape.at(-1) ?? 1,
    operands.map(({ slot }) => arrayOf(slot)),
    operands.map(({ view }, i) => positions({ shape: outer, strides: strides[i]!.slice(0, -1), offset: view.offset })),
    strides.map((axes) => axes.at(-1) ?? 0),
  );
}

function runReduce({ operation, body, kept, output }: ReduceKernel, arrayOf: (slot: Slot) => TypedArray): void {
  const { operands, steps } = body;
  const { integer, combine, index = false, initial } = operation;
  const views = operands.map(({ view }) => view);
  const keptPositions = ({ shape, strides, offset }: View): Int32Array =>
    positions({ shape: shape.slice(0, kept), strides: strides.slice(0, kept), offset });
  // As in a map, the last joined axis is the row.
  const { shape, strides } = joinAxes(views, kept);
  const rows = shape.slice(0, -1);
  const combineExactly = output.dtype === 'int32' && integer ? integer : combine;
  const loop = reduceLoop(steps, operands.length, { combine: combineExactly, index, initial });
  loop(
    arrayOf(output),
    shape.at(-1) ?? 1,
    operands.map(({ slot }) => arrayOf(slot)),
    views.map(keptPositions),
    strides.map((axes) => positions({ shape: rows, strides: axes.slice(0, -1), offset: 0 })),
    strides.map((axes) => axes.at(-1) ?? 0),
  );
}

/** A routine without the types of its inputs and attributes, which a switch over its name would establish. */
interface UntypedRoutine {
  run(output: TypedArray, shape: Shape, inputs: readonly Strided[], attributes: Attributes): void;
  runFast?(output: TypedArray, shape: Shape, inputs: readonly Strided[], attributes: Attributes): void;
}

function runRoutine(kernel: RoutineKernel, arrayOf: (slot: Slot) => TypedArray): void {
  const output = arrayOf(kernel.output);
  const inputs = kernel.operands.map(({ slot, view }): Strided => ({ values: arrayOf(slot), view }));
  const { shape, attributes } = kernel;
  const definition: UntypedRoutine = kernel.definition;
  if (definition.runFast) definition.runFast(output, shape, inputs, attributes);
  else definition.run(output, shape, inputs, attributes);
  if (kernel.epilogue) runMap(kernel.epilogue, output, arrayOf);
}
