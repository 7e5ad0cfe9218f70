import { unravelIndex } from '@thetagrad/core/backend';
import { GradientError } from './gradientError.ts';
import type { Location } from './comparison.ts';
import type { Direction } from './functionAtPoint.ts';
import type { Leaf } from './tree.ts';

/** An element of an input. */
interface Coordinate {
  readonly leaf: number;
  readonly element: number;
}

/**
 * Runs a check along a direction. If it fails, halves the direction until a single element fails.
 * @param check receives the direction and the element that it consists of, empty if there are several.
 * @throws {GradientError} that of the smallest direction that fails.
 */
export function bisect(
  inputs: readonly Leaf[],
  direction: readonly Float64Array[],
  check: (direction: Direction, location: Location) => void,
): void {
  const all = direction.flatMap((part, leaf) => Array.from(part, (_, element): Coordinate => ({ leaf, element })));
  const failureOf = (members: readonly Coordinate[]): unknown => {
    try {
      check(members === all ? direction : restrict(direction, members), locationOf(inputs, members));
    } catch (error) {
      return error;
    }
    return undefined;
  };
  let members: readonly Coordinate[] = all;
  let error = failureOf(all);
  while (error instanceof GradientError && members.length > 1) {
    const middle = members.length >> 1;
    const halves = [members.slice(0, middle), members.slice(middle)];
    const narrower = halves.map((half) => [half, failureOf(half)] as const).find(([, found]) => found !== undefined);
    if (!narrower) break;
    [members, error] = narrower;
  }
  if (error !== undefined) throw error;
}

/** The direction with zeros everywhere else. */
function restrict(direction: readonly Float64Array[], members: readonly Coordinate[]): Direction {
  return direction.map((part, leaf) => {
    const own = members.filter((member) => member.leaf === leaf);
    if (own.length === 0) return undefined;
    const restricted = new Float64Array(part.length);
    for (const { element } of own) restricted[element] = part[element]!;
    return restricted;
  });
}

function locationOf(inputs: readonly Leaf[], members: readonly Coordinate[]): Location {
  const [only] = members;
  if (members.length !== 1 || !only) return {};
  const { path, tensor: input } = inputs[only.leaf]!;
  return { input: path, element: unravelIndex(only.element, input.shape) };
}
