/** Fewer points for the same picture, so that the file stays small. All of it is deterministic. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Centred moving mean over `window` values (fewer at the ends, so that it lags nowhere). */
export function movingMean(values: readonly number[], window: number): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums[sums.length - 1]! + value);
  const half = Math.floor(window / 2);
  return values.map((_, i) => {
    const from = Math.max(0, i - half);
    const to = Math.min(values.length, i + half + 1);
    return (sums[to]! - sums[from]!) / (to - from);
  });
}

/** Every k-th point so that at most `most` are left, with the last. */
export function everyFew<T>(points: readonly T[], most: number): T[] {
  const stride = Math.ceil(points.length / most);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

/** The lowest and the highest point of each of `most / 2` stretches, in order: spikes stay. */
export function envelope(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  const stretches = Math.floor(most / 2);
  const kept: Point[] = [];
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * points.length) / stretches);
    const to = Math.floor(((s + 1) * points.length) / stretches);
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

/** Leaves out points nearer than `distance` to the last one kept (sum of both axes); the ends stay. */
export function apart(points: readonly Point[], distance: number): Point[] {
  const kept: Point[] = [];
  for (const [i, point] of points.entries()) {
    const last = kept[kept.length - 1];
    const near = last !== undefined && Math.abs(point.x - last.x) + Math.abs(point.y - last.y) < distance;
    if (!near || i === points.length - 1) kept.push(point);
  }
  return kept;
}

/**
 * The indices of the samples of each class, at most about `most` together: each class gives its share, at least one,
 * evenly spaced in its own order. (A stride over all samples could meet the order of classes and show only some.)
 */
export function samplePerClass(labels: Int32Array, classes: number, most: number): number[][] {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (const [i, label] of labels.entries()) members[label]!.push(i);
  const share = Math.min(1, most / labels.length);
  return members.map((indices) => {
    const wanted = Math.min(indices.length, Math.max(1, Math.floor(indices.length * share)));
    return Array.from({ length: wanted }, (_, i) => indices[Math.floor((i * indices.length) / wanted)]!);
  });
}
