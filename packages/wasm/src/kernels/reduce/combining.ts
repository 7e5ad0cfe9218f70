import { parameter, type Reduce, type Scalar, type ScalarType } from '@thetagrad/core/backend';

/** A reduction as it is computed. */
export interface Combining {
  /** Equal names are combined by the same code. */
  readonly name: string;
  readonly initial: number;
  /** The result is the number of the term that took the accumulator's place last. */
  readonly index: boolean;
  /** Whether nothing is rounded, however many terms are combined. */
  readonly exact: boolean;
  /** The accumulator after a term; of a reduction to an index, whether the term takes its place. */
  readonly combine: (accumulator: Scalar, term: Scalar) => Scalar;
  /** A term before it is combined. */
  readonly before: (term: Scalar) => Scalar;
  /** The result of the last accumulator. */
  readonly after: (result: Scalar) => Scalar;
}

/** How terms of a type are combined. */
export function combiningOf({ name, initial, index = false, lower }: Reduce, type: ScalarType): Combining {
  const { operation } = lower(parameter(type, 0), parameter(type, 1));
  const exact = index || type === 'i32' || operation === 'max' || operation === 'min';
  const same = (x: Scalar): Scalar => x;
  const plain = { name, index, exact, initial: limited(type, initial), combine: lower, before: same, after: same };
  if (operation !== 'max' || type !== 'f32') return plain;
  // max x = −min(−x): for the smaller of two floats there is a shorter sequence of instructions (see render.ts).
  const negative = (x: Scalar): Scalar => x.neg();
  return {
    ...plain,
    initial: -initial,
    combine: (accumulator, term) => accumulator.min(term),
    before: negative,
    after: negative,
  };
}

/** The number, or the nearest that the type has. */
function limited(type: ScalarType, value: number): number {
  return type === 'i32' ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)) : value;
}
