import type { Tensor } from './tensor.ts';

/** What a plan computes. */
export interface Targets {
  /** All tensors involved, inputs first. Leaves (see {@link isLeaf}) are bound to buffers when the plan runs. */
  readonly order: readonly Tensor[];
  /** Written to outputs 0, 1, … */
  readonly results: readonly Tensor[];
  /** Written in place to the outputs after those of `results`. */
  readonly updates: readonly Update[];
}

/** A new value of a variable, written over the old one. */
export interface Update {
  readonly value: Tensor;
  /** The leaves that read the old value: they are bound to the buffer that the new value is written to. */
  readonly replaces: readonly Tensor[];
}
