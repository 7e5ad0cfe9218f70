/** Features of a 2-D or 3-D embedding, validated and grouped by class. */

import { formatDegrees } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { classColor, renderLegend } from './palette.ts';
import type { FeaturePlot } from './contents.ts';
import { samplePerClass } from './downsample.ts';

const maxPoints = 1500;

export type Vector = readonly number[];

export interface ClassFeatures {
  readonly name: string;
  /** Shortened name, for pictures. */
  readonly label: string;
  readonly color: string;
  /** Sample of the features of the class. */
  readonly points: readonly Vector[];
  /** Unit vector of the weights of the class, or of its mean direction if there are no weights. */
  readonly direction: Vector | undefined;
}

/**
 * Groups features by class, sampling about 1,500 of them.
 *
 * @throws {RangeError} if sizes do not match, a label has no class, or a value is not finite.
 */
export function groupByClass({
  method,
  dimension,
  features,
  labels,
  classNames,
  weights,
}: FeaturePlot): ClassFeatures[] {
  const where = `features of ${method}`;
  if (features.length !== labels.length * dimension) {
    throw new RangeError(
      `${where}: ${labels.length} labels need ${labels.length * dimension} values, got ${features.length}`,
    );
  }
  if (weights !== undefined && weights.length !== classNames.length * dimension) {
    throw new RangeError(
      `${where}: ${classNames.length} classes need ${classNames.length * dimension} weights, got ${weights.length}`,
    );
  }
  if (!features.every(Number.isFinite)) throw new RangeError(`${where}: every value must be finite`);
  const unnamed = labels.find((label) => label < 0 || label >= classNames.length);
  if (unnamed !== undefined) {
    throw new RangeError(
      `${where}: label ${unnamed} is outside 0 … ${classNames.length - 1}, the classes that have names`,
    );
  }
  const vector = (values: Float32Array, i: number) => Array.from(values.subarray(i * dimension, (i + 1) * dimension));
  const pictureLabels = shortenNames(classNames);
  return samplePerClass(labels, classNames.length, maxPoints).map((indices, label) => {
    const points = indices.map((i) => vector(features, i));
    const direction = weights === undefined ? sumDirections(points, dimension) : vector(weights, label);
    return {
      name: classNames[label]!,
      label: pictureLabels[label]!,
      color: classColor(label),
      points,
      direction: normalize(direction),
    };
  });
}

/** Drops the words with which all names begin ("glyph 3" becomes "3"), and truncates long names. */
export function shortenNames(names: readonly string[]): string[] {
  const words = names.map((name) => name.split(' '));
  const minLength = Math.min(...words.map(({ length }) => length));
  let shared = 0;
  while (names.length > 1 && shared < minLength - 1 && words.every((name) => name[shared] === words[0]![shared]))
    shared++;
  return words.map((name) => {
    const characters = Array.from(name.slice(shared).join(' '));
    return characters.length > 8 ? `${characters.slice(0, 7).join('')}…` : characters.join('');
  });
}

/** Scales a vector to length 1; a zero vector has no direction. */
function normalize(vector: Vector): Vector | undefined {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((v) => v / length) : undefined;
}

/** Direction of the mean of the directions, or `undefined` if they cancel, or there are none. */
export function meanDirection(points: readonly Vector[]): Vector | undefined {
  return normalize(sumDirections(points, points[0]?.length ?? 0));
}

/** Scales vectors to length 1, omitting zero vectors. */
export function normalizeAll(vectors: readonly Vector[]): Vector[] {
  return vectors.map(normalize).filter((vector) => vector !== undefined);
}

export function renderClassLegend(classes: readonly ClassFeatures[]): Markup {
  return renderLegend(classes.map(({ name, color }) => ({ label: name, color, mark: 'dot' })));
}

/** Renders the name of a class in a picture, with a halo that keeps it readable on dots. */
export function renderClassLabel(name: string, { x, y }: { readonly x: number; readonly y: number }): Markup {
  return markup`<text class="label" x="${x}" y="${y + 4}" text-anchor="middle">${name}</text>`;
}

/** Formats the mean angle between features and the direction of their class. */
export function formatMeanAngle(classes: readonly ClassFeatures[]): string {
  const angles = classes.flatMap(({ points, direction }) => {
    if (direction === undefined) return [];
    return normalizeAll(points).map((point) => Math.acos(Math.min(1, Math.max(-1, dot(point, direction)))));
  });
  return angles.length === 0 ? 'unknown' : formatDegrees(angles.reduce((a, b) => a + b, 0) / angles.length);
}

/** Describes the marked directions, for captions. */
export function describeDirections(planes: readonly FeaturePlot[]): Markup {
  const allWeights = planes.every(({ weights }) => weights !== undefined);
  const noWeights = planes.every(({ weights }) => weights === undefined);
  if (allWeights) return markup`the weight vectors of the classes`;
  if (noWeights) return markup`the mean directions of the classes`;
  return markup`the weight vectors of the classes (mean directions for methods without weights)`;
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0);
}

function sumDirections(points: readonly Vector[], dimension: number): Vector {
  const sum = new Array<number>(dimension).fill(0);
  for (const point of normalizeAll(points)) for (let k = 0; k < dimension; k++) sum[k]! += point[k]!;
  return sum;
}
