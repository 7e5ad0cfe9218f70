import { nodesOf, type Scalar } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value, type ValueType } from '../assembler/index.ts';
import type { Access } from './access.ts';
import { bytesOf, loadFour, loadOne, wasmType } from './elements.ts';
import type { Expression } from './expression.ts';
import type { Imports } from './imports.ts';
import { ScalarRenderer, usualNodes, VectorRenderer } from './render.ts';

/** A position in an operand: the address of its next element, and the distance of the following one in bytes. */
export interface Cursor {
  readonly at: Value<'i32'>;
  readonly step: Value<'i32'>;
  readonly access: Access;
  /** Bytes from there to the element itself. Default: 0. */
  readonly offset?: number;
}

export interface MovableCursor extends Cursor {
  readonly at: Local<'i32'>;
}

/** The values of nodes that do not change in a loop. */
export type Invariants = ReadonlyMap<Scalar, Value<ValueType>>;

/** Emits the parts of loops that compute an expression, element by element or, where `wide`, four at a time. */
export class VectorLoop {
  readonly #code: Code;
  readonly #expression: Expression;
  readonly #imports: Imports;
  /** Vectors of equal elements. */
  #constants: Invariants = new Map();

  constructor(code: Code, expression: Expression, imports: Imports) {
    this.#code = code;
    this.#expression = expression;
    this.#imports = imports;
  }

  /**
   * Computes the vectors of constants, to be called before all loops: inside of them, engines would compute a vector again
   * wherever it is used.
   */
  hoistConstants(): void {
    if (!this.#expression.isNarrow) return;
    const renderer = this.#renderer(new Map(), true);
    const locals = new Map<string, Value<ValueType>>();
    const constants = new Map<Scalar, Value<ValueType>>();
    for (const node of usualNodes(this.#expression.root)) {
      if (node.operation !== 'constant') continue;
      const key = `${node.type} ${Object.is(node.value, -0) ? '-0' : node.value}`;
      const local = locals.get(key) ?? this.#code.local('v128', renderer.render(node)[0] as Value<'v128'>);
      locals.set(key, local);
      constants.set(node, local);
    }
    this.#constants = constants;
  }

  /** Loads the elements at the cursors and computes the expression. */
  value(cursors: readonly Cursor[], wide: boolean, invariants?: Invariants): Value<ValueType> {
    return this.values([cursors], wide, invariants)[0]!;
  }

  /** Computes the expression at several positions. All loads come first, and rare branches are taken together. */
  values(
    positions: readonly (readonly Cursor[])[],
    wide: boolean,
    invariants: Invariants = new Map(),
  ): Value<ValueType>[] {
    const { root } = this.#expression;
    const renderers = positions.map((cursors) => {
      const known = new Map([...(wide ? this.#constants : []), ...invariants]);
      for (const node of nodesOf(root)) {
        if (node.operation === 'parameter' && !known.has(node)) known.set(node, this.#load(node, cursors, wide));
      }
      return this.#renderer(known, wide);
    });
    return VectorRenderer.renderTogether(renderers, root);
  }

  /** Computes the nodes that only depend on broadcast operands and constants. To be called before a loop. */
  invariants(cursors: readonly Cursor[], wide: boolean): Invariants {
    const invariant = new Set<Scalar>();
    const known = new Map<Scalar, Value<ValueType>>();
    for (const node of nodesOf(this.#expression.root)) {
      if (node.operation === 'parameter') {
        if (cursors[node.value]!.access !== 'broadcast') continue;
        known.set(node, this.#load(node, cursors, wide));
        invariant.add(node);
      } else if (node.inputs.length > 0 && node.inputs.every((x) => invariant.has(x) || x.operation === 'constant')) {
        invariant.add(node);
      }
    }
    const renderer = this.#renderer(new Map([...(wide ? this.#constants : []), ...known]), wide);
    for (const node of invariant) known.set(node, renderer.render(node)[0]!);
    return known;
  }

  /** The cursors `count` elements further on. The engine pairs vectors only if they are a constant offset apart. */
  ahead(cursors: readonly Cursor[], count: number): readonly Cursor[] {
    return cursors.map(({ at, step, access }, j) => {
      if (access === 'broadcast' || count === 0) return { at, step, access };
      if (access === 'contiguous') return { at, step, access, offset: count * this.#bytes(j) };
      return { at: this.#code.local('i32', i32.add(at, i32.mul(step, i32.const(count)))), step, access };
    });
  }

  /** Moves the cursors by `count` elements. */
  advance(cursors: readonly MovableCursor[], count: number): void {
    cursors.forEach(({ at, step, access }, j) => {
      if (access === 'contiguous') this.#code.add(at, i32.const(count * this.#bytes(j)));
      else if (access === 'strided') this.#code.add(at, count === 1 ? step : i32.mul(step, i32.const(count)));
    });
  }

  #load({ value: j }: Scalar, cursors: readonly Cursor[], wide: boolean): Local<ValueType> {
    const { at, step, access, offset } = cursors[j]!;
    const type = this.#expression.types[j]!;
    const loaded = wide ? loadFour(this.#code, type, access, at, step, offset) : loadOne(type, at);
    return this.#code.local(wide ? 'v128' : wasmType(type), loaded as Value<never>);
  }

  #renderer(known: ReadonlyMap<Scalar, Value<ValueType>>, wide: boolean): ScalarRenderer | VectorRenderer {
    return new (wide ? VectorRenderer : ScalarRenderer)(this.#code, known, this.#imports);
  }

  #bytes(operand: number): number {
    return bytesOf(this.#expression.types[operand]!);
  }
}
