import { type View } from '@thetagrad/core/backend';

/** Nested loops over elements of several operands at once, outermost first; strides are in elements. */
export interface Nest {
  readonly sizes: readonly number[];
  /** For each operand. */
  readonly strides: readonly (readonly number[])[];
}

/**
 * The axes from `from` to `to` of views of one shape, with those of size 1 left out and neighbours joined where all the
 * views allow it. There is always one axis at least.
 */
export function nestOf(views: readonly View[], from = 0, to: number = views[0]!.shape.length): Nest {
  const sizes: number[] = [];
  const strides: number[][] = views.map(() => []);
  for (let axis = from; axis < to; axis++) {
    const size = views[0]!.shape[axis]!;
    if (size === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && views.every((view, j) => strides[j]![last] === view.strides[axis]! * size)) {
      sizes[last]! *= size;
      views.forEach((view, j) => (strides[j]![last] = view.strides[axis]!));
    } else {
      sizes.push(size);
      views.forEach((view, j) => strides[j]!.push(view.strides[axis]!));
    }
  }
  if (sizes.length === 0) {
    sizes.push(1);
    strides.forEach((own) => own.push(0));
  }
  return { sizes, strides };
}

/** How an operand's elements lie along the innermost loop. */
export type Lie = 'together' | 'same' | 'apart';

export function lieOf(stride: number): Lie {
  return stride === 1 ? 'together' : stride === 0 ? 'same' : 'apart';
}
