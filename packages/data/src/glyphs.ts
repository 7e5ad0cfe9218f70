import type { Key, random } from '@thetagrad/core';
import { cosSin } from './cosSin.ts';
import { ImageDataset } from './dataset.ts';
import { keyFor } from './keys.ts';
import { draw, flatten, type Point, pointAt, type Stroke } from './strokes.ts';

/** What `glyphs` draws. */
export interface GlyphOptions {
  /** Number of classes (characters of an invented alphabet). */
  readonly classes: number;
  /** Drawings of each class. */
  readonly perClass: number;
  /** Height and width in pixels. Default 28. */
  readonly size?: number;
  /** Seed of alphabet and drawings, any safe integer. Default 0. */
  readonly seed?: number;
  /** How unsteady the hand is: 0 repeats the character, 1 (the default) varies about as much as people do. */
  readonly jitter?: number;
  /** How much the pixels differ from clean ink: 0 none, 1 (the default) a little. */
  readonly noise?: number;
}

/**
 * A data set that needs no download: handwritten-looking characters of an invented alphabet, bright on black. Each class
 * is one to four random smooth strokes; some classes are near relatives of others. Each drawing has its own unsteadiness,
 * slant, rotation, scale, place, pen and noise.
 *
 * Class c is the same however many classes there are, and drawing i of a class however many drawings; the same seed gives
 * the same pixels on every platform. Images are ordered by class.
 *
 * @throws RangeError if an option is out of range
 */
export function glyphs(options: GlyphOptions): ImageDataset {
  const { classes, perClass, size = 28, seed = 0, jitter = 1, noise = 1 } = options;
  for (const [name, value] of Object.entries({ classes, perClass, size })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`glyphs: ${name} must be a positive integer, got ${value}`);
    }
  }
  for (const [name, value] of Object.entries({ jitter, noise })) {
    if (!(value >= 0 && value < Infinity)) throw new RangeError(`glyphs: ${name} must be 0 or more, got ${value}`);
  }
  const data = new Uint8Array(classes * perClass * size * size);
  const labels = new Int32Array(classes * perClass);
  const drawingsKey = keyFor('glyphs', seed, 'drawings');
  alphabet(classes, keyFor('glyphs', seed, 'characters')).forEach((character, c) => {
    const classKey = drawingsKey.foldIn(c);
    for (let i = 0; i < perClass; i++) {
      const place = c * perClass + i;
      labels[place] = c;
      data.set(drawing(character, size, classKey.foldIn(i).stream(), jitter, noise), place * size * size);
    }
  });
  const classNames = Array.from({ length: classes }, (_, c) => `glyph ${c}`);
  return new ImageDataset({ data, labels, channels: 1, height: size, width: size, classNames });
}

/** Characters are compared as blurred pictures of this size. */
const SKETCH = 14;
/** Two characters of an alphabet are at most this similar (cosine of their blurred pictures) … */
const MOST_SIMILAR = 0.8;
/** … unless so many attempts have failed to find one (the alphabet is crowded), after which the last stands. */
const ATTEMPTS = 50;
/** A single line or shallow bow, turned a little, would be any other: characters have more ink than that. */
const LEAST_INK = 1;

/** The strokes of each class. A class depends on those before it only, so more classes never change the first ones. */
function alphabet(classes: number, key: Key): Stroke[][] {
  const characters: Stroke[][] = [];
  const sketches: Float32Array[] = [];
  for (let c = 0; c < classes; c++) {
    const stream = key.foldIn(c).stream();
    for (let attempt = 1; ; attempt++) {
      const isRelative = c > 0 && stream.uniform() < 0.3;
      const character = isRelative ? relative(characters[stream.integer(c)]!, stream) : newCharacter(stream);
      const sketch = blurred(character);
      if (attempt === ATTEMPTS || sketches.every((other) => dot(sketch, other) <= MOST_SIMILAR)) {
        characters.push(character);
        sketches.push(sketch);
        break;
      }
    }
  }
  return characters;
}

function newCharacter(stream: random.Stream): Stroke[] {
  for (;;) {
    const strokes: Stroke[] = [];
    const count = [1, 2, 2, 2, 3, 3, 3, 4][stream.integer(8)]!;
    while (strokes.length < count) strokes.push(newStroke(strokes, stream));
    const character = fitted(strokes);
    if (inkLength(character) > LEAST_INK) return character;
  }
}

function inkLength(character: readonly Stroke[]): number {
  let length = 0;
  for (const stroke of character) {
    const points = flatten(stroke, 8);
    for (let i = 1; i < points.length; i++) length += distance(points[i - 1]!, points[i]!);
  }
  return length;
}

/** A character that shares all strokes but one with another, or has one more. */
function relative(character: readonly Stroke[], stream: random.Stream): Stroke[] {
  const dropped = character.length > 1 && stream.uniform() < 0.8 ? stream.integer(character.length) : -1;
  const kept = character.filter((_, i) => i !== dropped);
  return fitted([...kept, newStroke(kept, stream)]);
}

/** A line, an arc, or an S or loop; most strokes after the first touch an earlier one, as in real scripts. */
function newStroke(earlier: readonly Stroke[], stream: random.Stream): Stroke {
  const touched = earlier.length > 0 && stream.uniform() < 0.75 ? earlier[stream.integer(earlier.length)]! : undefined;
  const start: Point = touched
    ? pointAt(touched, stream.integer(5) / 4)
    : [stream.uniform(0.1, 0.9), stream.uniform(0.1, 0.9)];
  for (;;) {
    const end: Point = [stream.uniform(), stream.uniform()];
    const length = distance(start, end);
    const kind = stream.uniform();
    if (kind < 0.3) {
      if (length > 0.4) return [start, end];
    } else if (kind < 0.65) {
      if (length > 0.3) return [start, beside(start, end, stream.uniform(-0.9, 0.9)), end];
    } else {
      const bow = stream.uniform(0.5, 1.3) * (stream.uniform() < 0.5 ? -1 : 1);
      const isLoop = stream.uniform() < 0.35;
      const isBow = stream.uniform() < 0.5;
      if (length > 0.25) {
        // Handles on the same side make a bow, a loop when they cross; on either side, an S.
        if (isLoop) return [start, beside(start, end, bow, 1.1), beside(start, end, bow, -0.1), end];
        return [start, beside(start, end, bow, 0.25), beside(start, end, isBow ? bow : -bow, 0.75), end];
      }
    }
  }
}

/** The point that lies at part `along` of the way from a to b, and `aside` times their distance to the left of it. */
function beside(a: Point, b: Point, aside: number, along = 0.5): Point {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  return [a[0] + along * dx + aside * dy, a[1] + along * dy - aside * dx];
}

/** The strokes moved and scaled to fill most of the square; the proportions change by half as much as would fill it. */
function fitted(strokes: readonly Stroke[]): Stroke[] {
  const points = strokes.flatMap((stroke) => flatten(stroke, 12));
  const [left, width] = extent(points.map(([x]) => x));
  const [top, height] = extent(points.map(([, y]) => y));
  const largest = Math.max(width, height);
  const scaleX = 0.68 / Math.sqrt(Math.max(width, 0.3 * largest) * largest);
  const scaleY = 0.68 / Math.sqrt(Math.max(height, 0.3 * largest) * largest);
  return strokes.map((stroke) =>
    stroke.map(([x, y]): Point => [0.5 + (x - left - width / 2) * scaleX, 0.5 + (y - top - height / 2) * scaleY]),
  );
}

function extent(values: readonly number[]): [low: number, length: number] {
  const low = Math.min(...values);
  return [low, Math.max(...values) - low];
}

/** One drawing of a character. */
function drawing(
  character: readonly Stroke[],
  size: number,
  stream: random.Stream,
  jitter: number,
  noise: number,
): Uint8Array {
  const [cos, sin] = cosSin(0.17 * jitter * stream.normal());
  const slant = 0.24 * jitter * stream.normal();
  const scaleX = 1 + 0.13 * jitter * stream.uniform(-1.6, 1);
  const scaleY = 1 + 0.13 * jitter * stream.uniform(-1.6, 1);
  const shiftX = 0.045 * jitter * stream.normal();
  const shiftY = 0.045 * jitter * stream.normal();
  const penWidth = (size / 28) * (1.9 + 0.6 * jitter * stream.uniform(-1, 1));
  const lines = character.map((stroke) => {
    const offsetX = 0.03 * jitter * stream.normal();
    const offsetY = 0.03 * jitter * stream.normal();
    const moved = stroke.map(([x, y]): Point => {
      const px = x - 0.5 + offsetX + 0.038 * jitter * stream.normal();
      const py = y - 0.5 + offsetY + 0.038 * jitter * stream.normal();
      const sheared = scaleX * (px - slant * py);
      return [0.5 + shiftX + cos * sheared - sin * scaleY * py, 0.5 + shiftY + sin * sheared + cos * scaleY * py];
    });
    return flatten(moved, moved.length === 2 ? 1 : 14);
  });
  const ink = draw(lines, size, penWidth);
  const strength = 255 * (1 - 0.25 * noise * stream.uniform());
  // Triangular noise takes two draws a pixel, where normal noise takes twelve.
  const grain = (): number => 20 * noise * (stream.uniform() - stream.uniform());
  return Uint8Array.from(ink, (value) => clampToByte(value * strength + grain()));
}

/** A blurred picture of a character as a vector of length 1. */
function blurred(character: readonly Stroke[]): Float32Array {
  const picture = draw(
    character.map((stroke) => flatten(stroke, 14)),
    SKETCH,
    3,
  );
  const norm = Math.sqrt(dot(picture, picture));
  return picture.map((value) => value / norm);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function distance(a: Point, b: Point): number {
  return Math.sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]));
}

function clampToByte(value: number): number {
  return Math.round(Math.min(255, Math.max(0, value)));
}
