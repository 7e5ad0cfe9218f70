import type { Backend, Buffer } from './backend.ts';
import { allocate, arrayOn, type DType, type TypedArray } from './dtype.ts';
import type { Kernel, Operand, Plan, Slot } from './kernel.ts';
import type { Elementwise, Strided } from './primitives/primitive.ts';
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
  const runs = joinAxes(inputs.map(({ view }) => view));
  const [x, y = x!, z = x!] = inputs.map(({ values }) => values);
  const starts = runs.map(({ outer }) => positions(outer));
  const steps = runs.map(({ step }) => step);
  const { length } = runs[0]!;
  for (let row = 0, i = 0; row < starts[0]!.length; row++) {
    const begin = starts.map((start) => start[row]!);
    if (inputs.length === 1) i = unaryRow(f, output, i, length, x!, begin[0]!, steps[0]!);
    else if (inputs.length === 2)
      i = binaryRow(f, output, i, length, x!, begin[0]!, steps[0]!, y, begin[1]!, steps[1]!);
    else {
      for (let k = 0; k < length; k++) {
        output[i++] = f(x![begin[0]! + k * steps[0]!]!, y[begin[1]! + k * steps[1]!]!, z[begin[2]! + k * steps[2]!]!);
      }
    }
  }
}

function reduce(kernel: Extract<Kernel, { kind: 'reduce' }>, output: TypedArray, { values, view }: Strided): void {
  const { initial, combine, index } = kernel.operation;
  const { shape, strides, offset } = view;
  const outer = positions({ shape: shape.slice(0, kernel.kept), strides: strides.slice(0, kernel.kept), offset });
  const inner = positions({ shape: shape.slice(kernel.kept), strides: strides.slice(kernel.kept), offset: 0 });
  for (let i = 0; i < output.length; i++) {
    let accumulator = initial;
    let last = 0;
    for (let k = 0; k < inner.length; k++) {
      const next = combine(accumulator, values[outer[i]! + inner[k]!]!);
      if (index && !Object.is(next, accumulator)) last = k;
      accumulator = next;
    }
    output[i] = index ? last : accumulator;
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

function unaryRow(
  f: Elementwise['value'],
  output: TypedArray,
  i: number,
  length: number,
  x: TypedArray,
  at: number,
  step: number,
): number {
  for (let k = 0; k < length; k++, at += step) output[i++] = f(x[at]!);
  return i;
}

function binaryRow(
  f: Elementwise['value'],
  output: TypedArray,
  i: number,
  length: number,
  x: TypedArray,
  atX: number,
  stepX: number,
  y: TypedArray,
  atY: number,
  stepY: number,
): number {
  for (let k = 0; k < length; k++, atX += stepX, atY += stepY) output[i++] = f(x[atX]!, y[atY]!);
  return i;
}
