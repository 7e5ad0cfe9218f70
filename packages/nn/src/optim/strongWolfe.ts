// Line search by the strong Wolfe conditions, with cubic interpolation: Schmidt's minFunc as PyTorch has it. (Nocedal and Wright,
// Numerical Optimization, algorithms 3.5 and 3.6.)

/** A point of the line. */
export interface LinePoint {
  /** The length of the step. */
  readonly t: number;
  readonly loss: number;
  /** The gradient there. */
  readonly grad: Float64Array;
  /** The derivative along the line. */
  readonly slope: number;
}

/** Constants of the conditions for the decrease of the loss and of the slope. */
const [decrease, curvature] = [1e-4, 0.9];
const maxEvaluations = 25;

/**
 * Finds a step that decreases the loss and its slope enough.
 * @param evaluate the loss at a step of length t
 * @param start the loss at 0, where the slope is negative
 * @param t the first length to try
 * @param minWidth the width of the bracket at which the search ends
 */
export async function strongWolfe(
  evaluate: (t: number) => Promise<LinePoint>,
  start: LinePoint,
  t: number,
  minWidth: number,
): Promise<LinePoint> {
  const isTooHigh = (point: LinePoint): boolean => point.loss > start.loss + decrease * point.t * start.slope;
  const isFlat = (point: LinePoint): boolean => Math.abs(point.slope) <= -curvature * start.slope;

  let previous = start;
  let current = await evaluate(t);
  let evaluations = 0;
  // Extends the step until a bracket contains a point that meets the conditions.
  let bracket: [LinePoint, LinePoint] | undefined;
  while (bracket === undefined && evaluations < maxEvaluations) {
    if (!Number.isFinite(current.loss) || !Number.isFinite(current.slope)) {
      current = await evaluate((previous.t + current.t) / 2);
    } else if (isTooHigh(current) || (evaluations > 1 && current.loss >= previous.loss)) {
      bracket = [previous, current];
    } else if (isFlat(current)) {
      return current;
    } else if (current.slope >= 0) {
      bracket = [previous, current];
    } else {
      const bounds = [current.t + 0.01 * (current.t - previous.t), current.t * 10] as const;
      const next = await evaluate(interpolateCubic(previous, current, bounds));
      previous = current;
      current = next;
    }
    if (bracket === undefined) evaluations++;
  }
  let [low, high] = sortByLoss(bracket ?? [start, current]);
  // Narrows the bracket.
  let isStalled = false;
  while (evaluations < maxEvaluations && Math.abs(high.t - low.t) >= minWidth) {
    const [from, to] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    let next = interpolateCubic(low, high, [from, to]);
    const margin = 0.1 * (to - from);
    if (Math.min(to - next, next - from) >= margin) isStalled = false;
    else if (isStalled || next >= to || next <= from) {
      next = Math.abs(next - to) < Math.abs(next - from) ? to - margin : from + margin;
      isStalled = false;
    } else isStalled = true;
    current = await evaluate(next);
    evaluations++;
    if (!(current.loss < low.loss) || isTooHigh(current)) {
      [low, high] = sortByLoss([low, current]);
      continue;
    }
    if (isFlat(current)) return current;
    if (current.slope * (high.t - low.t) >= 0) high = low;
    low = current;
  }
  return low;
}

function sortByLoss([a, b]: readonly [LinePoint, LinePoint]): [LinePoint, LinePoint] {
  // Also keeps a first, where the loss of b is NaN.
  return b.loss < a.loss ? [b, a] : [a, b];
}

/** The minimum between bounds of the cubic polynomial through two points with their slopes. */
function interpolateCubic(a: LinePoint, b: LinePoint, [min, max]: readonly [number, number]): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (min + max) / 2;
  const [first, second] = a.t <= b.t ? [a, b] : [b, a];
  const d2 = Math.sqrt(square);
  const ratio = (second.slope + d2 - d1) / (second.slope - first.slope + 2 * d2);
  const minimum = second.t - (second.t - first.t) * ratio;
  return Number.isFinite(minimum) ? Math.min(Math.max(minimum, min), max) : (min + max) / 2;
}
