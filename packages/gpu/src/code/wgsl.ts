// Kernels in WGSL, for WebGPU.
import { arrayName, type Code, type Location } from './command.ts';
import { withDependencies } from './helpers.ts';
import { ShaderWriter } from './shaderWriter.ts';
import { valueTypeOf, type Value, type ValueType } from './writer.ts';
import { wgslHelpers } from './wgslHelpers.ts';

/** Threads in a workgroup of kernels in which each thread computes one element. */
const workgroupSize = 64;
/** With fewer threads than this, each computes one element. */
const manyThreads = 4096;
/** WebGPU's limit on workgroups along a dimension. */
const maxWorkgroups = 65_535;

/** Compilers cannot know that the size of a subgroup is the same in all of its threads. */
const subgroupDirectives = ['enable subgroups;', 'diagnostic(off, subgroup_uniformity);'];

/** How elements are stored: bool as 0 or 1. */
function storedType(type: ValueType): string {
  return type === 'f32' ? 'f32' : 'i32';
}

/** `count` workgroups, in two dimensions where one does not suffice: then a few more than `count` are started. */
export interface Dispatch {
  readonly count: number;
  readonly workgroups: readonly [number, number, number];
  /** The number of a workgroup, as an expression of the parameter `group`. */
  readonly index: string;
}

export function dispatchOf(count: number): Dispatch {
  const rows = Math.max(1, Math.ceil(count / maxWorkgroups));
  const columns = Math.ceil(count / rows);
  const index = rows === 1 ? 'group.x' : `group.x + group.y * ${columns}u`;
  return { count, workgroups: [columns, rows, 1], index };
}

/**
 * The entry point of a program. Its parameters are `group`, the workgroup's id, `local`, the thread's number in it and, with
 * subgroups, `lane`, its number in its subgroup.
 */
export interface EntryPoint {
  readonly workgroups: readonly [number, number, number];
  readonly workgroupSize: number;
  /** Default: false. */
  readonly hasSubgroups?: boolean;
  /** Declarations at module scope. */
  readonly declarations?: readonly string[];
  /** Statements before those of the writer. */
  readonly prologue: readonly string[];
}

export class WgslWriter extends ShaderWriter {
  override readonly element = 'index';
  protected override readonly minInteger = 'i32(-2147483648)';
  readonly #maxPerThread: number;

  /** @param maxPerThread The number of elements that a thread computes at most, one after another. */
  constructor(maxPerThread = 1) {
    super();
    this.#maxPerThread = maxPerThread;
  }

  /** Without the branches of `&&`, through which compilers would carry all variables. */
  override all(conditions: readonly string[]): Value {
    return this.bind('bool', conditions.map((condition) => `(${condition})`).join(' & '));
  }

  override loop(count: number, body: (k: string) => void): void {
    if (count === 1) return body('0');
    const k = this.newName('k');
    this.block(`for (var ${k} = 0; ${k} < ${count}; ${k}++)`, () => body(k));
  }

  /** Writes an element of the output. */
  store(position: string, value: Value): void {
    this.line(`result[${position}] = ${value.type === 'bool' ? `i32(${value.text})` : value.text};`);
  }

  override finish(name: string, result: Value, output: Location): Code {
    this.store('index', result);
    const { size } = output;
    const perThread = Math.max(1, Math.min(Math.floor(size / manyThreads), this.#maxPerThread));
    const span = perThread * workgroupSize;
    const { workgroups, index } = dispatchOf(Math.ceil(size / span));
    const first = `i32((${index}) * ${span}u + local)`;
    const prologue = [`let index = ${first};`, `if (index >= ${size}) { return; }`];
    const entry = { workgroups, workgroupSize, prologue };
    return this.#assemble(name, output, entry, perThread > 1 ? this.#elementLoop(first, span, size) : undefined);
  }

  /** The program of the statements so far: bindings, helper functions and an entry point around them. */
  program(name: string, output: Location, entry: EntryPoint): Code {
    return this.#assemble(name, output, entry);
  }

  /**
   * Calls `element` for each element of a thread. Consecutive ones are a workgroup apart, so that neighboring threads access
   * neighboring elements.
   */
  #elementLoop(first: string, span: number, size: number): string[] {
    // Unrolled where the statements are few: an iteration costs more than they do. Long sources are slow to compile.
    const length = this.statements.includes('for (') ? Infinity : this.statements.split('\n').length;
    const unrolled = length <= 16 ? 4 : length <= 40 ? 2 : 1;
    const calls = Array.from({ length: unrolled }, (_, i) => `  element(index + ${i * workgroupSize});`);
    return [
      `var index = ${first};`,
      `let end = min(index + ${span}, ${size});`,
      `for (; index < end - ${(unrolled - 1) * workgroupSize}; index += ${unrolled * workgroupSize}) {`,
      ...calls,
      '}',
      `for (; index < end; index += ${workgroupSize}) { element(index); }`,
    ];
  }

  /** With `elementLoop` the statements become the function `element(index)`, and it the body of the entry point. */
  #assemble(name: string, output: Location, entry: EntryPoint, elementLoop?: readonly string[]): Code {
    const { workgroups, workgroupSize, hasSubgroups = false, declarations = [], prologue } = entry;
    const inputs = this.inputs.map(({ dtype }) => dtype);
    const bindings = inputs.map(
      (dtype, i) => `var<storage, read> ${arrayName(i)} : array<${storedType(valueTypeOf(dtype))}>;`,
    );
    bindings.push(`var<storage, read_write> result : array<${storedType(valueTypeOf(output.dtype))}>;`);
    const helpers = withDependencies(this.helpers, wgslHelpers);
    const parameters = ['@builtin(workgroup_id) group : vec3<u32>', '@builtin(local_invocation_index) local : u32'];
    if (hasSubgroups) parameters.push('@builtin(subgroup_invocation_id) lane : u32');
    const source = [
      ...(hasSubgroups ? subgroupDirectives : []),
      ...bindings.map((binding, i) => `@group(0) @binding(${i}) ${binding}`),
      ...helpers.map((helper) => wgslHelpers[helper]!.text),
      ...declarations,
      ...(elementLoop ? ['fn element(index : i32) {', this.statements, '}'] : []),
      `@compute @workgroup_size(${workgroupSize})`,
      `fn main(${parameters.join(', ')}) {`,
      // The compiler cannot know that `local` is less than 2³¹.
      ...(helpers.includes('opaqueZero') ? ['  opaqueZero = local >> 31u;'] : []),
      ...(elementLoop ?? prologue).map((line) => `  ${line}`),
      ...(elementLoop ? [] : [this.statements]),
      '}',
    ].join('\n');
    return {
      name,
      source,
      inputs,
      output: { dtype: output.dtype, size: output.size },
      workgroups,
    };
  }

  protected override typeName(type: ValueType): string {
    return type;
  }

  protected override declaration(type: ValueType, name: string, initial: string, isConstant: boolean): string {
    return isConstant ? `let ${name} = ${initial};` : `var ${name} : ${type} = ${initial};`;
  }

  protected override selection(condition: string, x: string, y: string): string {
    return `select(${y}, ${x}, ${condition})`;
  }

  protected override conjunction(x: string, y: string): string {
    return `${x} & ${y}`;
  }

  protected override disjunction(x: string, y: string): string {
    return `${x} | ${y}`;
  }

  protected override bitcastToInt(x: string): string {
    return `bitcast<i32>(${x})`;
  }

  protected override bitcastToFloat(x: string): string {
    return `bitcast<f32>(${x})`;
  }

  protected override shiftRightLogical(x: string, bits: number): string {
    return `bitcast<i32>(bitcast<u32>(${x}) >> ${bits}u)`;
  }

  protected override roundToEven(x: string): string {
    return `round(${x})`;
  }

  protected override renderLoad({ dtype }: Location, array: string, position: string): Value {
    const type = valueTypeOf(dtype);
    const element = `${array}[${position}]`;
    return this.bind(type, type === 'bool' ? `${element} != 0` : element);
  }
}
