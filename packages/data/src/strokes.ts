/** A point in the unit square, the drawing area; y points down. */
export type Point = readonly [x: number, y: number];

/** A pen stroke: a Bézier curve, straight (2 control points), quadratic (3) or cubic (4). */
export type Stroke = readonly Point[];

/** Approximates a stroke by a polyline of `segments` + 1 points, at equal steps of the parameter. */
export function flatten(stroke: Stroke, segments: number): Point[] {
  const points: Point[] = [];
  for (let i = 0; i <= segments; i++) points.push(pointAt(stroke, i / segments));
  return points;
}

/** Point of a stroke at parameter t, by de Casteljau's algorithm. */
export function pointAt(stroke: Stroke, t: number): Point {
  let points = stroke;
  while (points.length > 1) {
    points = points.slice(1).map(([x, y], i) => [x * t + points[i]![0] * (1 - t), y * t + points[i]![1] * (1 - t)]);
  }
  return points[0]!;
}

/**
 * Rasterizes polylines with a round, anti-aliased pen: the ink of a pixel falls from 1 to 0 over one pixel across the
 * border of the pen, by the distance from the center of the pixel to the nearest segment.
 *
 * @param penWidth Width in pixels.
 * @returns Ink from 0 to 1, of shape (size, size).
 */
export function rasterize(lines: readonly (readonly Point[])[], size: number, penWidth: number): Float32Array {
  const nearest = new Float32Array(size * size).fill(Infinity); // Squared distance to the nearest segment.
  const reach = penWidth / 2 + 0.5;
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const [ax, ay] = toPixel(line[i - 1]!, size);
      const [bx, by] = toPixel(line[i]!, size);
      const dx = bx - ax;
      const dy = by - ay;
      const lengthSquared = dx * dx + dy * dy;
      const left = Math.max(0, Math.ceil(Math.min(ax, bx) - reach));
      const right = Math.min(size - 1, Math.floor(Math.max(ax, bx) + reach));
      const top = Math.max(0, Math.ceil(Math.min(ay, by) - reach));
      const bottom = Math.min(size - 1, Math.floor(Math.max(ay, by) + reach));
      for (let y = top; y <= bottom; y++) {
        for (let x = left; x <= right; x++) {
          const along = lengthSquared === 0 ? 0 : ((x - ax) * dx + (y - ay) * dy) / lengthSquared;
          const t = Math.min(1, Math.max(0, along));
          const ex = x - ax - t * dx;
          const ey = y - ay - t * dy;
          const distance = ex * ex + ey * ey;
          if (distance < nearest[y * size + x]!) nearest[y * size + x] = distance;
        }
      }
    }
  }
  return nearest.map((distance) => Math.min(1, Math.max(0, reach - Math.sqrt(distance))));
}

function toPixel([x, y]: Point, size: number): Point {
  return [x * size - 0.5, y * size - 0.5];
}
