import type { NestedArray } from '@thetagrad/core';

/** Maps a formula of numbers over nested arrays of equal shape. */
export function elementwise(f: (...elements: number[]) => number): (...inputs: NestedArray[]) => NestedArray {
  const apply = (...inputs: NestedArray[]): NestedArray => {
    const [first] = inputs;
    if (!Array.isArray(first)) return f(...inputs.map(Number));
    return (first as NestedArray[]).map((_, i) => apply(...inputs.map((input) => (input as NestedArray[])[i]!)));
  };
  return apply;
}

/** The x between two bounds at which an increasing function has a value, by bisection. */
export function inverse(f: (x: number) => number, value: number, low: number, high: number): number {
  let [from, to] = [low, high];
  for (let i = 0; i < 60; i++) {
    const middle = (from + to) / 2;
    if (f(middle) < value) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
