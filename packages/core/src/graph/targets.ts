import type { View } from '../data/shape.ts';
import type { Tensor } from './tensor.ts';

/** What a plan computes. */
export interface Targets {
  /**
   * All tensors involved, inputs first. The plan reads leaves (see {@link isLeaf}) and slices of leaves, which are bound to
   * buffers when it runs.
   */
  readonly order: readonly Tensor[];
  /** The slices of leaves. */
  readonly slices: ReadonlyMap<Tensor, LeafSlice>;
  /** Written to outputs 0, 1, … */
  readonly results: readonly Tensor[];
  /** Written in place to the outputs after those of `results`. */
  readonly updates: readonly Update[];
}

/** A tensor that is a part of a leaf, which the plan reads as an input. Its start is not part of the plan. */
export interface LeafSlice {
  readonly leaf: Tensor;
  /** Where its first element in memory is in the leaf. */
  readonly start: number;
  /** The number of elements of the leaf from its first element in memory to its last. */
  readonly size: number;
  /** The view of these elements. */
  readonly view: View;
}

/** A new value of a variable, written over the old one. */
export interface Update {
  readonly value: Tensor;
  /** The leaves that read the old value, and their slices: they are bound to the buffer that the new value is written to. */
  readonly replaces: readonly Tensor[];
}
