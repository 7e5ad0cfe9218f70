// Loops over terms, which both ways to compute reductions share.
import type { ScalarReduction, ScalarType } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value } from '../../assembler/index.ts';
import type { Access } from '../../emit/access.ts';
import { bytesOf } from '../../emit/elements.ts';
import type { Expression } from '../../emit/expression.ts';
import type { Imports } from '../../emit/imports.ts';
import type { Row } from '../../emit/stridedLoop.ts';
import type { Cursor, Invariants, VectorLoop } from '../../emit/vectorLoop.ts';
import type { Accumulator } from './accumulator.ts';
import type { Combiner } from './combiner.ts';

/** The structure that determines the code of a reduction. */
export interface Structure {
  readonly reduction: Pick<ScalarReduction, 'initial' | 'index' | 'lower'>;
  /** Whether the results are accumulators of slices, which another command combines. */
  readonly partial: boolean;
  /** The terms, of the type that is combined. */
  readonly expression: Expression;
  readonly type: ScalarType;
  readonly outputType: ScalarType;
  readonly keptRank: number;
  readonly reducedRank: number;
  /** Whether vectors hold four neighboring results; otherwise four neighboring terms of one result. */
  readonly columns: boolean;
  /** The operands' accesses along the axis of vectors. */
  readonly accesses: readonly Access[];
  /** Whether columns are computed term after term, with their state in the workspace. */
  readonly streamed: boolean;
  /** Whether the engine pairs vectors. */
  readonly wide: boolean;
}

/** A reduction whose code is being emitted. */
export interface EmittedReduction {
  readonly code: Code;
  readonly structure: Structure;
  readonly combiner: Combiner;
  readonly imports: Imports;
  readonly loop: VectorLoop;
  /** The number of terms along each reduced axis; along the outermost one, those of the slice. */
  readonly lengths: readonly Local<'i32'>[];
  /** For each operand its strides along the reduced axes, in bytes. */
  readonly strides: readonly (readonly Local<'i32'>[])[];
  /** The address of the next result. */
  readonly to: Local<'i32'>;
  readonly workspace: Local<'i32'>;
}

/** The number of vectors of a pair. */
const pair = 2;

/** Emits a term for each accumulator, from positions of neighboring vectors on. */
export function emitTerms(
  { loop }: EmittedReduction,
  cursors: readonly Cursor[],
  accumulators: readonly Accumulator[],
  { wide, number, invariants }: { wide: boolean; number: Local<'i32'>; invariants: Invariants },
): void {
  for (let first = 0; first < accumulators.length; first += pair) {
    const both = accumulators.slice(first, first + pair);
    const positions = both.map((_, i) => loop.ahead(cursors, 4 * (first + i)));
    const terms = loop.values(positions, wide, invariants);
    both.forEach((accumulator, i) => accumulator.add(terms[i]!, number));
  }
}

/** Emits loops over the reduced axes from `axis` to before `last`; `body` gets the operands' addresses. */
export function emitLoops(
  reduction: EmittedReduction,
  axis: number,
  last: number,
  at: readonly Local<'i32'>[],
  body: (at: readonly Local<'i32'>[]) => void,
): void {
  if (axis === last) return body(at);
  const { code, lengths, strides } = reduction;
  const left = code.local('i32', lengths[axis]!);
  const here = at.map((start) => code.local('i32', start));
  code.while(left, () => {
    emitLoops(reduction, axis + 1, last, here, body);
    here.forEach((address, j) => code.add(address, strides[j]![axis]!));
    code.add(left, i32.const(-1));
  });
}

/** Moves on by `count` results along the innermost kept axis. */
export function emitAdvance(
  { code, structure, to }: EmittedReduction,
  { at, steps, count: left }: Row,
  count: Value<'i32'>,
): void {
  at.forEach((address, j) => code.add(address, i32.mul(steps[j]!, count)));
  code.add(to, i32.mul(count, i32.const(bytesOf(structure.outputType))));
  code.set(left, i32.sub(left, count));
}
