import { constant, parameter, type Scalar, type ScalarType } from '@thetagrad/core/backend';
import { f32x4, i32, i32x4, i8x16, v128, type Local, type Value, type ValueType } from '../../assembler/index.ts';
import { wasmType } from '../../emit/elements.ts';
import type { Reducing } from './reducing.ts';
import { ScalarRenderer, VectorRenderer } from '../../emit/render.ts';

/** What is known of the terms so far, for one result or, in vectors, for four. */
export class Accumulator {
  readonly #reducing: Reducing;
  readonly #wide: boolean;
  readonly #type: ScalarType;
  /** What is combined of them; of a reduction to an index, the best term. */
  readonly #total: Local<ValueType>;
  /** The number of the best term. */
  readonly #found: Local<ValueType> | undefined;

  /** Empty, once it is reset. */
  constructor(reducing: Reducing, wide: boolean, type: ScalarType = reducing.structure.type) {
    const { code, structure } = reducing;
    this.#reducing = reducing;
    this.#wide = wide;
    this.#type = type;
    this.#total = code.local(wide ? 'v128' : wasmType(type));
    this.#found = structure.combining.index ? code.local(wide ? 'v128' : 'i32') : undefined;
  }

  reset(): void {
    const { code, structure } = this.#reducing;
    const [initial, zero] = this.#render([], constant(this.#type, structure.combining.initial), constant('i32', 0));
    code.set(this.#total, initial as Value<never>);
    if (this.#found) code.set(this.#found, zero as Value<never>);
  }

  /** Another term, later than those before. */
  take(term: Value<ValueType>, number: Value<'i32'>): void {
    this.#add(term, this.#reducing.structure.type, this.#wide ? i32x4.splat(number) : number, false);
  }

  /** All that another one has taken, whose terms were numbered from `first` on. */
  join(other: Accumulator, first: number): void {
    const found = other.#found as Value<'v128'> | undefined;
    this.#add(other.#total, other.#type, found && i32x4.add(found, i32x4.splat(i32.const(first))), true);
  }

  /** What one of vectors has taken, whose lanes are neighbouring terms of this one's result; it is done with then. */
  joinLanes(other: Accumulator): void {
    const { code, structure } = this.#reducing;
    const [total, found] = [other.#total, other.#found] as [Local<'v128'>, Local<'v128'> | undefined];
    if (found) code.set(found, i32x4.add(found, v128.const(Int32Array.of(0, 1, 2, 3))));
    let lanes = 4;
    // What is exact is halved side by side; sums lose nothing in float64, one by one.
    if (structure.combining.exact) {
      for (; lanes > 1; lanes /= 2) {
        const swapped = (x: Value<'v128'>): Local<'v128'> => code.local('v128', i8x16.shuffle(x, x, swaps[lanes]!));
        other.#add(swapped(total), other.#type, found && swapped(found), true);
      }
    }
    for (let lane = 0; lane < lanes; lane++) {
      const value = other.#type === 'f32' ? f32x4.extractLane(total, lane) : i32x4.extractLane(total, lane);
      this.#add(value, other.#type, found && i32x4.extractLane(found, lane), true);
    }
  }

  /** Of the type that is combined, or an index. */
  result(type: ScalarType): Value<ValueType> {
    if (this.#found) return this.#found;
    const total = parameter(this.#type, 0);
    const { after } = this.#reducing.structure.combining;
    const [result] = this.#render([[total, this.#total]], after(total).to(type));
    return result!;
  }

  #add(value: Value<ValueType>, type: ScalarType, number: Value<ValueType> | undefined, anyOrder: boolean): void {
    const { code, structure } = this.#reducing;
    const { combine } = structure.combining;
    const [total, given] = [parameter(this.#type, 0), parameter(type, 1)];
    const other = given.to(this.#type);
    const known: [Scalar, Value<ValueType>][] = [
      [total, this.#total],
      [given, value],
    ];
    if (!this.#found) {
      const [sum] = this.#render(known, combine(total, other));
      code.set(this.#total, sum as Value<never>);
      return;
    }
    const [found, candidate] = [parameter('i32', 2), parameter('i32', 3)];
    known.push([found, this.#found], [candidate, number!]);
    let better = combine(total, other);
    // Of equal ones the first.
    if (anyOrder) better = better.or(combine(other, total).not().and(candidate.lt(found)));
    const [best, at] = this.#render(known, better.select(other, total), better.select(candidate, found));
    code.set(this.#total, best as Value<never>);
    code.set(this.#found, at as Value<never>);
  }

  #render(known: readonly [Scalar, Value<ValueType>][], ...roots: readonly Scalar[]): Value<ValueType>[] {
    const { code, imports } = this.#reducing;
    const renderer = new (this.#wide ? VectorRenderer : ScalarRenderer)(code, new Map(known), imports);
    return roots.map((root) => renderer.render(root));
  }
}

/** Bytes of a vector with the halves of so many lanes swapped. */
const swaps: Readonly<Record<number, readonly number[]>> = {
  4: [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7],
  2: [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11],
};
