import { keyFor } from './keys.ts';
import { type ImageShape, lumaPlanes, resizePlanes } from './resample.ts';

/** What an `ImageDataset` is made from. */
export interface ImageDatasetInit extends ImageShape {
  /** N images of 8-bit values, (N, C, H, W) in row-major order. Not copied: do not change it afterwards. */
  readonly data: Uint8Array;
  /** The class of each image, 0 … number of classes − 1. Not copied. */
  readonly labels: Int32Array;
  /** A name for each class. Left out: '0', '1', … up to the largest label. */
  readonly classNames?: readonly string[];
  /** The group that each class belongs to, such as the alphabet of a character. */
  readonly classGroups?: readonly string[];
}

/** One image of a data set; `image` is a view of its data. */
export interface Example {
  readonly image: Uint8Array;
  readonly label: number;
  readonly className: string;
}

/** A data set divided by class: no class occurs in both parts. */
export interface ClassSplit {
  readonly seen: ImageDataset;
  readonly unseen: ImageDataset;
}

/** A data set divided by example: both parts have every class of the whole, with the same labels. */
export interface ExampleSplit {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
}

/**
 * Labelled images of one size, in memory. A data set is a value: nothing changes it, and every method that selects or
 * converts returns a new one.
 */
export class ImageDataset implements ImageShape {
  readonly data: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  readonly classGroups: readonly string[] | undefined;

  /** @throws RangeError if the data set is empty, sizes disagree, or a label has no class */
  constructor({ data, channels, height, width, labels, classNames, classGroups }: ImageDatasetInit) {
    for (const [name, value] of Object.entries({ channels, height, width })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new RangeError(`ImageDataset: ${name} must be a positive integer, got ${value}`);
      }
    }
    if (labels.length === 0) throw new RangeError('ImageDataset: a data set needs at least one image, got none');
    if (data.length !== labels.length * channels * height * width) {
      throw new RangeError(
        `ImageDataset: ${labels.length} labels and images of ${channels} × ${height} × ${width} need ` +
          `${labels.length * channels * height * width} values, got ${data.length}`,
      );
    }
    let largest = 0;
    labels.forEach((label, i) => {
      const count = classNames?.length ?? Infinity;
      if (label < 0 || label >= count) {
        throw new RangeError(
          `ImageDataset: label ${label} of image ${i} is outside 0 … ${count - 1}, the classes named`,
        );
      }
      largest = Math.max(largest, label);
    });
    this.data = data;
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.labels = labels;
    this.classNames = classNames ?? Array.from({ length: largest + 1 }, (_, i) => String(i));
    if (classGroups !== undefined && classGroups.length !== this.classNames.length) {
      throw new RangeError(
        `ImageDataset: classGroups names a group for ${classGroups.length} classes, but there are ${this.classNames.length}`,
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

  /** The names of the groups, each once, in the order of the first class that has them; none without groups. */
  get groups(): readonly string[] {
    return [...new Set(this.classGroups)];
  }

  /** How many images each class has. */
  get classCounts(): Int32Array {
    const counts = new Int32Array(this.classes);
    for (const label of this.labels) counts[label]!++;
    return counts;
  }

  /** The image at an index, its label and the name of its class. */
  example(index: number): Example {
    this.checkIndex('example', index);
    const label = this.labels[index]!;
    return { image: this.imageAt(index), label, className: this.classNames[label]! };
  }

  /** The images at the given indices, in that order (repeats allowed); labels and classes stay. */
  subset(indices: ArrayLike<number>): ImageDataset {
    const area = this.channels * this.height * this.width;
    const data = new Uint8Array(indices.length * area);
    const labels = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      this.checkIndex('subset', index);
      data.set(this.imageAt(index), i * area);
      labels[i] = this.labels[index]!;
    }
    return this.with({ data, labels });
  }

  /** The images of the given classes, which become classes 0 … n − 1 in that order and keep their names and groups. */
  selectClasses(classes: readonly number[]): ImageDataset {
    const relabelled = new Int32Array(this.classes).fill(-1);
    classes.forEach((c, i) => {
      if (!Number.isInteger(c) || c < 0 || c >= this.classes) {
        throw new RangeError(`selectClasses: class ${c} is outside 0 … ${this.classes - 1}`);
      }
      if (relabelled[c] !== -1) throw new RangeError(`selectClasses: class ${c} is listed twice`);
      relabelled[c] = i;
    });
    const indices = this.indicesWhere((label) => relabelled[label] !== -1);
    if (indices.length === 0)
      throw new RangeError(`selectClasses: no image is of one of the ${classes.length} classes`);
    const { data, labels } = this.subset(indices);
    const groups = this.classGroups;
    return this.with({
      data,
      labels: labels.map((label) => relabelled[label]!),
      classNames: classes.map((c) => this.classNames[c]!),
      ...(groups === undefined ? {} : { classGroups: classes.map((c) => groups[c]!) }),
    });
  }

  /** The images of the given groups; their classes are numbered from 0 again, in the order that they had. */
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
   * Divides the classes, chosen at random from the seed, into seen ones (for training) and unseen ones (for open-set
   * verification). Both parts number their classes from 0, in the order that they had.
   *
   * @param options.seen how many classes are seen (an integer), or which part of them (a fraction below 1)
   */
  splitByClass({ seen, seed = 0 }: { readonly seen: number; readonly seed?: number }): ClassSplit {
    const count = countOf('splitByClass', 'classes', seen, this.classes);
    const order = [...keyFor('splitByClass', seed, 'classes').stream().permutation(this.classes)];
    return {
      seen: this.selectClasses(order.slice(0, count).sort((a, b) => a - b)),
      unseen: this.selectClasses(order.slice(count).sort((a, b) => a - b)),
    };
  }

  /**
   * Divides by group, so that no group (an alphabet, say) has classes in both parts.
   *
   * @param options.seen the names of the seen groups; or how many (an integer) or which part of them (a fraction below
   *   1), chosen at random from the seed
   */
  splitByGroup({ seen, seed = 0 }: { readonly seen: number | readonly string[]; readonly seed?: number }): ClassSplit {
    const { groups } = this;
    if (groups.length === 0) throw new RangeError('splitByGroup: the classes of this data set have no groups');
    const chosen =
      typeof seen === 'number'
        ? [...keyFor('splitByGroup', seed, 'groups').stream().permutation(groups.length)]
            .slice(0, countOf('splitByGroup', 'groups', seen, groups.length))
            .map((i) => groups[i]!)
        : seen;
    const rest = groups.filter((group) => !chosen.includes(group));
    if (rest.length === 0) throw new RangeError('splitByGroup: all groups are seen; leave at least one unseen');
    return { seen: this.selectGroups(chosen), unseen: this.selectGroups(rest) };
  }

  /**
   * Divides the images of each class, chosen at random from the seed, into a part to train on and a part to test on.
   * Both get at least one image of every class that has two or more; the order of the images stays.
   *
   * @param fraction the part of each class to train on, above 0 and below 1
   */
  splitExamples(fraction: number, { seed = 0 }: { readonly seed?: number } = {}): ExampleSplit {
    if (!(fraction > 0 && fraction < 1)) {
      throw new RangeError(`splitExamples: the fraction must lie between 0 and 1, got ${fraction}`);
    }
    const key = keyFor('splitExamples', seed, 'examples');
    const inTrain = new Uint8Array(this.size);
    const byClass: number[][] = Array.from({ length: this.classes }, () => []);
    this.labels.forEach((label, i) => byClass[label]!.push(i));
    byClass.forEach((members, c) => {
      const count = Math.min(Math.max(1, Math.round(members.length * fraction)), Math.max(1, members.length - 1));
      const order = key.foldIn(c).stream().permutation(members.length);
      for (const place of order.subarray(0, count)) inTrain[members[place]!] = 1;
    });
    const part = (wanted: number): ImageDataset =>
      this.subset([...inTrain.keys()].filter((i) => inTrain[i] === wanted));
    if (this.size === inTrain.reduce((a, b) => a + b)) {
      throw new RangeError('splitExamples: every class has one image only, so none is left to test on');
    }
    return { train: part(1), test: part(0) };
  }

  /** Resized images: area mean where an axis shrinks, linear interpolation where it grows. */
  resize(height: number, width: number): ImageDataset {
    return this.with({ data: resizePlanes(this.data, [this.height, this.width], [height, width]), height, width });
  }

  /** One channel of luma (ITU-R BT.601) from red, green and blue; images of one channel stay as they are. */
  toGrayscale(): ImageDataset {
    if (this.channels === 1) return this;
    if (this.channels !== 3)
      throw new RangeError(`toGrayscale: images have 3 channels or 1, these have ${this.channels}`);
    return this.with({ data: lumaPlanes(this.data, this.height * this.width), channels: 1 });
  }

  /** Every value v becomes 255 − v: dark ink on white becomes bright ink on black. */
  invert(): ImageDataset {
    return this.with({ data: this.data.map((value) => 255 - value) });
  }

  private imageAt(index: number): Uint8Array {
    const area = this.channels * this.height * this.width;
    return this.data.subarray(index * area, (index + 1) * area);
  }

  private indicesWhere(wanted: (label: number) => boolean): number[] {
    return [...this.labels.keys()].filter((i) => wanted(this.labels[i]!));
  }

  private checkIndex(operation: string, index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`${operation}: index ${index} is outside 0 … ${this.size - 1}`);
    }
  }

  private with(changed: Partial<ImageDatasetInit>): ImageDataset {
    const { data, channels, height, width, labels, classNames, classGroups } = this;
    const groups = classGroups === undefined ? {} : { classGroups };
    return new ImageDataset({ data, channels, height, width, labels, classNames, ...groups, ...changed });
  }
}

/** How many of `total` an integer or a fraction stands for, leaving at least one on either side. */
function countOf(operation: string, what: string, seen: number, total: number): number {
  const count = seen > 0 && seen < 1 ? Math.round(seen * total) : seen;
  if (!Number.isInteger(count) || count < 1 || count >= total) {
    throw new RangeError(
      `${operation}: seen must be a number from 1 to ${total - 1} or a fraction that leaves ${what} on both sides ` +
        `(there are ${total} ${what}), got ${seen}`,
    );
  }
  return count;
}
