import fc from 'fast-check';
import { ImageDataset } from '../src/dataset.ts';

/** Small data sets of 1 to 6 classes, with or without groups; some classes may have no images. */
export const datasets: fc.Arbitrary<ImageDataset> = fc
  .record({
    channels: fc.constantFrom(1, 3),
    height: fc.integer({ min: 1, max: 5 }),
    width: fc.integer({ min: 1, max: 5 }),
    classes: fc.integer({ min: 1, max: 6 }),
    size: fc.integer({ min: 1, max: 24 }),
    grouped: fc.boolean(),
  })
  .chain(({ channels, height, width, classes, size, grouped }) => {
    const area = channels * height * width;
    return fc
      .record({
        data: fc.uint8Array({ minLength: size * area, maxLength: size * area }),
        labels: fc.int32Array({ min: 0, max: classes - 1, minLength: size, maxLength: size }),
      })
      .map((arrays) => {
        const classNames = Array.from({ length: classes }, (_, i) => `class ${i}`);
        const groups = grouped ? { classGroups: classNames.map((_, i) => `group ${i % 3}`) } : {};
        return new ImageDataset({ ...arrays, channels, height, width, classNames, ...groups });
      });
  });

/** Creates a data set of gray images in which every pixel is the index of its image. */
export function createNumbered(perClass: readonly number[], groups?: readonly string[]): ImageDataset {
  const labels = perClass.flatMap((count, label) => Array.from({ length: count }, () => label));
  return new ImageDataset({
    data: Uint8Array.from({ length: labels.length * 4 }, (_, i) => i >> 2),
    labels: Int32Array.from(labels),
    channels: 1,
    height: 2,
    width: 2,
    classNames: perClass.map((_, i) => `class ${i}`),
    ...(groups === undefined ? {} : { classGroups: groups }),
  });
}

/** Original indices of the images in part of such a data set. */
export function indicesIn(part: ImageDataset): number[] {
  return Array.from({ length: part.size }, (_, i) => part.example(i).image[0]!);
}
