// Kernels in WGSL, for the mode webgpu.
import { arrayName, outOfRange, type Code, type IndexCheck, type Place } from './code.ts';
import { withUsed } from './helpers.ts';
import { TypedWriter } from './typed.ts';
import { valueTypeOf, type Value, type ValueType } from './writer.ts';
import { wgslHelpers } from './wgslHelpers.ts';

/** Threads in a workgroup of kernels that compute one element in each thread. */
const workgroup = 64;
/** So many threads are enough, where each can compute several elements. */
const manyThreads = 4096;
/** The most workgroups along one dimension. */
const mostGroups = 65_535;

/** How elements are stored: bool as 0 or 1. */
function storedType(type: ValueType): string {
  return type === 'f32' ? 'f32' : 'i32';
}

/** The first index that is out of range is kept: {@link reportedIndex} reads it. */
const report = `fn report(operation : u32, index : i32, axis : i32, length : i32) {
  if (atomicExchange(&reported[0], i32(operation)) == 0) {
    atomicStore(&reported[1], index);
    atomicStore(&reported[2], axis);
    atomicStore(&reported[3], length);
  }
}`;

/** The names of operations that have been compiled, so that kernels can name them by a number, from 1 on. */
const operations: string[] = [];

function operationNumber(name: string): number {
  const known = operations.indexOf(name);
  return 1 + (known < 0 ? operations.push(name) - 1 : known);
}

/** How many integers a report takes. */
export const reportSize = 4;

/** The error that a report says, if there is one. */
export function reportedIndex([operation, index, axis, length]: Int32Array): RangeError | undefined {
  return operation === 0 ? undefined : outOfRange(operations[operation! - 1]!, index!, axis!, length!);
}

/** So many workgroups, in two dimensions where one does not suffice: there are then a few beyond `count`. */
export function groupsOf(count: number): {
  readonly count: number;
  readonly workgroups: readonly [number, number, number];
  /** The number of a workgroup, from the parameter `group`. */
  readonly index: string;
} {
  const rows = Math.max(1, Math.ceil(count / mostGroups));
  const columns = Math.ceil(count / rows);
  const index = rows === 1 ? 'group.x' : `group.x + group.y * ${columns}u`;
  return { count, workgroups: [columns, rows, 1], index };
}

export class WgslWriter extends TypedWriter {
  override readonly element = 'index';
  protected override readonly leastInteger = 'i32(-2147483648)';
  readonly #mostPerThread: number;
  #reports = false;

  /** @param mostPerThread How many elements a thread computes, one after another, where there are many. */
  constructor(mostPerThread = 1) {
    super();
    this.#mostPerThread = mostPerThread;
  }

  override reportOutside(index: string, { operation, axis, length }: Omit<IndexCheck, 'input'>): void {
    this.#reports = true;
    this.block(`if (${index} < ${-length} || ${index} >= ${length})`, () =>
      this.line(`report(${operationNumber(operation)}u, ${index}, ${axis}, ${length});`),
    );
  }

  /** Without the branches of `&&`, which compilers would carry all variables through. */
  override all(conditions: readonly string[]): Value {
    return this.keep('bool', conditions.map((condition) => `(${condition})`).join(' & '));
  }

  override loop(count: number, body: (k: string) => void): void {
    if (count === 1) return body('0');
    const k = this.fresh('k');
    this.block(`for (var ${k} = 0; ${k} < ${count}; ${k}++)`, () => body(k));
  }

  /** Writes an element of the kernel's output. */
  store(index: string, value: Value): void {
    this.line(`result[${index}] = ${value.type === 'bool' ? `i32(${value.text})` : value.text};`);
  }

  override finish(name: string, result: Value, output: Place): Code {
    this.store('index', result);
    const { size } = output;
    const perThread = Math.max(1, Math.min(Math.floor(size / manyThreads), this.#mostPerThread));
    const span = perThread * workgroup;
    const { workgroups, index } = groupsOf(Math.ceil(size / span));
    const first = `i32((${index}) * ${span}u + own)`;
    return this.program(name, output, {
      workgroups,
      size: workgroup,
      parameters: '@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) own : u32',
      anyIndex: 'own',
      prologue: [`let index = ${first};`, `if (index >= ${size}) { return; }`],
      ...(perThread > 1 && { repeated: this.#repeated(first, span, size) }),
    });
  }

  /** The elements of a thread, one after another; so that neighbours have neighbouring ones, they are a workgroup apart. */
  #repeated(first: string, span: number, size: number): string[] {
    // A turn of a loop costs more than what little is in it; but compilers take long for much.
    const length = this.statements.includes('for (') ? Infinity : this.statements.split('\n').length;
    const unrolled = length <= 16 ? 4 : length <= 40 ? 2 : 1;
    const calls = Array.from({ length: unrolled }, (_, i) => `  element(index + ${i * workgroup});`);
    return [
      `var index = ${first};`,
      `let end = min(index + ${span}, ${size});`,
      `for (; index < end - ${(unrolled - 1) * workgroup}; index += ${unrolled * workgroup}) {`,
      ...calls,
      '}',
      `for (; index < end; index += ${workgroup}) { element(index); }`,
    ];
  }

  /** The statements so far as a program: bindings, helper functions and an entry point around them. */
  program(
    name: string,
    output: Place,
    entry: {
      readonly workgroups: readonly [number, number, number];
      readonly size: number;
      readonly parameters: string;
      /** An index (u32) that is less than 2³¹, which the compiler cannot know. */
      readonly anyIndex: string;
      readonly declarations?: readonly string[];
      readonly prologue: readonly string[];
      /** Instead of it: calls of `element(index)`, the function that the statements then are. */
      readonly repeated?: readonly string[];
    },
  ): Code {
    const { workgroups, size, parameters, anyIndex, declarations = [], prologue, repeated } = entry;
    const inputs = this.inputs.map(({ dtype }) => dtype);
    const bindings = inputs.map(
      (dtype, i) => `var<storage, read> ${arrayName(i)} : array<${storedType(valueTypeOf(dtype))}>;`,
    );
    bindings.push(`var<storage, read_write> result : array<${storedType(valueTypeOf(output.dtype))}>;`);
    if (this.#reports) bindings.push('var<storage, read_write> reported : array<atomic<i32>>;');
    const helpers = withUsed(this.helpers, wgslHelpers);
    const source = [
      ...bindings.map((binding, i) => `@group(0) @binding(${i}) ${binding}`),
      ...helpers.map((helper) => wgslHelpers[helper]!.text),
      ...(this.#reports ? [report] : []),
      ...declarations,
      ...(repeated ? ['fn element(index : i32) {', this.statements, '}'] : []),
      `@compute @workgroup_size(${size})\nfn main(${parameters}) {`,
      ...(helpers.includes('zero') ? [`  zero = ${anyIndex} >> 31u;`] : []),
      ...(repeated ?? prologue).map((line) => `  ${line}`),
      ...(repeated ? [] : [this.statements]),
      '}',
    ].join('\n');
    return {
      name,
      source,
      inputs,
      output: { dtype: output.dtype, size: output.size },
      workgroups,
      reports: this.#reports,
    };
  }

  protected override typeName(type: ValueType): string {
    return type;
  }

  protected override declaration(type: ValueType, name: string, initial: string, isConstant: boolean): string {
    return isConstant ? `let ${name} = ${initial};` : `var ${name} : ${type} = ${initial};`;
  }

  protected override chosen(condition: string, x: string, y: string): string {
    return `select(${y}, ${x}, ${condition})`;
  }

  protected override both(x: string, y: string): string {
    return `${x} & ${y}`;
  }

  protected override either(x: string, y: string): string {
    return `${x} | ${y}`;
  }

  protected override bitsOf(x: string): string {
    return `bitcast<i32>(${x})`;
  }

  protected override floatOfBits(x: string): string {
    return `bitcast<f32>(${x})`;
  }

  protected override shiftedUnsigned(x: string, bits: number): string {
    return `bitcast<i32>(bitcast<u32>(${x}) >> ${bits}u)`;
  }

  protected override nearest(x: string): string {
    return `round(${x})`;
  }

  protected override loaded({ dtype }: Place, array: string, index: string): Value {
    const type = valueTypeOf(dtype);
    const element = `${array}[${index}]`;
    return this.keep(type, type === 'bool' ? `${element} != 0` : element);
  }
}
