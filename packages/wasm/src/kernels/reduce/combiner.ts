import { parameter, type Scalar, type ScalarReduction, type ScalarType } from '@thetagrad/core/backend';

/** How terms of one type are combined. */
export interface Combiner {
  readonly initial: number;
  /** Whether the result is the number of the term that last replaced the accumulator. */
  readonly index: boolean;
  /** Whether combining never rounds. */
  readonly exact: boolean;
  /** The accumulator after a term; for a reduction to an index, whether the term replaces it. */
  readonly combine: (accumulator: Scalar, term: Scalar) => Scalar;
  /** Maps a term before it is combined. */
  readonly before: (term: Scalar) => Scalar;
  /** Maps the accumulator to the result. */
  readonly after: (accumulator: Scalar) => Scalar;
}

const identity = (x: Scalar): Scalar => x;
const negate = (x: Scalar): Scalar => x.neg();

export function combinerOf(
  { initial, index = false, lower }: Pick<ScalarReduction, 'initial' | 'index' | 'lower'>,
  type: ScalarType,
): Combiner {
  const { operation } = lower(parameter(type, 0), parameter(type, 1));
  // max x = −min(−x): the sequence of instructions for the smaller of two floats is shorter (see emit/render.ts).
  if (operation === 'max' && type === 'f32') {
    return { initial: -initial, index, exact: true, combine: (x, y) => x.min(y), before: negate, after: negate };
  }
  const exact = index || type === 'i32' || operation === 'max' || operation === 'min';
  return { initial: limit(type, initial), index, exact, combine: lower, before: identity, after: identity };
}

/** The number of the type that is nearest to `value`. */
function limit(type: ScalarType, value: number): number {
  return type === 'i32' ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)) : value;
}
