import type { Backend, Buffer } from './backend.ts';
import { allocate, arrayOn, type DType, type TypedArray } from './dtype.ts';
import type { Kernel, Operand, Plan, Slot } from './kernel.ts';
import type { Elementwise, Strided } from './primitives/primitive.ts';
import { mapLoop, reduceLoop } from './loops.ts';
import { positions, type View } from './shape.ts';

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

  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[]): void {
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
    for (const kernel of plan.kernels) run(kernel, arrayOf);
  }
}

const referenceBackend = new ReferenceBackend();

/** The reference backend: plain TypeScript, no speed. It is in use until `setBackend` chooses another. */
export function reference(): Backend {
  return referenceBackend;
}

function run(kernel: Kernel, arrayOf: (slot: Slot) => TypedArray): void {
  const inputs = kernel.operands.map(({ slot, view }: Operand): Strided => ({ values: arrayOf(slot), view }));
  const output = arrayOf(kernel.output);
  switch (kernel.kind) {
    case 'map':
      return map(kernel.operation, kernel.output.dtype, output, inputs);
    case 'reduce':
      return reduce(kernel, output, inputs[0]!);
    case 'routine':
      return kernel.operation.run(output, kernel.shape, inputs, kernel.attributes);
  }
}

function map({ value, integer }: Elementwise, dtype: DType, output: TypedArray, inputs: readonly Strided[]): void {
  const f = dtype === 'int32' && integer ? (integer as Elementwise['value']) : value;
  const rows = joinAxes(inputs.map(({ view }) => view));
  const starts = rows.map(({ outer }) => positions(outer));
  const steps = rows.map(({ step }) => step);
  const loop = mapLoop(f, inputs.length);
  loop(
    output,
    rows[0]!.length,
    inputs.map(({ values }) => values),
    starts,
    steps,
  );
}

function reduce(kernel: Extract<Kernel, { kind: 'reduce' }>, output: TypedArray, { values, view }: Strided): void {
  const { initial, combine, index } = kernel.operation;
  const { shape, strides, offset } = view;
  const outer = positions({ shape: shape.slice(0, kernel.kept), strides: strides.slice(0, kernel.kept), offset });
  const inner = positions({ shape: shape.slice(kernel.kept), strides: strides.slice(kernel.kept), offset: 0 });
  if (!index) return reduceLoop(combine)(output, values, outer, inner, initial);
  for (let i = 0; i < output.length; i++) {
    let accumulator = initial;
    output[i] = 0;
    for (let k = 0; k < inner.length; k++) {
      const next = combine(accumulator, values[outer[i]! + inner[k]!]!);
      if (!Object.is(next, accumulator)) output[i] = k;
      accumulator = next;
    }
  }
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
