import { type Key, random } from '@thetagrad/core';
import { checkInteger } from '@thetagrad/core/backend';

/** What this package draws random numbers for. The order is part of what a seed means. */
const purposes = ['characters', 'drawings', 'classes', 'groups', 'examples', 'order', 'augmentation'] as const;

/**
 * Key of a seed for one purpose. Different purposes get independent keys of the same seed.
 * @throws {RangeError} if the seed is not an integer.
 */
export function keyFor(operation: string, seed: number, purpose: (typeof purposes)[number]): Key {
  checkInteger(operation, 'seed', seed);
  return random.key(seed).foldIn(purposes.indexOf(purpose));
}
