import type { TypedArray } from '../data/dtype.ts';
import { positions, type View } from '../data/shape.ts';

/** Copies the elements that `source` sees to where `target` sees them; the shapes are equal. */
export function copyInto(into: TypedArray, target: View, from: TypedArray, source: View): void {
  const to = positions(target);
  const at = positions(source);
  for (let i = 0; i < to.length; i++) into[to[i]!] = from[at[i]!]!;
}

/** As {@link copyInto}, adding to what is there. */
export function addInto(into: TypedArray, target: View, from: TypedArray, source: View): void {
  const to = positions(target);
  const at = positions(source);
  for (let i = 0; i < to.length; i++) into[to[i]!]! += from[at[i]!]!;
}
