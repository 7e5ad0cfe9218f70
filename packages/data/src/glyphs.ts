import type { Key, random } from '@thetagrad/core';
import { checkInteger, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import { cosSin } from './cosSin.ts';
import { ImageDataset } from './dataset.ts';
import { keyFor } from './keys.ts';
import { flatten, type Point, pointAt, rasterize, type Stroke } from './strokes.ts';

/** Options of `glyphs`. */
export interface GlyphOptions {
  /** Number of classes, which are characters of an invented alphabet. */
  readonly classes: number;
  /** Number of drawings of each class. */
  readonly perClass: number;
  /** Height and width in pixels. Default: 28. */
  readonly size?: number;
  /** Seed of alphabet and drawings, any integer. Default: 0. */
  readonly seed?: number;
  /** Variation among drawings of a character: 0 for none, 1 for about that of handwriting. Default: 1. */
  readonly jitter?: number;
  /** Noise of pixels and of the strength of ink: 0 for none, 1 for a little. Default: 1. */
  readonly noise?: number;
}

/**
 * Synthetic data set that needs no download: characters of an invented alphabet that look handwritten, bright on black.
 * Each class has one to four random smooth strokes; some classes are variants of others. Jitter, slant, rotation,
 * scale, position, pen and noise differ between drawings.
 *
 * Class c does not depend on the number of classes, nor drawing i of a class on the number of drawings; the same seed
 * gives the same pixels on every platform. Images are ordered by class.
 *
 * @throws {RangeError} if an option is out of range.
 */
export function glyphs(options: GlyphOptions): ImageDataset {
  checkOptions('glyphs', options, ['classes', 'perClass', 'size', 'seed', 'jitter', 'noise']);
  const { classes, perClass, size = 28, seed = 0, jitter = 1, noise = 1 } = options;
  for (const [name, value] of Object.entries({ classes, perClass, size })) {
    checkInteger('glyphs', name, value, { min: 1 });
  }
  for (const [name, value] of Object.entries({ jitter, noise })) {
    checkNonnegative('glyphs', name, value);
  }
  const data = new Uint8Array(classes * perClass * size * size);
  const labels = new Int32Array(classes * perClass);
  const drawingsKey = keyFor('glyphs', seed, 'drawings');
  createAlphabet(classes, keyFor('glyphs', seed, 'characters')).forEach((character, c) => {
    const classKey = drawingsKey.foldIn(c);
    for (let i = 0; i < perClass; i++) {
      const index = c * perClass + i;
      labels[index] = c;
      data.set(drawCharacter(character, size, classKey.foldIn(i).stream(), jitter, noise), index * size * size);
    }
  });
  const classNames = Array.from({ length: classes }, (_, c) => `glyph ${c}`);
  return new ImageDataset({ data, labels, channels: 1, height: size, width: size, classNames });
}

/** Height and width of the blurred sketches by which characters are compared. */
const sketchSize = 14;
/** Maximum similarity of two characters of an alphabet, as the cosine of their sketches. */
const maxSimilarity = 0.8;
/** Number of attempts to find a character, after which the last is taken whatever its similarity. */
const maxAttempts = 50;
/** Minimum length of the strokes of a character: single lines and shallow bows would be rotations of each other. */
const minInkLength = 1;

/** Creates the strokes of each class, which depend on earlier classes only. */
function createAlphabet(classes: number, key: Key): Stroke[][] {
  const characters: Stroke[][] = [];
  const sketches: Float32Array[] = [];
  for (let c = 0; c < classes; c++) {
    const stream = key.foldIn(c).stream();
    for (let attempt = 1; ; attempt++) {
      const isVariant = c > 0 && stream.uniform() < 0.3;
      const character = isVariant ? varyCharacter(characters[stream.integer(c)]!, stream) : createCharacter(stream);
      const sketch = drawSketch(character);
      if (attempt === maxAttempts || sketches.every((other) => dot(sketch, other) <= maxSimilarity)) {
        characters.push(character);
        sketches.push(sketch);
        break;
      }
    }
  }
  return characters;
}

function createCharacter(stream: random.Stream): Stroke[] {
  for (;;) {
    const strokes: Stroke[] = [];
    const count = [1, 2, 2, 2, 3, 3, 3, 4][stream.integer(8)]!;
    while (strokes.length < count) strokes.push(createStroke(strokes, stream));
    const character = fitToSquare(strokes);
    if (measureInk(character) > minInkLength) return character;
  }
}

/** Total length of the strokes of a character. */
function measureInk(character: readonly Stroke[]): number {
  let length = 0;
  for (const stroke of character) {
    const points = flatten(stroke, 8);
    for (let i = 1; i < points.length; i++) length += distance(points[i - 1]!, points[i]!);
  }
  return length;
}

/** Replaces one stroke of a character, or adds one. */
function varyCharacter(character: readonly Stroke[], stream: random.Stream): Stroke[] {
  const dropped = character.length > 1 && stream.uniform() < 0.8 ? stream.integer(character.length) : -1;
  const kept = character.filter((_, i) => i !== dropped);
  return fitToSquare([...kept, createStroke(kept, stream)]);
}

/** Creates a line, an arc, an S or a loop; most strokes after the first touch an earlier one, as in real scripts. */
function createStroke(earlier: readonly Stroke[], stream: random.Stream): Stroke {
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
      if (length > 0.3) return [start, offsetPoint(start, end, stream.uniform(-0.9, 0.9)), end];
    } else {
      const bow = stream.uniform(0.5, 1.3) * (stream.uniform() < 0.5 ? -1 : 1);
      const isLoop = stream.uniform() < 0.35;
      const isBow = stream.uniform() < 0.5;
      if (length > 0.25) {
        // Control points on the same side make a bow, or a loop if they cross; on opposite sides, an S.
        if (isLoop) return [start, offsetPoint(start, end, bow, 1.1), offsetPoint(start, end, bow, -0.1), end];
        return [start, offsetPoint(start, end, bow, 0.25), offsetPoint(start, end, isBow ? bow : -bow, 0.75), end];
      }
    }
  }
}

/** Point at fraction `along` of the segment from a to b, offset to the left by `aside` times its length. */
function offsetPoint(a: Point, b: Point, aside: number, along = 0.5): Point {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  return [a[0] + along * dx + aside * dy, a[1] + along * dy - aside * dx];
}

/**
 * Centers strokes in the square, scaled by the geometric mean of the uniform scale and the one that fills the square.
 */
function fitToSquare(strokes: readonly Stroke[]): Stroke[] {
  const points = strokes.flatMap((stroke) => flatten(stroke, 12));
  const [left, width] = rangeOf(points.map(([x]) => x));
  const [top, height] = rangeOf(points.map(([, y]) => y));
  const longer = Math.max(width, height);
  const scaleX = 0.68 / Math.sqrt(Math.max(width, 0.3 * longer) * longer);
  const scaleY = 0.68 / Math.sqrt(Math.max(height, 0.3 * longer) * longer);
  return strokes.map((stroke) =>
    stroke.map(([x, y]): Point => [0.5 + (x - left - width / 2) * scaleX, 0.5 + (y - top - height / 2) * scaleY]),
  );
}

function rangeOf(values: readonly number[]): [low: number, length: number] {
  const low = Math.min(...values);
  return [low, Math.max(...values) - low];
}

/** Draws a character once, with random variation. */
function drawCharacter(
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
    const varied = stroke.map(([x, y]): Point => {
      const px = x - 0.5 + offsetX + 0.038 * jitter * stream.normal();
      const py = y - 0.5 + offsetY + 0.038 * jitter * stream.normal();
      const sheared = scaleX * (px - slant * py);
      return [0.5 + shiftX + cos * sheared - sin * scaleY * py, 0.5 + shiftY + sin * sheared + cos * scaleY * py];
    });
    return flatten(varied, varied.length === 2 ? 1 : 14);
  });
  const ink = rasterize(lines, size, penWidth);
  const strength = 255 * (1 - 0.25 * noise * stream.uniform());
  // Triangular noise takes two random numbers per pixel, normal noise twelve.
  const grain = (): number => 20 * noise * (stream.uniform() - stream.uniform());
  return Uint8Array.from(ink, (value) => clampToByte(value * strength + grain()));
}

/** Draws a character blurred, as a vector of length 1. */
function drawSketch(character: readonly Stroke[]): Float32Array {
  const sketch = rasterize(
    character.map((stroke) => flatten(stroke, 14)),
    sketchSize,
    3,
  );
  const norm = Math.sqrt(dot(sketch, sketch));
  return sketch.map((value) => value / norm);
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
