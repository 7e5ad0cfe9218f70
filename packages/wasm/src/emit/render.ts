// Renders scalar expressions as instructions, for one element or for four in a vector.
import type { Scalar, ScalarType } from '@thetagrad/core/backend';
import {
  call,
  f32,
  f64,
  f32x4,
  i32,
  i32x4,
  select,
  v128,
  type Code,
  type FunctionRef,
  type Value,
  type ValueType,
} from '../assembler/index.ts';
import type { Imports } from './imports.ts';

/**
 * Renders expressions, each node once: into a local if it is used several times. (Engines that pair vectors count every
 * local of a loop as a cost.) Conditions are masks of 32 bits per lane in vectors, and 0 or 1 otherwise.
 */
abstract class Renderer {
  protected readonly code: Code;
  protected readonly imports: Imports;
  readonly #known: Map<Scalar, Value<ValueType>>;
  #shared: ReadonlySet<Scalar> = new Set();

  constructor(code: Code, parameters: ReadonlyMap<Scalar, Value<ValueType>>, imports: Imports) {
    this.code = code;
    this.imports = imports;
    this.#known = new Map(parameters);
  }

  /** The values of several nodes, in locals unless they are constants. */
  render(...roots: readonly Scalar[]): Value<ValueType>[] {
    this.#shared = sharedNodes(roots, this.#known);
    return roots.map((root) => this.value(root));
  }

  /** The values of a node for several renderers of which the same nodes are known, in the same branches. */
  static renderTogether(renderers: readonly Renderer[], root: Scalar): Value<ValueType>[] {
    for (const renderer of renderers) renderer.#shared = sharedNodes([root], renderer.#known);
    const known = renderers[0]!.#known;
    for (const node of usualNodes(root, known)) if (node.operation === 'rarely') Renderer.#rarely(renderers, node);
    return renderers.map((renderer) => renderer.value(root));
  }

  /** The value of an input, which may be used once. */
  protected value(node: Scalar): Value<ValueType> {
    const known = this.#known.get(node);
    if (known) return known;
    const computed = node.operation === 'rarely' ? Renderer.#rarely([this], node)[0]! : this.node(node);
    if (node.operation === 'constant' || !this.#shared.has(node)) return computed;
    const local = this.keep(computed);
    this.#known.set(node, local);
    return local;
  }

  /** The value in a local, for several uses. */
  protected keep<T extends ValueType>(computed: Value<T>): Value<T> {
    return 'index' in computed ? computed : this.code.local(computed.type, computed);
  }

  /** Nodes that are rendered inside the branch are not available after it. */
  static #rarely(renderers: readonly Renderer[], node: Scalar): Value<ValueType>[] {
    const [condition, rare, usual] = node.inputs as [Scalar, Scalar, Scalar];
    const [first] = renderers as readonly [Renderer];
    const where = renderers.map((renderer) => renderer.keep(renderer.value(condition)));
    const results = renderers.map((renderer) => {
      const usually = renderer.value(usual);
      return renderer.code.local(usually.type, usually);
    });
    const before = renderers.map((renderer) => new Map(renderer.#known));
    first.code.if(first.any(where), () => {
      const chosen = renderers.map((renderer, i) => renderer.choice(where[i]!, renderer.value(rare), results[i]!));
      results.forEach((result, i) => first.code.set(result, chosen[i]!));
    });
    renderers.forEach((renderer, i) => {
      renderer.#known.clear();
      for (const [known, value] of [...before[i]!, [node, results[i]!] as const]) renderer.#known.set(known, value);
    });
    return results;
  }

  protected abstract node(node: Scalar): Value<ValueType>;
  /** Whether one of the conditions holds, in a lane. */
  protected abstract any(conditions: readonly Value<ValueType>[]): Value<'i32'>;
  protected abstract choice(condition: Value<ValueType>, x: Value<ValueType>, y: Value<ValueType>): Value<ValueType>;
}

type V = Value<'v128'>;
type I = Value<'i32'>;
type F = Value<'f32'>;
type D = Value<'f64'>;

function impossible({ operation, type }: Scalar): never {
  throw new Error(`wasm: no instruction for ${operation} of ${type}`);
}

/** Renders four elements of 32 bits at once. */
export class VectorRenderer extends Renderer {
  protected override any(conditions: readonly Value<ValueType>[]): I {
    return v128.anyTrue((conditions as readonly V[]).reduce((x, y) => v128.or(x, y)));
  }

  protected override choice(condition: Value<ValueType>, x: Value<ValueType>, y: Value<ValueType>): V {
    return v128.bitselect(x as V, y as V, condition as V);
  }

  protected override node(node: Scalar): V {
    return this.#selectZero(node) ?? this.#selectExtreme(node) ?? this.#plain(node);
  }

  /** Selects between a value and 0 by masking the value. */
  #selectZero({ operation, inputs: [condition, x, y] }: Scalar): V | undefined {
    if (operation !== 'select') return undefined;
    if (isZero(y!)) return v128.and(this.value(x!) as V, this.value(condition!) as V);
    return isZero(x!) ? v128.andnot(this.value(y!) as V, this.value(condition!) as V) : undefined;
  }

  /** Renders `a < b ? b : a` and `a < b ? a : b` as one instruction each, which agrees for NaN and zeros. */
  #selectExtreme({ operation, type, inputs: [condition, x, y] }: Scalar): V | undefined {
    if (operation !== 'select' || type !== 'f32' || condition!.operation !== 'lt') return undefined;
    const [a, b] = condition!.inputs as [Scalar, Scalar];
    if (areSame(x!, b) && areSame(y!, a)) return f32x4.pmax(this.value(a) as V, this.value(b) as V);
    if (areSame(x!, a) && areSame(y!, b)) return f32x4.pmin(this.value(b) as V, this.value(a) as V);
    return undefined;
  }

  /**
   * The smaller or larger of two numbers, NaN if one is NaN, and −0 < +0. The machine's instruction returns the second
   * operand if one is NaN and if both are zeros, so this combines both orders. (`f32x4.min` takes twice as many.)
   */
  #extreme(operation: 'min' | 'max', x: V, y: V): V {
    const instruction = operation === 'min' ? f32x4.pmin : f32x4.pmax;
    const [a, b] = [this.keep(x), this.keep(y)];
    const [one, other] = [instruction(a, b), instruction(b, a)].map((value) => this.keep(value)) as [V, V];
    if (operation === 'min') return v128.or(one, other);
    return v128.or(v128.and(one, other), f32x4.ne(one, other));
  }

  #plain(node: Scalar): V {
    const { operation, value } = node;
    const inputs = node.inputs.map((input) => this.value(input)) as readonly V[];
    const [x, y, z] = inputs as [V, V, V];
    // The type of comparisons and conversions is their inputs'.
    const type = node.inputs[0]?.type ?? node.type;
    const isFloat = type === 'f32';
    switch (operation) {
      case 'constant':
        return vectorConstant(node.type, value);
      case 'add':
      case 'sub':
      case 'mul':
        return isFloat ? f32x4[operation](x, y) : i32x4[operation](x, y);
      case 'div':
        return isFloat ? f32x4.div(x, y) : impossible(node);
      case 'min':
      case 'max':
        return isFloat ? this.#extreme(operation, x, y) : i32x4[operation === 'min' ? 'minS' : 'maxS'](x, y);
      case 'and':
      case 'or':
      case 'xor':
        return v128[operation](x, y);
      case 'neg':
      case 'abs':
        return isFloat ? f32x4[operation](x) : i32x4[operation](x);
      case 'sqrt':
      case 'floor':
      case 'ceil':
      case 'trunc':
      case 'nearest':
        return isFloat ? f32x4[operation](x) : impossible(node);
      case 'not':
        return v128.not(x);
      case 'shl':
      case 'shrU':
      case 'shrS':
        return i32x4[operation](x, i32.const(value));
      case 'eq':
      case 'ne':
        return isFloat ? f32x4[operation](x, y) : i32x4[operation](x, y);
      case 'lt':
      case 'le':
        return isFloat ? f32x4[operation](x, y) : i32x4[operation === 'lt' ? 'ltS' : 'leS'](x, y);
      case 'select':
        return this.choice(x, y, z);
      case 'bitcastI32':
      case 'bitcastF32':
        return x;
      case 'convert':
        return convertVector(type, node.type, x) ?? impossible(node);
      case 'call':
        return this.#call(node, inputs);
      default:
        return impossible(node);
    }
  }

  #call(node: Scalar, operands: readonly V[]): V {
    const { type, inputs } = node;
    const result = this.code.local('v128');
    const vectors = operands.map((x) => this.keep(x));
    for (let lane = 0; lane < 4; lane++) {
      const numbers = vectors.map((x, i): D => {
        if (inputs[i]!.type === 'f32') return f64.promoteF32(f32x4.extractLane(x, lane));
        const word = i32x4.extractLane(x, lane);
        return f64.convertI32S(inputs[i]!.type === 'bool' ? i32.and(word, i32.const(1)) : word);
      });
      const returned = callNumbers(this.imports.get(node)!, numbers);
      if (type === 'f32') this.code.set(result, f32x4.replaceLane(result, lane, f32.demoteF64(returned)));
      else {
        const word = wrapToI32(this.code, returned);
        this.code.set(result, i32x4.replaceLane(result, lane, type === 'bool' ? i32.sub(i32.const(0), word) : word));
      }
    }
    return result;
  }
}

/** The nodes on which a value depends outside of rare branches, inputs first, as far as they are not known. */
export function usualNodes(root: Scalar, known: ReadonlyMap<Scalar, unknown> = new Map()): ReadonlySet<Scalar> {
  const nodes = new Set<Scalar>();
  const visit = (node: Scalar): void => {
    if (nodes.has(node) || known.has(node)) return;
    const isRare = (i: number): boolean => node.operation === 'rarely' && i === 1;
    node.inputs.forEach((input, i) => !isRare(i) && visit(input));
    nodes.add(node);
  };
  visit(root);
  return nodes;
}

/** The roots, and the nodes that are used more than once, as far as they are not known. */
export function sharedNodes(
  roots: readonly Scalar[],
  known: ReadonlyMap<Scalar, unknown> = new Map(),
): ReadonlySet<Scalar> {
  const seen = new Set<Scalar>();
  const shared = new Set(roots);
  const visit = (node: Scalar): void => {
    if (seen.has(node)) shared.add(node);
    else if (!known.has(node)) {
      seen.add(node);
      node.inputs.forEach(visit);
    }
  };
  roots.forEach(visit);
  return shared;
}

/** Whether it is the constant 0, not −0. */
function isZero({ operation, value }: Scalar): boolean {
  return operation === 'constant' && Object.is(value, 0);
}

function areSame(a: Scalar, b: Scalar): boolean {
  if (a.operation !== 'constant' || b.operation !== 'constant') return a === b;
  return a.type === b.type && Object.is(a.value, b.value);
}

/** Calls an imported function, all of which take and return float64. */
function callNumbers(f: FunctionRef, numbers: readonly D[]): D {
  return call(f as FunctionRef<readonly 'f64'[], readonly ['f64']>, ...numbers);
}

function vectorConstant(type: ScalarType, value: number): V {
  if (type === 'f32') return v128.const(new Float32Array(4).fill(value));
  return v128.const(new Int32Array(4).fill(type === 'bool' ? -Number(value !== 0) : value));
}

function convertVector(from: ScalarType, to: ScalarType, x: V): V | undefined {
  if (from === 'bool') return v128.and(x, vectorConstant(to, 1));
  if (to === 'bool')
    return from === 'f32' ? f32x4.ne(x, vectorConstant('f32', 0)) : i32x4.ne(x, vectorConstant('i32', 0));
  if (from === 'f32' && to === 'i32') return i32x4.truncSatF32x4S(x);
  return from === 'i32' && to === 'f32' ? f32x4.convertI32x4S(x) : undefined;
}

/** Renders one element. */
export class ScalarRenderer extends Renderer {
  protected override any(conditions: readonly Value<ValueType>[]): I {
    return (conditions as readonly I[]).reduce((x, y) => i32.or(x, y));
  }

  protected override choice(condition: Value<ValueType>, x: Value<ValueType>, y: Value<ValueType>): Value<ValueType> {
    return select(condition as I, x, y);
  }

  protected override node(node: Scalar): Value<ValueType> {
    const { operation, value } = node;
    const inputs = node.inputs.map((input) => this.value(input));
    const [x, y, z] = inputs as [Value<ValueType>, Value<ValueType>, Value<ValueType>];
    const type = node.inputs[0]?.type ?? node.type;
    switch (operation) {
      case 'constant':
        return scalarConstant(node.type, value);
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
      case 'min':
      case 'max':
        if (type === 'f32') return f32[operation](x as F, y as F);
        if (type === 'f64') return f64[operation](x as D, y as D);
        if (operation === 'min' || operation === 'max') {
          const [a, b] = [this.keep(x as I), this.keep(y as I)];
          return select(operation === 'min' ? i32.ltS(a, b) : i32.gtS(a, b), a, b);
        }
        return operation === 'div' ? impossible(node) : i32[operation](x as I, y as I);
      case 'and':
      case 'or':
      case 'xor':
        return i32[operation](x as I, y as I);
      case 'neg':
      case 'abs': {
        if (type === 'f32') return f32[operation](x as F);
        if (type === 'f64') return f64[operation](x as D);
        if (operation === 'neg') return i32.sub(i32.const(0), x as I);
        const a = this.keep(x as I);
        return select(i32.ltS(a, i32.const(0)), i32.sub(i32.const(0), a), a);
      }
      case 'sqrt':
      case 'floor':
      case 'ceil':
      case 'trunc':
      case 'nearest':
        return type === 'f32' ? f32[operation](x as F) : f64[operation](x as D);
      case 'not':
        return type === 'bool' ? i32.eqz(x as I) : i32.xor(x as I, i32.const(-1));
      case 'shl':
      case 'shrU':
      case 'shrS':
        return i32[operation](x as I, i32.const(value));
      case 'eq':
      case 'ne':
        if (type === 'f32') return f32[operation](x as F, y as F);
        return type === 'f64' ? f64[operation](x as D, y as D) : i32[operation](x as I, y as I);
      case 'lt':
      case 'le':
        if (type === 'f32') return f32[operation](x as F, y as F);
        if (type === 'f64') return f64[operation](x as D, y as D);
        return i32[operation === 'lt' ? 'ltS' : 'leS'](x as I, y as I);
      case 'select':
        return this.choice(x, y, z);
      case 'bitcastI32':
        return i32.reinterpretF32(x as F);
      case 'bitcastF32':
        return f32.reinterpretI32(x as I);
      case 'convert':
        return convertScalar(type, node.type, x);
      case 'call':
        return this.#call(node, inputs);
      default:
        return impossible(node);
    }
  }

  #call(node: Scalar, operands: readonly Value<ValueType>[]): Value<ValueType> {
    const { type, inputs } = node;
    const numbers = operands.map((x, i) => convertScalar(inputs[i]!.type, 'f64', x) as D);
    const returned = callNumbers(this.imports.get(node)!, numbers);
    if (type === 'f64') return returned;
    return type === 'f32' ? f32.demoteF64(returned) : wrapToI32(this.code, returned);
  }
}

/** Converts a number as an Int32Array does: truncated, modulo 2³². */
function wrapToI32(code: Code, x: D): I {
  const number = code.local('f64', f64.trunc(x));
  const modulus = f64.const(2 ** 32);
  const rest = f64.sub(number, f64.mul(f64.floor(f64.div(number, modulus)), modulus));
  return i32.truncSatF64U(rest);
}

function scalarConstant(type: ScalarType, value: number): Value<ValueType> {
  if (type === 'f32') return f32.const(value);
  return type === 'f64' ? f64.const(value) : i32.const(type === 'bool' ? Number(value !== 0) : value);
}

function convertScalar(from: ScalarType, to: ScalarType, x: Value<ValueType>): Value<ValueType> {
  if (from === to) return x;
  const fromWord = from === 'i32' || from === 'bool';
  switch (to) {
    case 'f32':
      return fromWord ? f32.convertI32S(x as I) : f32.demoteF64(x as D);
    case 'f64':
      return fromWord ? f64.convertI32S(x as I) : f64.promoteF32(x as F);
    case 'i32':
      if (from === 'bool') return x;
      return from === 'f32' ? i32.truncSatF32S(x as F) : i32.truncSatF64S(x as D);
    case 'bool':
      if (fromWord) return i32.ne(x as I, i32.const(0));
      return from === 'f32' ? f32.ne(x as F, f32.const(0)) : f64.ne(x as D, f64.const(0));
  }
}
