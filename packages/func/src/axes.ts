// Axes of examples: one for each tensor of a tree.
import type { Tensor } from '@thetagrad/core';
import { argumentError, at, entriesOf, formatShape, normalizeAxis, type FlatTree } from '@thetagrad/core/backend';

/**
 * Where examples are counted: an axis of every tensor, `null` for what all examples share, or a tree of them in the structure of
 * the tensors, which may end early.
 */
export type Axes = number | null | readonly Axes[] | { readonly [key: string]: Axes };

/** Stands for a leaf of a tree. */
class LeafNumber {
  readonly #index: number;

  constructor(index: number) {
    this.#index = index;
  }

  get index(): number {
    return this.#index;
  }
}

/** The axis of each leaf of a tree, in the order of its leaves. */
export function resolveAxes(option: string, axes: Axes, { leaves, rebuild }: FlatTree): (number | null)[] {
  const found = leaves.map((): number | null => null);
  const visit = (spec: Axes | undefined, part: unknown): void => {
    const children = entriesOf(part);
    if (typeof spec === 'number' || spec === null) {
      if (spec !== null && !Number.isInteger(spec)) throw argumentError('vmap', option, 'integers', spec, true);
      if (part instanceof LeafNumber) found[part.index] = spec;
      for (const [, child] of children ?? []) visit(spec, child);
      return;
    }
    const specs = new Map(entriesOf(spec) as [string, Axes][] | undefined);
    if (!children || specs.size !== children.length || !children.every(([key]) => specs.has(key))) {
      const expected =
        option === 'inAxes' && spec === axes
          ? 'an axis, null, or an array of these for each argument'
          : 'an axis, null, or these in the structure of the tensors';
      throw argumentError('vmap', option, expected, spec, typeof spec === 'object');
    }
    for (const [key, child] of children) visit(specs.get(key), child);
  };
  visit(axes, rebuild(leaves.map((_, i) => new LeafNumber(i))));
  return found;
}

/** What messages call the argument, or the part of it, at a path such as `[0].weight`. */
export function nameArgument(path: string): string {
  return `argument ${path.slice(1).replace(']', '')}`;
}

/**
 * The number of examples.
 * @throws {RangeError} if tensors disagree on it, or none has an axis of examples and no size is given.
 */
export function countExamples({ leaves, paths }: FlatTree, axes: readonly (number | null)[], given?: number): number {
  let size = given;
  let first: string | undefined;
  leaves.forEach((leaf, i) => {
    const axis = axes[i]!;
    if (axis === null) return;
    const length = at(leaf.shape, axis);
    size ??= length;
    const name = `axis ${axis} of ${nameArgument(paths[i]!)}, ${formatShape(leaf.shape)},`;
    if (length !== size) {
      const other = first === undefined ? `axisSize is ${size}` : `${first} has ${size}`;
      throw new RangeError(`vmap: arguments disagree on the number of examples: ${name} has ${length}; ${other}`);
    }
    first ??= name;
  });
  if (size === undefined) {
    throw new RangeError('vmap: no argument has an axis of examples; say how many there are with axisSize');
  }
  return size;
}

/** Moves an axis, keeping the order of the others. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const order = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  return x.permute(order.toSpliced(to, 0, from));
}

/** Puts the axis of examples, which comes first, where the result should have it, among `rank` axes. */
export function placeExamples(batch: Tensor, axis: number, rank: number): Tensor {
  return moveAxis(batch, 0, normalizeAxis('vmap: outAxes', axis, rank));
}
