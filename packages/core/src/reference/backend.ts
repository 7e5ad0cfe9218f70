import { allocate, arrayOn, type DType, type TypedArray } from '../data/dtype.ts';
import { HostBuffer } from '../data/hostBuffer.ts';
import { joinRows, positions, type Shape, type View } from '../data/shape.ts';
import type { Strided } from '../data/strided.ts';
import type { Attributes } from '../graph/primitive.ts';
import type { Backend, Buffer } from '../schedule/backend.ts';
import type { Body, Kernel, Plan, ReduceKernel, RoutineKernel, Slot } from '../schedule/kernel.ts';
import { mapLoop, reduceLoop } from './loops.ts';

/**
 * Runs every kernel in TypeScript, in double precision, stored in the kernel's dtype. Runs everywhere.
 */
class ReferenceBackend implements Backend {
  readonly name = 'reference';
  readonly dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];
  /** Kept from run to run, so that a training loop allocates nothing for its intermediates. */
  #arena = new ArrayBuffer(0);

  upload(values: TypedArray, dtype: DType): Buffer {
    return new HostBuffer(values, dtype);
  }

  allocate(dtype: DType, size: number): Buffer {
    return new HostBuffer(allocate(dtype, size), dtype);
  }

  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    if (this.#arena.byteLength < plan.arenaBytes) this.#arena = new ArrayBuffer(plan.arenaBytes);
    const arena = this.#arena;
    const arrays = new Map<Slot, TypedArray>();
    const arrayOf = (slot: Slot): TypedArray => {
      let array = arrays.get(slot);
      if (!array) {
        if (slot.kind === 'arena') array = arrayOn(arena, slot.dtype, slot.byteOffset, slot.size);
        else array = ((slot.kind === 'input' ? inputs : outputs)[slot.index] as HostBuffer).values;
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
}

const referenceBackend = new ReferenceBackend();

/** The reference backend, in plain TypeScript. In use until `setBackend` chooses another. */
export function reference(): Backend {
  return referenceBackend;
}

/** Runs one kernel in JavaScript on arrays, for backends that have no code for it. */
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
  const rows = joinRows(operands.map(({ view }) => view));
  const loop = mapLoop(steps, operands.length);
  loop(
    output,
    rows[0]!.length,
    operands.map(({ slot }) => arrayOf(slot)),
    rows.map(({ outer }) => positions(outer)),
    rows.map(({ step }) => step),
  );
}

function runReduce({ operation, body, kept, output }: ReduceKernel, arrayOf: (slot: Slot) => TypedArray): void {
  const { operands, steps } = body;
  const { integer, combine, index = false } = operation;
  const part = ({ shape, strides }: View, offset: number, from: number, to: number): Int32Array =>
    positions({ shape: shape.slice(from, to), strides: strides.slice(from, to), offset });
  const exact = output.dtype === 'int32' && integer ? integer : combine;
  reduceLoop(steps, operands.length, { combine: exact, index })(
    arrayOf(output),
    operands.map(({ slot }) => arrayOf(slot)),
    operands.map(({ view }) => part(view, view.offset, 0, kept)),
    operands.map(({ view }) => part(view, 0, kept, view.shape.length)),
    operation.initial,
  );
}

interface UntypedRoutine {
  run(output: TypedArray, shape: Shape, inputs: readonly Strided[], attributes: Attributes): void;
  runFast?: UntypedRoutine['run'];
}

function runRoutine(kernel: RoutineKernel, arrayOf: (slot: Slot) => TypedArray): void {
  const output = arrayOf(kernel.output);
  const inputs = kernel.operands.map(({ slot, view }): Strided => ({ values: arrayOf(slot), view }));
  const definition: UntypedRoutine = kernel.definition;
  if (definition.runFast) definition.runFast(output, kernel.shape, inputs, kernel.attributes);
  else definition.run(output, kernel.shape, inputs, kernel.attributes);
  if (kernel.epilogue) runMap(kernel.epilogue, output, arrayOf);
}
