import { constant, parameter, type Scalar, type ScalarType } from '@thetagrad/core/backend';
import { f32x4, i32, i32x4, v128, type Local, type Value, type ValueType } from '../../assembler/index.ts';
import { wasmType } from '../../emit/elements.ts';
import { shuffleLanes } from '../../emit/lanes.ts';
import { ScalarRenderer, VectorRenderer } from '../../emit/render.ts';
import type { EmittedReduction } from './terms.ts';

/** The state of a reduction, of one result or, if `wide`, in each of four lanes. */
export class Accumulator {
  readonly #reduction: EmittedReduction;
  readonly #wide: boolean;
  readonly #type: ScalarType;
  /** The combined terms; for a reduction to an index, the best term. */
  readonly #total: Local<ValueType>;
  /** The number of the best term. */
  readonly #found: Local<ValueType> | undefined;

  /** Uninitialized until {@link reset}. */
  constructor(reduction: EmittedReduction, wide: boolean, type: ScalarType = reduction.structure.type) {
    const { code, combiner } = reduction;
    this.#reduction = reduction;
    this.#wide = wide;
    this.#type = type;
    this.#total = code.local(wide ? 'v128' : wasmType(type));
    this.#found = combiner.index ? code.local(wide ? 'v128' : 'i32') : undefined;
  }

  reset(): void {
    const { code, combiner } = this.#reduction;
    const [initial, zero] = this.#render([], constant(this.#type, combiner.initial), constant('i32', 0));
    code.set(this.#total, initial as Value<never>);
    if (this.#found) code.set(this.#found, zero as Value<never>);
  }

  /** Loads the combined terms of four lanes. */
  load(at: Value<'i32'>, offset: number): void {
    this.#reduction.code.set(this.#total as Local<'v128'>, v128.load(at, { offset }));
  }

  store(at: Value<'i32'>, offset: number): void {
    this.#reduction.code.emit(v128.store(at, this.#total as Local<'v128'>, { offset }));
  }

  /** Stores the state of accumulators in the workspace, in pairs of vectors, and loads it again. */
  static spill({ code, workspace }: EmittedReduction, accumulators: readonly Accumulator[]): void {
    for (const state of [accumulators.map((one) => one.#total), accumulators.map((one) => one.#found)]) {
      const vectors = state as readonly Local<'v128'>[];
      if (!vectors[0]) continue;
      vectors.forEach((vector, i) => code.emit(v128.store(workspace, vector, { offset: 16 * i })));
      vectors.forEach((vector, i) => code.set(vector, v128.load(workspace, { offset: 16 * i })));
    }
  }

  /** Adds a term whose number is larger than those before. */
  add(term: Value<ValueType>, number: Value<'i32'>): void {
    this.#combine(term, this.#reduction.structure.type, this.#wide ? i32x4.splat(number) : number, false);
  }

  /** Adds the terms of another accumulator, which were numbered from `first` on. */
  join(other: Accumulator, first: number): void {
    const found = other.#found as Value<'v128'> | undefined;
    this.#combine(other.#total, other.#type, found && i32x4.add(found, i32x4.splat(i32.const(first))), true);
  }

  /** Adds the lanes of a wide accumulator, which hold neighboring terms. The other accumulator must be reset then. */
  joinLanes(other: Accumulator): void {
    const { code, combiner } = this.#reduction;
    const [total, found] = [other.#total, other.#found] as [Local<'v128'>, Local<'v128'> | undefined];
    if (found) code.set(found, i32x4.add(found, v128.const(Int32Array.of(0, 1, 2, 3))));
    let lanes: 4 | 2 | 1 = 4;
    // Exact terms are combined pairwise in lanes; sums one by one in float64.
    if (combiner.exact) {
      for (const swap of [
        [2, 3, 0, 1],
        [1, 0, 3, 2],
      ]) {
        const swapLanes = (x: Value<'v128'>): Local<'v128'> => code.local('v128', shuffleLanes(x, x, swap));
        other.#combine(swapLanes(total), other.#type, found && swapLanes(found), true);
      }
      lanes = 1;
    }
    for (let lane = 0; lane < lanes; lane++) {
      const value = other.#type === 'f32' ? f32x4.extractLane(total, lane) : i32x4.extractLane(total, lane);
      this.#combine(value, other.#type, found && i32x4.extractLane(found, lane), true);
    }
  }

  /** The result, of the given type unless it is an index. */
  result(type: ScalarType): Value<ValueType> {
    if (this.#found) return this.#found;
    const { combiner, structure } = this.#reduction;
    const total = parameter(this.#type, 0);
    const [result] = this.#render([[total, this.#total]], (structure.partial ? total : combiner.after(total)).to(type));
    return result!;
  }

  /** Combines with a value. In `anyOrder`, numbers of terms may be smaller than those before. */
  #combine(value: Value<ValueType>, type: ScalarType, number: Value<ValueType> | undefined, anyOrder: boolean): void {
    const { code, combiner } = this.#reduction;
    const { combine } = combiner;
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
    // The first of equal terms wins.
    if (anyOrder) better = better.or(combine(other, total).not().and(candidate.lt(found)));
    const [best, at] = this.#render(known, better.select(other, total), better.select(candidate, found));
    code.set(this.#total, best as Value<never>);
    code.set(this.#found, at as Value<never>);
  }

  #render(known: readonly [Scalar, Value<ValueType>][], ...roots: readonly Scalar[]): Value<ValueType>[] {
    const { code, imports } = this.#reduction;
    return new (this.#wide ? VectorRenderer : ScalarRenderer)(code, new Map(known), imports).render(...roots);
  }
}
