/** Features of a 2-D or 3-D embedding, checked and made ready for the pictures. */

import { degrees } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { classColour, legend } from './palette.ts';
import type { FeaturePlot } from './report.ts';
import { samplePerClass } from './thin.ts';

const MOST_POINTS = 1500;

export type Vector = readonly number[];

export interface ClassFeatures {
  readonly name: string;
  /** The name as it fits into a picture. */
  readonly label: string;
  readonly colour: string;
  /** Some of the features of the class. */
  readonly points: readonly Vector[];
  /** Unit vector of the class's weights, or of its mean feature if there are no weights. */
  readonly direction: Vector | undefined;
}

/**
 * The features by class, at most about 1,500 in all.
 *
 * @throws RangeError if the features or weights have not the size that labels and classes ask for, a label has no class,
 *   or a value is not finite
 */
export function classFeatures({
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
  const stray = labels.find((label) => label < 0 || label >= classNames.length);
  if (stray !== undefined) {
    throw new RangeError(`${where}: label ${stray} is outside 0 … ${classNames.length - 1}, the classes named`);
  }
  const vector = (values: Float32Array, i: number) => Array.from(values.subarray(i * dimension, (i + 1) * dimension));
  const pictureLabels = shortNames(classNames);
  return samplePerClass(labels, classNames.length, MOST_POINTS).map((indices, label) => {
    const points = indices.map((i) => vector(features, i));
    const direction = weights === undefined ? sumOfUnits(points, dimension) : vector(weights, label);
    return {
      name: classNames[label]!,
      label: pictureLabels[label]!,
      colour: classColour(label),
      points,
      direction: unit(direction),
    };
  });
}

/** Names without the words that all begin with ("glyph 3" becomes "3"), and cut where they are still long. */
export function shortNames(names: readonly string[]): string[] {
  const words = names.map((name) => name.split(' '));
  const fewest = Math.min(...words.map(({ length }) => length));
  let shared = 0;
  while (names.length > 1 && shared < fewest - 1 && words.every((name) => name[shared] === words[0]![shared])) shared++;
  return words.map((name) => {
    const characters = Array.from(name.slice(shared).join(' '));
    return characters.length > 8 ? `${characters.slice(0, 7).join('')}…` : characters.join('');
  });
}

/** The vector scaled to length 1; a zero vector has no direction. */
export function unit(vector: Vector): Vector | undefined {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((v) => v / length) : undefined;
}

export function units(vectors: readonly Vector[]): Vector[] {
  return vectors.map(unit).filter((vector) => vector !== undefined);
}

export function classLegend(classes: readonly ClassFeatures[]): Markup {
  return legend(classes.map(({ name, colour }) => ({ label: name, colour, mark: 'dot' })));
}

/** The name of a class in a picture, with a halo that keeps it readable on dots. */
export function classLabel(name: string, { x, y }: { readonly x: number; readonly y: number }): Markup {
  return markup`<text class="label" x="${x}" y="${y + 4}" text-anchor="middle">${name}</text>`;
}

/** The mean angle between features and the direction of their class, in words. */
export function meanAngleFromOwn(classes: readonly ClassFeatures[]): string {
  const angles = classes.flatMap(({ points, direction }) => {
    if (direction === undefined) return [];
    return units(points).map((point) => Math.acos(Math.min(1, Math.max(-1, dot(point, direction)))));
  });
  return angles.length === 0 ? 'unknown' : degrees(angles.reduce((a, b) => a + b, 0) / angles.length);
}

/** What the marked directions are, for captions. */
export function directionsInWords(planes: readonly FeaturePlot[]): Markup {
  const all = planes.every(({ weights }) => weights !== undefined);
  const none = planes.every(({ weights }) => weights === undefined);
  if (all) return markup`the weight vectors of the classes`;
  if (none) return markup`the mean directions of the classes`;
  return markup`the weight vectors of the classes (their mean directions for methods without)`;
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0);
}

function sumOfUnits(points: readonly Vector[], dimension: number): Vector {
  const sum = new Array<number>(dimension).fill(0);
  for (const point of units(points)) for (let k = 0; k < dimension; k++) sum[k]! += point[k]!;
  return sum;
}
