/** Deterministic reduction of points that keeps the picture, so that the file stays small. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Centered moving mean over `window` values, fewer at the ends. */
export function computeMovingMean(values: readonly number[], window: number): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums[sums.length - 1]! + value);
  const half = Math.floor(window / 2);
  return values.map((_, i) => {
    const from = Math.max(0, i - half);
    const to = Math.min(values.length, i + half + 1);
    return (sums[to]! - sums[from]!) / (to - from);
  });
}

/** Keeps every k-th of at most `max` points, and the last point. */
export function downsample<T>(points: readonly T[], max: number): T[] {
  const stride = Math.ceil(points.length / max);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

/** Keeps the minimum and maximum of each of `max / 2` intervals, in order, so that spikes remain. */
export function downsampleRange(points: readonly Point[], max: number): Point[] {
  if (points.length <= max) return [...points];
  const intervals = Math.floor(max / 2);
  const kept: Point[] = [];
  for (let s = 0; s < intervals; s++) {
    const from = Math.floor((s * points.length) / intervals);
    const to = Math.floor(((s + 1) * points.length) / intervals);
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      if (points[i]!.y < points[low]!.y) low = i;
      if (points[i]!.y > points[high]!.y) high = i;
    }
    kept.push(points[Math.min(low, high)]!);
    if (low !== high) kept.push(points[Math.max(low, high)]!);
  }
  return kept;
}

/** Drops points within `distance` of the last point kept (Manhattan distance), except the ends. */
export function dropNearbyPoints(points: readonly Point[], distance: number): Point[] {
  const kept: Point[] = [];
  for (const [i, point] of points.entries()) {
    const last = kept[kept.length - 1];
    const isNear = last !== undefined && Math.abs(point.x - last.x) + Math.abs(point.y - last.y) < distance;
    if (!isNear || i === points.length - 1) kept.push(point);
  }
  return kept;
}

/**
 * Indices of samples of each class, about `max` in total: a share of each class, at least one, evenly spaced. A stride
 * over all samples could resonate with the order of classes and omit some.
 */
export function samplePerClass(labels: Int32Array, classes: number, max: number): number[][] {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (const [i, label] of labels.entries()) members[label]!.push(i);
  const share = Math.min(1, max / labels.length);
  return members.map((indices) => {
    const count = Math.min(indices.length, Math.max(1, Math.floor(indices.length * share)));
    return Array.from({ length: count }, (_, i) => indices[Math.floor((i * indices.length) / count)]!);
  });
}
