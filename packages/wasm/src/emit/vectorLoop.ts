// What map and reduce kernels have in common: an expression over operands that a loop walks along.
import { nodesOf, scalarTypeOf, type Operand, type Scalar } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type ModuleBuilder, type Value, type ValueType } from '../assembler/index.ts';
import type { Walked } from './stridedLoop.ts';
import { bytesOf, loadFour, loadOne, wasmType } from './elements.ts';
import type { Expression } from './expression.ts';
import { importOf } from './imports.ts';
import type { KernelCode } from '../command.ts';
import type { Lie } from './access.ts';
import { ScalarRenderer, VectorRenderer, type Imports } from './render.ts';

/** An operand on the way: where its next element is, and how far it is from there to the following one, in bytes. */
export interface Walker {
  readonly at: Value<'i32'>;
  readonly step: Value<'i32'>;
  readonly lie: Lie;
}

/** One that can be moved on. */
export interface Walking extends Walker {
  readonly at: Local<'i32'>;
}

export function importsOf(module: ModuleBuilder, { calls }: Expression): Imports {
  return new Map(
    calls.map((node) => {
      const numbers = node.inputs.map(() => 'f64' as const);
      const { module: from, name } = importOf(node.function!);
      return [node, module.importFunction(from, name, numbers, ['f64'])];
    }),
  );
}

/** What a code of this expression has to say of its imports. */
export function importing({ calls }: Expression): Pick<KernelCode, 'alone' | 'hostOnly'> {
  return {
    alone: calls.length > 0,
    hostOnly: calls.some((node) => importOf(node.function!).module === 'js'),
  };
}

/** Loads the operands' elements here and gives the expression's value; what never changes in the loop is given. */
export function emitExpression(
  code: Code,
  expression: Expression,
  walkers: readonly Walker[],
  imports: Imports,
  wide: boolean,
  invariants: ReadonlyMap<Scalar, Value<ValueType>>,
): Value<ValueType> {
  const known = new Map<Scalar, Value<ValueType>>(invariants);
  for (const [node, j] of parametersOf(expression)) {
    if (known.has(node)) continue;
    const { at, step, lie } = walkers[j]!;
    const type = expression.types[j]!;
    const loaded = wide ? loadFour(code, type, lie, at, step) : loadOne(type, at);
    known.set(node, code.local(wide ? 'v128' : wasmType(type), loaded as Value<never>));
  }
  return new (wide ? VectorRenderer : ScalarRenderer)(code, known, imports).render(expression.root);
}

/** The nodes whose values are the same all along a loop, computed before it: those that only use operands that stand still. */
export function emitInvariants(
  code: Code,
  expression: Expression,
  walkers: readonly Walker[],
  imports: Imports,
  wide: boolean,
): Map<Scalar, Value<ValueType>> {
  const still = new Set<Scalar>();
  const known = new Map<Scalar, Value<ValueType>>();
  for (const node of nodesOf(expression.root)) {
    if (node.operation === 'parameter') {
      const { at, step, lie } = walkers[node.value]!;
      if (lie !== 'same') continue;
      const type = expression.types[node.value]!;
      const loaded = wide ? loadFour(code, type, lie, at, step) : loadOne(type, at);
      known.set(node, code.local(wide ? 'v128' : wasmType(type), loaded as Value<never>));
      still.add(node);
    } else if (node.inputs.length > 0 && node.inputs.every((x) => still.has(x) || x.operation === 'constant')) {
      still.add(node);
    }
  }
  const renderer = new (wide ? VectorRenderer : ScalarRenderer)(code, known, imports);
  for (const node of still) known.set(node, renderer.render(node));
  return known;
}

/** Walkers as they will be `count` elements further on. */
export function emitAhead(
  code: Code,
  expression: Expression,
  walkers: readonly Walker[],
  count: number,
): readonly Walker[] {
  return walkers.map(({ at, step, lie }, j) => {
    if (lie === 'same' || count === 0) return { at, step, lie };
    const distance =
      lie === 'together' ? i32.const(count * bytesOf(expression.types[j]!)) : i32.mul(step, i32.const(count));
    return { at: code.local('i32', i32.add(at, distance)), step, lie };
  });
}

/** All walkers on by `count` elements. */
export function emitAdvance(code: Code, expression: Expression, walkers: readonly Walking[], count: number): void {
  walkers.forEach(({ at, step, lie }, j) => {
    if (lie === 'together') code.add(at, i32.const(count * bytesOf(expression.types[j]!)));
    else if (lie === 'apart') code.add(at, count === 1 ? step : i32.mul(step, i32.const(count)));
  });
}

function parametersOf({ root }: Expression): [Scalar, number][] {
  return nodesOf(root).flatMap((node): [Scalar, number][] =>
    node.operation === 'parameter' ? [[node, node.value]] : [],
  );
}

export function walkedOf({ slot, view }: Operand): Walked {
  return { place: slot, view, bytes: bytesOf(scalarTypeOf(slot.dtype)) };
}
