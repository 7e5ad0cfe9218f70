/** A pair of neighboring symbols that can become one: its rank, its left symbol's position, both symbols, and what they become. */
interface Candidate {
  readonly rank: number;
  readonly result: number;
  readonly at: number;
  readonly left: number;
  readonly right: number;
}

/** Rank and result of merging two symbols, or `undefined`. */
export type FindMerge = (left: number, right: number) => { readonly rank: number; readonly result: number } | undefined;

/**
 * Merges neighboring symbols, the pair of lowest rank first and the leftmost of equal ones, until no pair can be merged. Takes
 * O(n log n) steps, also for a word of a million letters.
 */
export function mergeSymbols(symbols: number[], findMerge: FindMerge): number[] {
  const end = symbols.length;
  const next = symbols.map((_, i) => i + 1);
  const previous = symbols.map((_, i) => i - 1);
  const candidates: Candidate[] = [];
  const propose = (at: number): void => {
    const after = next[at]!;
    if (at < 0 || after >= end) return;
    const [left, right] = [symbols[at]!, symbols[after]!];
    const found = findMerge(left, right);
    if (found) push(candidates, { ...found, at, left, right });
  };
  for (let i = 0; i < end; i++) propose(i);
  for (let best = pop(candidates); best; best = pop(candidates)) {
    const { at, left, right, result } = best;
    const after = next[at]!;
    // Either symbol may have been merged with another since.
    if (symbols[at] !== left || after >= end || symbols[after] !== right) continue;
    symbols[at] = result;
    symbols[after] = -1;
    next[at] = next[after]!;
    if (next[at]! < end) previous[next[at]!] = at;
    if (previous[at]! >= 0) propose(previous[at]!);
    propose(at);
  }
  return symbols.filter((symbol) => symbol >= 0);
}

const isBefore = (a: Candidate, b: Candidate): boolean => a.rank < b.rank || (a.rank === b.rank && a.at < b.at);

/** Adds to a binary heap. */
function push(heap: Candidate[], candidate: Candidate): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(candidate, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = candidate;
}

/** Removes the first of a binary heap. */
function pop(heap: Candidate[]): Candidate | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (child >= heap.length || !isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
