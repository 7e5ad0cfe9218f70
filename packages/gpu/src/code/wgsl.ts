// Kernels in WGSL, for the mode webgpu. It has integers and bits, so that all dtypes are computed exactly.
import { nodesOf, type Scalar, type Step } from '@thetagrad/core';
import { arrayName, outOfRange, type Code, type IndexCheck, type Place } from './code.ts';
import { natives, type Native } from './natives.ts';
import { Writer, valueTypeOf, type Value, type ValueType } from './writer.ts';
import { helperSources } from './wgslHelpers.ts';

/** Threads in a workgroup of kernels that compute one element in each thread. */
const workgroup = 64;
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

export class WgslWriter extends Writer {
  override readonly element = 'index';
  readonly #helpers = new Set<string>();
  /** Nodes whose rounding matters: compilers would take x for (x + y) − y, and x + 3 for (x + 1) + 2. */
  #rounded: ReadonlySet<Scalar> = new Set();
  #reports = false;

  override integer(text: string): string {
    if (/^-?\w+$/.test(text)) return text;
    const name = this.fresh('c');
    this.line(`let ${name} = ${text};`);
    return name;
  }

  override quotient(i: string, n: number): string {
    return n === 1 ? i : `(${i} / ${n})`;
  }

  override remainder(i: string, n: number): string {
    return `(${i} % ${n})`;
  }

  override index(value: Value): string {
    return value.text;
  }

  override fromIndex(i: string): Value {
    return this.#keep('i32', `i32(${i})`);
  }

  override choose(condition: string, x: Value, y: Value): Value {
    return this.#keep(x.type, `select(${y.text}, ${x.text}, ${condition})`);
  }

  override indexWhere(condition: string, x: string, y: string): string {
    return `select(${y}, ${x}, ${condition})`;
  }

  override condition(text: string): Value {
    return this.#keep('bool', text);
  }

  override reportOutside(index: string, { operation, axis, length }: Omit<IndexCheck, 'input'>): void {
    this.#reports = true;
    this.block(`if (${index} < ${-length} || ${index} >= ${length})`, () =>
      this.line(`report(${operationNumber(operation)}u, ${index}, ${axis}, ${length});`),
    );
  }

  override holds(value: Value): string {
    return value.text;
  }

  override variable(initial: Value): Value {
    const name = this.fresh();
    this.line(`var ${name} : ${initial.type} = ${initial.text};`);
    return { type: initial.type, text: name };
  }

  override set(variable: Value, value: Value): void {
    this.line(`${variable.text} = ${value.text};`);
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
    const { workgroups, index } = groupsOf(Math.ceil(output.size / workgroup));
    return this.program(name, output, {
      workgroups,
      size: workgroup,
      parameters: '@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) own : u32',
      anyIndex: 'own',
      prologue: [`let index = i32((${index}) * ${workgroup}u + own);`, `if (index >= ${output.size}) { return; }`],
    });
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
    },
  ): Code {
    const { workgroups, size, parameters, anyIndex, declarations = [], prologue } = entry;
    const inputs = this.inputs.map(({ dtype }) => dtype);
    const bindings = inputs.map(
      (dtype, i) => `var<storage, read> ${arrayName(i)} : array<${storedType(valueTypeOf(dtype))}>;`,
    );
    bindings.push(`var<storage, read_write> result : array<${storedType(valueTypeOf(output.dtype))}>;`);
    if (this.#reports) bindings.push('var<storage, read_write> reported : array<atomic<i32>>;');
    const source = [
      ...bindings.map((binding, i) => `@group(0) @binding(${i}) ${binding}`),
      ...helperSources(this.#helpers),
      ...(this.#reports ? [report] : []),
      ...declarations,
      `@compute @workgroup_size(${size})\nfn main(${parameters}) {`,
      ...(this.#helpers.has('rounded') ? [`  zero = ${anyIndex} >> 31u;`] : []),
      ...prologue.map((line) => `  ${line}`),
      this.statements,
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

  /** A call of a helper function of `wgslHelpers.ts`. */
  helper(name: string, ...inputs: readonly string[]): string {
    this.#helpers.add(name);
    return `${name}(${inputs.join(', ')})`;
  }

  protected override loaded(type: ValueType, array: string, index: string): Value {
    const element = `${array}[${index}]`;
    return this.#keep(type, type === 'bool' ? `${element} != 0` : element);
  }

  protected override isNative({ operation, dtype }: Step): boolean {
    return native(operation.value, valueTypeOf(dtype)) !== undefined;
  }

  protected override node(node: Scalar, inputs: readonly Value[]): Value {
    // Compilers compute constant expressions themselves, and refuse infinities and overflow.
    const isConstant = node.inputs.length > 0 && node.inputs.every(({ operation }) => operation === 'constant');
    const texts = inputs.map(({ text, type }) =>
      isConstant && type !== 'bool' ? this.helper(`${type}AtRunTime`, text) : text,
    );
    const text = this.#expression(node, texts);
    const type = node.type as ValueType;
    if (node.operation === 'constant') return { type, text };
    return this.#keep(type, this.#rounded.has(node) ? this.helper('rounded', text) : text);
  }

  protected override prepare(root: Scalar): void {
    this.#rounded = new Set(nodesOf(root).flatMap(cancelling));
  }

  #keep(type: ValueType, text: string): Value {
    const name = this.fresh();
    this.line(`let ${name} = ${text};`);
    return { type, text: name };
  }

  #expression(node: Scalar, inputs: readonly string[]): string {
    const { operation, value } = node;
    const [x, y, z] = inputs as [string, string, string];
    const type = (node.inputs[0]?.type ?? node.type) as ValueType;
    const isFloat = type === 'f32';
    switch (operation) {
      case 'constant':
        return this.#constant(node.type as ValueType, value);
      case 'add':
        return `${x} + ${y}`;
      case 'sub':
        return `${x} - ${y}`;
      case 'mul':
        return `${x} * ${y}`;
      case 'div':
        return `${x} / ${y}`;
      case 'min':
      case 'max':
        return isFloat ? this.helper(operation === 'min' ? 'smaller' : 'larger', x, y) : `${operation}(${x}, ${y})`;
      case 'and':
        return `${x} & ${y}`;
      case 'or':
        return `${x} | ${y}`;
      case 'xor':
        return type === 'bool' ? `${x} != ${y}` : `${x} ^ ${y}`;
      case 'neg':
        return `-${x}`;
      case 'abs':
      case 'sqrt':
      case 'floor':
      case 'ceil':
      case 'trunc':
        return `${operation}(${x})`;
      case 'nearest':
        return `round(${x})`;
      case 'not':
        return type === 'bool' ? `!${x}` : `~${x}`;
      case 'shl':
      case 'shrS':
        return `${x} ${operation === 'shl' ? '<<' : '>>'} ${value}u`;
      case 'shrU':
        return `bitcast<i32>(bitcast<u32>(${x}) >> ${value}u)`;
      case 'eq':
        return `${x} == ${y}`;
      case 'ne':
        // Compilers may hold that nothing differs from itself.
        if (isFloat && node.inputs[0] === node.inputs[1]) return this.helper('notANumber', x);
        // WGSL's != is false for NaN.
        return isFloat ? `!(${x} == ${y})` : `${x} != ${y}`;
      case 'lt':
        return `${x} < ${y}`;
      case 'le':
        return `${x} <= ${y}`;
      case 'select':
        return `select(${z}, ${y}, ${x})`;
      case 'bits':
        return `bitcast<i32>(${x})`;
      case 'float':
        return `bitcast<f32>(${x})`;
      case 'convert':
        if (node.type === 'bool') return isFloat ? `!(${x} == 0.0)` : `${x} != 0`;
        return isFloat ? this.helper('integer', x) : `${node.type}(${x})`;
      case 'call': {
        const name = native(node.function!, node.type as ValueType);
        if (name !== undefined) return this.helper(name, x, y);
        throw noLowering();
      }
      default:
        throw new Error(`gpu: no WGSL for ${operation} of ${type}`);
    }
  }

  #constant(type: ValueType, value: number): string {
    if (type === 'bool') return String(value !== 0);
    if (type === 'i32') {
      const whole = Math.max(-(2 ** 31), Math.min(Math.trunc(value), 2 ** 31 - 1));
      return whole === -(2 ** 31) ? 'i32(-2147483648)' : `i32(${whole})`;
    }
    const rounded = Math.fround(value);
    // Literals may be neither infinite nor NaN, and denormal ones may become 0.
    if (!Number.isFinite(rounded) || (rounded !== 0 && Math.abs(rounded) < 2 ** -126) || Object.is(rounded, -0)) {
      const bits = new Uint32Array(Float32Array.of(rounded).buffer)[0]!;
      return this.helper('floatOf', `${bits}u`);
    }
    return `f32(${rounded})`;
  }
}

function native(f: Native, type: ValueType): string | undefined {
  return natives.wgsl.get(f)?.[type];
}

export function noLowering(): TypeError {
  return new TypeError(
    'gpu: an operation has a JavaScript function alone, which no GPU can call; give its record `lower`, or compute it ' +
      'on the wasm or the reference backend',
  );
}

/** Of a sum or difference, the inputs that are sums or differences with which a compiler could merge it. */
function cancelling({ operation, inputs }: Scalar): Scalar[] {
  if (!isSum(operation) || inputs[0]!.type !== 'f32') return [];
  return inputs.filter((input, i) => {
    const other = inputs[1 - i]!;
    return isSum(input.operation) && input.inputs.some((part) => part === other || areConstant(part, other));
  });
}

function isSum(operation: Scalar['operation']): boolean {
  return operation === 'add' || operation === 'sub';
}

function areConstant(x: Scalar, y: Scalar): boolean {
  return x.operation === 'constant' && y.operation === 'constant';
}
