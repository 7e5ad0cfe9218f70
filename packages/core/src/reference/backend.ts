import type { Backend, Buffer } from '../schedule/backend.ts';
import { allocate, arrayOn, type DType, type TypedArray } from '../data/dtype.ts';
import type { Body, Kernel, Plan, Slot } from '../schedule/kernel.ts';
import type { Strided } from '../graph/primitive.ts';
import { mapLoop, reduceLoop } from './loops.ts';
import { positions, type View } from '../data/shape.ts';

/** Elements in a plain typed array. */
export class HostBuffer implements Buffer {
  readonly values: TypedArray;
  readonly dtype: DType;

  constructor(values: TypedArray, dtype: DType) {
    this.values = values;
    this.dtype = dtype;
  }

  get backend(): Backend {
    return referenceBackend;
  }

  get size(): number {
    return this.values.length;
  }

  async read(): Promise<TypedArray> {
    return this.readSync();
  }

  readSync(): TypedArray {
    return this.values.slice();
  }
}

/**
 * Every kernel in the simplest TypeScript, computed in double precision and stored in the kernel's dtype: the meaning of
 * every operation, which other backends are tested against. Runs everywhere.
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

/** The reference backend: plain TypeScript, no speed. It is in use until `setBackend` chooses another. */
export function reference(): Backend {
  return referenceBackend;
}

/** Runs one kernel in JavaScript on arrays: the definition of what a kernel does. For backends that have no code for it. */
export function runOnHost(kernel: Kernel, arrayOf: (slot: Slot) => TypedArray): void {
  const output = arrayOf(kernel.output);
  switch (kernel.kind) {
    case 'map':
      return map(kernel.body, output, arrayOf);
    case 'reduce':
      return reduce(kernel, output, arrayOf);
    case 'routine': {
      const inputs = kernel.operands.map(({ slot, view }): Strided => ({ values: arrayOf(slot), view }));
      kernel.operation.run(output, kernel.shape, inputs, kernel.attributes);
      if (kernel.tail) map(kernel.tail, output, arrayOf);
    }
  }
}

function map({ operands, steps }: Body, output: TypedArray, arrayOf: (slot: Slot) => TypedArray): void {
  const rows = joinAxes(operands.map(({ view }) => view));
  const loop = mapLoop(steps, operands.length);
  loop(
    output,
    rows[0]!.length,
    operands.map(({ slot }) => arrayOf(slot)),
    rows.map(({ outer }) => positions(outer)),
    rows.map(({ step }) => step),
  );
}

function reduce(
  { operation, body: { operands, steps }, kept }: Extract<Kernel, { kind: 'reduce' }>,
  output: TypedArray,
  arrayOf: (slot: Slot) => TypedArray,
): void {
  const part = ({ shape, strides }: View, offset: number, from: number, to: number): Int32Array =>
    positions({ shape: shape.slice(from, to), strides: strides.slice(from, to), offset });
  const { integer, combine, index = false } = operation;
  const exact = output instanceof Int32Array && integer ? integer : combine;
  reduceLoop(steps, operands.length, { combine: exact, index })(
    output,
    operands.map(({ slot }) => arrayOf(slot)),
    operands.map(({ view }) => part(view, view.offset, 0, kept)),
    operands.map(({ view }) => part(view, 0, kept, view.shape.length)),
    operation.initial,
  );
}

/** Rows of equally spaced elements: `outer` has the first element of each. */
interface Rows {
  readonly outer: View;
  readonly length: number;
  readonly step: number;
}

/** Views of one shape with their innermost axes joined where all of them allow it, for long rows. */
function joinAxes(views: readonly View[]): Rows[] {
  const { shape } = views[0]!;
  let axis = shape.length - 1;
  let length = shape[axis] ?? 1;
  while (axis > 0 && views.every(({ strides }) => strides[axis - 1] === strides[shape.length - 1]! * length))
    length *= shape[--axis]!;
  return views.map(({ strides, offset }) => ({
    outer: { shape: shape.slice(0, Math.max(0, axis)), strides: strides.slice(0, Math.max(0, axis)), offset },
    length,
    step: strides.at(-1) ?? 0,
  }));
}
