import { argumentError, checkInteger, checkOptions } from '@thetagrad/core/backend';
import { checkList, checkTexts } from './checks.ts';
import { keyFor } from './keys.ts';
import { type ImageShape, convertToLuma, resizePlanes } from './resample.ts';

/** Contents of an `ImageDataset`. */
export interface ImageDatasetInit extends ImageShape {
  /** Images of 8-bit values, of shape (N, C, H, W) in row-major order. Takes ownership: not copied. */
  readonly data: Uint8Array;
  /** Class of each image, from 0 to the number of classes − 1, of shape (N). Takes ownership: not copied. */
  readonly labels: Int32Array;
  /** Name of each class. Default: '0', '1', … up to the maximum label. */
  readonly classNames?: readonly string[];
  /** Group of each class, such as the alphabet of a character. Default: no groups. */
  readonly classGroups?: readonly string[];
}

const fields = ['data', 'channels', 'height', 'width', 'labels', 'classNames', 'classGroups'] as const;

/** One image of a data set. */
export interface Example {
  /** View of the data of the data set, of shape (C, H, W). */
  readonly image: Uint8Array;
  readonly label: number;
  readonly className: string;
}

/** Parts of a data set split by class: no class occurs in both. */
export interface ClassSplit {
  readonly seen: ImageDataset;
  readonly unseen: ImageDataset;
}

/** Parts of a data set split by example: both have every class, with the same labels. */
export interface ExampleSplit {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
}

/** Labeled images of one size, in memory. Immutable: methods that select or convert return a new data set. */
export class ImageDataset implements ImageShape {
  readonly data: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  readonly classGroups: readonly string[] | undefined;

  /** @throws {RangeError} if the data set is empty, sizes do not match, or a label has no class. */
  constructor(init: ImageDatasetInit) {
    checkOptions('ImageDataset', init, fields, 'field');
    const { data, channels, height, width, labels, classNames, classGroups } = init;
    for (const [name, value] of Object.entries({ channels, height, width })) {
      checkInteger('ImageDataset', name, value, { min: 1 });
    }
    if (labels.length === 0) throw new RangeError('ImageDataset: a data set needs at least one image, got none');
    if (data.length !== labels.length * channels * height * width) {
      throw new RangeError(
        `ImageDataset: ${labels.length} labels and images of ${channels} × ${height} × ${width} need ` +
          `${labels.length * channels * height * width} values, got ${data.length}`,
      );
    }
    if (classNames !== undefined) checkTexts('ImageDataset', classNames, 'classNames');
    let maxLabel = 0;
    labels.forEach((label, i) => {
      const count = classNames?.length ?? Infinity;
      if (label < 0 || label >= count) {
        throw new RangeError(
          `ImageDataset: label ${label} of image ${i} is outside 0 … ${count - 1}, the classes that have names`,
        );
      }
      maxLabel = Math.max(maxLabel, label);
    });
    this.data = data;
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.labels = labels;
    this.classNames = classNames ?? Array.from({ length: maxLabel + 1 }, (_, i) => String(i));
    if (classGroups !== undefined && classGroups.length !== this.classNames.length) {
      throw new RangeError(
        `ImageDataset: classGroups has ${classGroups.length} entries for ${this.classNames.length} classes`,
      );
    }
    this.classGroups = classGroups;
  }

  /** Number of images. */
  get size(): number {
    return this.labels.length;
  }

  /** Number of classes. */
  get classes(): number {
    return this.classNames.length;
  }

  /** Distinct names of groups, in the order of the first class of each; empty without groups. */
  get groups(): readonly string[] {
    return [...new Set(this.classGroups)];
  }

  /** Number of images of each class. */
  get classCounts(): Int32Array {
    const counts = new Int32Array(this.classes);
    for (const label of this.labels) counts[label]!++;
    return counts;
  }

  /**
   * Image at an index, its label and the name of its class.
   * @throws {RangeError} if the index is out of range.
   */
  example(index: number): Example {
    this.#checkIndex('example', index);
    const label = this.labels[index]!;
    return { image: this.#imageAt(index), label, className: this.classNames[label]! };
  }

  /**
   * Images at the given indices, in that order, with repeats; labels and classes stay as they are.
   * @throws {TypeError} if the indices are not an array.
   * @throws {RangeError} if an index is out of range, or there is none.
   */
  subset(indices: ArrayLike<number>): ImageDataset {
    checkList('subset', indices, 'indices');
    const area = this.channels * this.height * this.width;
    const data = new Uint8Array(indices.length * area);
    const labels = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      this.#checkIndex('subset', index);
      data.set(this.#imageAt(index), i * area);
      labels[i] = this.labels[index]!;
    }
    return this.#replace({ data, labels });
  }

  /**
   * Images of the given classes, which become classes 0 … n − 1 in that order and keep their names and groups.
   * @throws {RangeError} if a class is out of range or listed twice, or no image is left.
   */
  selectClasses(classes: readonly number[]): ImageDataset {
    const relabeled = new Int32Array(this.classes).fill(-1);
    classes.forEach((c, i) => {
      checkInteger('selectClasses', 'class', c, { min: 0, max: this.classes - 1 });
      if (relabeled[c] !== -1) throw new RangeError(`selectClasses: class ${c} is listed twice`);
      relabeled[c] = i;
    });
    const indices = this.#indicesWhere((label) => relabeled[label] !== -1);
    if (indices.length === 0)
      throw new RangeError(`selectClasses: no image is of one of the ${classes.length} classes`);
    const { data, labels } = this.subset(indices);
    const groups = this.classGroups;
    return this.#replace({
      data,
      labels: labels.map((label) => relabeled[label]!),
      classNames: classes.map((c) => this.classNames[c]!),
      ...(groups === undefined ? {} : { classGroups: classes.map((c) => groups[c]!) }),
    });
  }

  /**
   * Images of the given groups. Renumbers their classes from 0, keeping their order.
   * @throws {RangeError} if a group is unknown.
   */
  selectGroups(groups: readonly string[]): ImageDataset {
    const unknown = groups.find((group) => !this.groups.includes(group));
    if (unknown !== undefined) {
      throw new RangeError(
        `selectGroups: no group '${unknown}'; the groups are: ${this.groups.join(', ') || '(none)'}`,
      );
    }
    return this.selectClasses([...this.classNames.keys()].filter((c) => groups.includes(this.classGroups![c]!)));
  }

  /**
   * Splits the classes at random into seen ones (for training) and unseen ones (for open-set verification). Both parts
   * renumber their classes from 0, keeping their order.
   *
   * @param options.seen Number of seen classes (an integer), or their share of all (a fraction below 1).
   * @param options.seed Any integer. Default: 0.
   * @throws {RangeError} if one part would be empty.
   */
  splitByClass(options: { readonly seen: number; readonly seed?: number }): ClassSplit {
    checkOptions('splitByClass', options, ['seen', 'seed']);
    const { seen, seed = 0 } = options;
    const count = resolveCount('splitByClass', 'classes', seen, this.classes);
    const order = [...keyFor('splitByClass', seed, 'classes').stream().permutation(this.classes)];
    return {
      seen: this.selectClasses(order.slice(0, count).sort((a, b) => a - b)),
      unseen: this.selectClasses(order.slice(count).sort((a, b) => a - b)),
    };
  }

  /**
   * Splits by group, so that no group (such as an alphabet) has classes in both parts.
   *
   * @param options.seen Names of the seen groups; or their number (an integer) or share of all (a fraction below 1), to
   *   choose them at random.
   * @param options.seed Any integer. Default: 0.
   * @throws {RangeError} if there are no groups, one of them is unknown, or one part would be empty.
   */
  splitByGroup(options: { readonly seen: number | readonly string[]; readonly seed?: number }): ClassSplit {
    checkOptions('splitByGroup', options, ['seen', 'seed']);
    const { seen, seed = 0 } = options;
    const { groups } = this;
    if (groups.length === 0) throw new RangeError('splitByGroup: the classes of this data set have no groups');
    const chosen =
      typeof seen === 'number'
        ? [...keyFor('splitByGroup', seed, 'groups').stream().permutation(groups.length)]
            .slice(0, resolveCount('splitByGroup', 'groups', seen, groups.length))
            .map((i) => groups[i]!)
        : seen;
    const others = groups.filter((group) => !chosen.includes(group));
    if (others.length === 0) throw new RangeError('splitByGroup: all groups are seen; leave at least one unseen');
    return { seen: this.selectGroups(chosen), unseen: this.selectGroups(others) };
  }

  /**
   * Splits the images of each class at random into a training part and a test part. Both get at least one image of
   * every class that has two or more; images keep their order.
   *
   * @param fraction Share of each class for training, above 0 and below 1.
   * @param options.seed Any integer. Default: 0.
   * @throws {RangeError} if the fraction is out of range, or every class has one image only.
   */
  splitExamples(fraction: number, options: { readonly seed?: number } = {}): ExampleSplit {
    checkOptions('splitExamples', options, ['seed']);
    const { seed = 0 } = options;
    if (!(fraction > 0 && fraction < 1)) {
      throw argumentError('splitExamples', 'fraction', 'above 0 and below 1', fraction);
    }
    const key = keyFor('splitExamples', seed, 'examples');
    const inTrain = new Uint8Array(this.size);
    const byClass: number[][] = Array.from({ length: this.classes }, () => []);
    this.labels.forEach((label, i) => byClass[label]!.push(i));
    byClass.forEach((members, c) => {
      const count = Math.min(Math.max(1, Math.round(members.length * fraction)), Math.max(1, members.length - 1));
      const order = key.foldIn(c).stream().permutation(members.length);
      for (const i of order.subarray(0, count)) inTrain[members[i]!] = 1;
    });
    const select = (flag: number): ImageDataset => this.subset([...inTrain.keys()].filter((i) => inTrain[i] === flag));
    if (this.size === inTrain.reduce((a, b) => a + b)) {
      throw new RangeError('splitExamples: every class has one image only, so none is left to test on');
    }
    return { train: select(1), test: select(0) };
  }

  /**
   * Resizes the images: mean over areas along an axis that shrinks, linear interpolation along one that grows.
   * @throws {RangeError} if height or width is not an integer ≥ 1.
   */
  resize(height: number, width: number): ImageDataset {
    return this.#replace({ data: resizePlanes(this.data, [this.height, this.width], [height, width]), height, width });
  }

  /**
   * Converts red, green and blue to one channel of luma (ITU-R BT.601); images of one channel stay as they are.
   * @throws {RangeError} if images have neither one nor three channels.
   */
  toGrayscale(): ImageDataset {
    if (this.channels === 1) return this;
    if (this.channels !== 3)
      throw new RangeError(`toGrayscale: expected images of 1 or 3 channels, got ${this.channels}`);
    return this.#replace({ data: convertToLuma(this.data, this.height * this.width), channels: 1 });
  }

  /** Replaces every value v by 255 − v: dark ink on white becomes bright ink on black. */
  invert(): ImageDataset {
    return this.#replace({ data: this.data.map((value) => 255 - value) });
  }

  #imageAt(index: number): Uint8Array {
    const area = this.channels * this.height * this.width;
    return this.data.subarray(index * area, (index + 1) * area);
  }

  #indicesWhere(predicate: (label: number) => boolean): number[] {
    return [...this.labels.keys()].filter((i) => predicate(this.labels[i]!));
  }

  #checkIndex(operation: string, index: number): void {
    checkInteger(operation, 'index', index, { min: 0, max: this.size - 1 });
  }

  #replace(changed: Partial<ImageDatasetInit>): ImageDataset {
    const { data, channels, height, width, labels, classNames, classGroups } = this;
    const groups = classGroups === undefined ? {} : { classGroups };
    return new ImageDataset({ data, channels, height, width, labels, classNames, ...groups, ...changed });
  }
}

/** Resolves an integer or a fraction of `total` to a count that leaves at least one in each part. */
function resolveCount(operation: string, what: string, seen: number, total: number): number {
  const count = seen > 0 && seen < 1 ? Math.round(seen * total) : seen;
  if (!Number.isInteger(count) || count < 1 || count >= total) {
    throw new RangeError(
      `${operation}: seen must be an integer from 1 to ${total - 1}, or a fraction that leaves ${what} in both parts, ` +
        `for ${total} ${what}; got ${seen}`,
    );
  }
  return count;
}
