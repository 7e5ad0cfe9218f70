import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ImageDataset } from '../src/dataset.ts';
import { datasets, createNumbered, indicesIn } from './arbitraries.ts';

const perClass = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 12 });
const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

describe('ImageDataset', () => {
  const init = { data: new Uint8Array(12), labels: Int32Array.of(0, 2, 1), channels: 1, height: 2, width: 2 };

  test('names classes by number if it is given no names', () => {
    const dataset = new ImageDataset(init);
    expect(dataset.classNames).toEqual(['0', '1', '2']);
    expect([dataset.size, dataset.classes, dataset.groups.length]).toEqual([3, 3, 0]);
    expect([...dataset.classCounts]).toEqual([1, 1, 1]);
  });

  test.each([
    ['no images', { ...init, data: new Uint8Array(0), labels: new Int32Array(0) }, 'needs at least one image'],
    [
      'too few values',
      { ...init, data: new Uint8Array(11) },
      '3 labels and images of 1 × 2 × 2 need 12 values, got 11',
    ],
    ['a negative label', { ...init, labels: Int32Array.of(0, -1, 0) }, 'label -1 of image 1 is outside'],
    ['a label without a name', { ...init, classNames: ['a', 'b'] }, 'label 2 of image 1 is outside 0 … 1'],
    ['groups for other classes', { ...init, classGroups: ['a'] }, 'classGroups has 1 entries for 3 classes'],
    ['a height of 0', { ...init, height: 0 }, 'ImageDataset: height must be an integer ≥ 1, got 0'],
    ['a broken width', { ...init, width: 1.5 }, 'ImageDataset: width must be an integer ≥ 1, got 1.5'],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => new ImageDataset(wrong)).toThrow(message);
  });

  test('example gives a view, its label and class name', () => {
    const dataset = createNumbered([2, 1]);
    expect(dataset.example(2)).toEqual({ image: Uint8Array.of(2, 2, 2, 2), label: 1, className: 'class 1' });
    for (const index of [-1, 3, 0.5, Number.NaN])
      expect(() => dataset.example(index)).toThrow('example: index must be an integer from 0 to 2');
  });

  test('subset takes the images at the indices, in their order', () => {
    fc.assert(
      fc.property(datasets, fc.array(fc.nat(), { minLength: 1, maxLength: 10 }), (dataset, numbers) => {
        const indices = numbers.map((n) => n % dataset.size);
        const part = dataset.subset(indices);
        expect(part.classNames).toEqual(dataset.classNames);
        indices.forEach((index, i) => expect(part.example(i)).toEqual(dataset.example(index)));
      }),
    );
    expect(() => createNumbered([2]).subset([0, 2])).toThrow('subset: index must be an integer from 0 to 1, got 2');
    expect(() => createNumbered([2]).subset([])).toThrow('needs at least one image');
  });

  test('selectClasses numbers the classes from 0 and keeps their names and groups', () => {
    const part = createNumbered([1, 2, 1], ['x', 'y', 'z']).selectClasses([2, 1]);
    expect(part.classNames).toEqual(['class 2', 'class 1']);
    expect(part.classGroups).toEqual(['z', 'y']);
    expect([...part.labels]).toEqual([1, 1, 0]);
    expect(indicesIn(part)).toEqual([1, 2, 3]);
    expect(() => part.selectClasses([2])).toThrow('selectClasses: class must be an integer from 0 to 1, got 2');
    expect(() => part.selectClasses([1, 1])).toThrow('class 1 is listed twice');
    expect(() => part.selectClasses([])).toThrow('no image is of one of the 0 classes');
  });
});

describe('splits', () => {
  test('by class: disjoint, complete, deterministic', () => {
    fc.assert(
      fc.property(perClass, fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.nat(), (counts, part, seed) => {
        const dataset = createNumbered(counts);
        const count = Math.min(counts.length - 1, Math.max(1, Math.round(part * counts.length)));
        const { seen, unseen } = dataset.splitByClass({ seen: count, seed });
        expect(seen.classes).toBe(count);
        expect([...seen.classNames, ...unseen.classNames].toSorted()).toEqual(dataset.classNames.toSorted());
        expect(ascending([...indicesIn(seen), ...indicesIn(unseen)])).toEqual(indicesIn(dataset));
        for (let i = 0; i < seen.size; i++) {
          expect(seen.example(i).className).toBe(dataset.example(indicesIn(seen)[i]!).className);
        }
        expect(dataset.splitByClass({ seen: count, seed }).seen).toEqual(seen);
      }),
    );
  });

  test('by class: a fraction, and other seeds', () => {
    const dataset = createNumbered(Array.from({ length: 20 }, () => 1));
    expect(dataset.splitByClass({ seen: 0.75 }).seen.classes).toBe(15);
    const splits = Array.from({ length: 5 }, (_, seed) =>
      dataset.splitByClass({ seen: 10, seed }).seen.classNames.join(),
    );
    expect(new Set(splits).size).toBe(5);
    for (const seen of [0, 20, 1.5, -1, 0.001, Number.NaN]) {
      expect(() => dataset.splitByClass({ seen })).toThrow('splitByClass: seen must be an integer from 1 to 19');
    }
  });

  test('by group: no group in both parts', () => {
    const groups = ['a', 'b', 'a', 'c', 'b', 'a'];
    const dataset = createNumbered([1, 2, 3, 1, 2, 3], groups);
    expect(dataset.groups).toEqual(['a', 'b', 'c']);
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 2, 0.4), (seed, part) => {
        const { seen, unseen } = dataset.splitByGroup({ seen: part, seed });
        expect([...seen.groups, ...unseen.groups].toSorted()).toEqual(['a', 'b', 'c']);
        expect(ascending([...indicesIn(seen), ...indicesIn(unseen)])).toEqual(indicesIn(dataset));
      }),
    );
    const { seen, unseen } = dataset.splitByGroup({ seen: ['c', 'a'] });
    expect(seen.classNames).toEqual(['class 0', 'class 2', 'class 3', 'class 5']);
    expect(unseen.classNames).toEqual(['class 1', 'class 4']);
    expect(() => dataset.splitByGroup({ seen: ['d'] })).toThrow("no group 'd'; the groups are: a, b, c");
    expect(() => dataset.splitByGroup({ seen: ['a', 'b', 'c'] })).toThrow('leave at least one unseen');
    expect(() => dataset.splitByGroup({ seen: 3 })).toThrow('seen must be an integer from 1 to 2');
    expect(() => createNumbered([1, 1]).splitByGroup({ seen: 1 })).toThrow('have no groups');
  });

  test('of examples: disjoint, complete, the fraction of each class, both parts with every class', () => {
    fc.assert(
      fc.property(perClass, fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.nat(), (counts, fraction, seed) => {
        fc.pre(counts.some((count) => count > 1));
        const dataset = createNumbered(counts);
        const { train, test: others } = dataset.splitExamples(fraction, { seed });
        expect(ascending([...indicesIn(train), ...indicesIn(others)])).toEqual(indicesIn(dataset));
        expect(train.classNames).toEqual(dataset.classNames);
        expect(others.classNames).toEqual(dataset.classNames);
        counts.forEach((count, c) => {
          const rounded = Math.max(1, Math.round(count * fraction));
          expect(train.classCounts[c]).toBe(count === 1 ? 1 : Math.min(rounded, count - 1));
        });
        expect(dataset.splitExamples(fraction, { seed }).train).toEqual(train);
      }),
    );
    for (const fraction of [0, 1, -0.5, Number.NaN]) {
      expect(() => createNumbered([2]).splitExamples(fraction)).toThrow(
        'splitExamples: fraction must be above 0 and below 1, got',
      );
    }
    expect(() => createNumbered([1, 1]).splitExamples(0.5)).toThrow('one image only');
  });
});

describe('conversions', () => {
  const image = (data: number[], channels: number, height: number, width: number): ImageDataset =>
    new ImageDataset({ data: Uint8Array.from(data), labels: Int32Array.of(0), channels, height, width });

  test('resize takes area means when shrinking', () => {
    expect([...image([0, 100, 200, 40], 1, 2, 2).resize(1, 1).data]).toEqual([85]);
    expect([...image([0, 30, 90], 1, 1, 3).resize(1, 2).data]).toEqual([10, 70]);
  });

  test('resize interpolates between pixel centers when growing', () => {
    expect([...image([0, 100], 1, 1, 2).resize(1, 4).data]).toEqual([0, 25, 75, 100]);
  });

  test('resize to the same size is the identity; a constant image stays constant; integer ratios keep the mean', () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(datasets, size, size, fc.nat(255), (dataset, height, width, value) => {
        expect(dataset.resize(dataset.height, dataset.width)).toEqual(dataset);
        const constant = image(
          Array.from({ length: 35 }, () => value),
          1,
          5,
          7,
        ).resize(height, width);
        expect(new Set(constant.data)).toEqual(new Set([value]));
        expect([constant.height, constant.width]).toEqual([height, width]);
        const shrunk = dataset.resize(1, 1);
        const area = dataset.height * dataset.width;
        shrunk.data.forEach((mean, plane) => {
          const total = dataset.data.subarray(plane * area, (plane + 1) * area).reduce((a, b) => a + b, 0);
          expect(Math.abs(mean - total / area)).toBeLessThanOrEqual(0.5 + 1e-9);
        });
      }),
    );
    for (const wrong of [0, -1, 2.5])
      expect(() => createNumbered([1]).resize(wrong, 2)).toThrow('resize: height must be an integer ≥ 1');
  });

  test('toGrayscale weights the channels; one channel stays as it is', () => {
    const gray = image([255, 0, 0, 10, 0, 255, 0, 10, 0, 0, 255, 10], 3, 2, 2).toGrayscale();
    expect([...gray.data]).toEqual([76, 150, 29, 10]);
    expect(gray.channels).toBe(1);
    expect(gray.toGrayscale()).toBe(gray);
    expect(() => image([1, 2], 2, 1, 1).toGrayscale()).toThrow(
      'toGrayscale: expected images of 1 or 3 channels, got 2',
    );
  });

  test('invert twice is the identity', () => {
    fc.assert(
      fc.property(datasets, (dataset) => {
        expect(dataset.invert().data[0]).toBe(255 - dataset.data[0]!);
        expect(dataset.invert().invert()).toEqual(dataset);
      }),
    );
  });
});
