// What the ways to compute reductions have in common.
import type { Scalar, ScalarType } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value, type ValueType } from '../../assembler/index.ts';
import type { Row } from '../../emit/stridedLoop.ts';
import type { Combining } from './combining.ts';
import { bytesOf } from '../../emit/elements.ts';
import type { Expression } from '../../emit/expression.ts';
import { emitExpression, type Walker } from '../../emit/vectorLoop.ts';
import type { Lie } from '../../emit/access.ts';
import type { Imports } from '../../emit/render.ts';

/** What the code of a reduction depends on. */
export interface Structure {
  readonly combining: Combining;
  /** Of the type that is combined. */
  readonly expression: Expression;
  readonly type: ScalarType;
  readonly outputType: ScalarType;
  readonly keptRank: number;
  readonly reducedRank: number;
  /** Whether four neighbouring results are computed at once; otherwise four neighbouring terms of one. */
  readonly columns: boolean;
  /** Of the operands along the axis along which vectors lie. */
  readonly lies: readonly Lie[];
}

/** A reduction whose function is being written. */
export interface Reducing {
  readonly code: Code;
  readonly structure: Structure;
  readonly imports: Imports;
  /** The number of terms along each reduced axis; along the outermost, those of the slice. */
  readonly lengths: readonly Local<'i32'>[];
  /** Of each operand along the reduced axes, in bytes. */
  readonly strides: readonly (readonly Local<'i32'>[])[];
  /** Where the next result goes. */
  readonly to: Local<'i32'>;
}

/** Runs `body` for all terms of the reduced axes from `axis` to but without `last`, with where operands are there. */
export function emitLoops(
  reducing: Reducing,
  axis: number,
  last: number,
  at: readonly Local<'i32'>[],
  body: (at: readonly Local<'i32'>[]) => void,
): void {
  if (axis === last) return body(at);
  const { code, lengths, strides } = reducing;
  const left = code.local('i32', lengths[axis]!);
  const here = at.map((start) => code.local('i32', start));
  code.while(left, () => {
    emitLoops(reducing, axis + 1, last, here, body);
    here.forEach((address, j) => code.add(address, strides[j]![axis]!));
    code.add(left, i32.const(-1));
  });
}

/** On to results further along the innermost kept axis. */
export function emitNext({ code, structure, to }: Reducing, { at, steps, count }: Row, by: number): void {
  at.forEach((address, j) => code.add(address, by === 1 ? steps[j]! : i32.mul(steps[j]!, i32.const(by))));
  code.add(to, i32.const(by * bytesOf(structure.outputType)));
  code.add(count, i32.const(-by));
}

/** The term here. */
export function emitTerm(
  { code, structure, imports }: Reducing,
  walkers: readonly Walker[],
  wide: boolean,
  invariants: ReadonlyMap<Scalar, Value<ValueType>>,
): Value<ValueType> {
  return emitExpression(code, structure.expression, walkers, imports, wide, invariants);
}
