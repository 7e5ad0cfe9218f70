// Convolutions of images with zeros between their elements, as gradients of strided ones are: at an output only every d-th
// kernel element meets an element, and which ones, repeats every d outputs. The others are left out.
import { sumOf, times, type Writer } from '../code/writer.ts';

type Pair = readonly [number, number];

/** The attributes of core's convolution: each pair is for height and width. */
export interface ConvolutionAttributes {
  readonly stride: Pair;
  readonly low: Pair;
  readonly high: Pair;
  readonly inputDilation: Pair;
  readonly filterDilation: Pair;
  readonly groups: number;
}

/** A convolution along one axis. */
export class Axis {
  /** How far apart the kernel elements are that meet elements at one output. */
  readonly step: number;
  /** How many of them there are at most. */
  readonly taps: number;
  readonly #stride: number;
  readonly #low: number;
  readonly #dilation: number;
  readonly #filterDilation: number;
  readonly #extent: number;
  readonly #length: number;

  /** For kernels of `extent` elements and images of `length`. */
  constructor(attributes: ConvolutionAttributes, axis: 0 | 1, extent: number, length: number) {
    this.#stride = attributes.stride[axis];
    this.#low = attributes.low[axis];
    this.#dilation = attributes.inputDilation[axis];
    this.#filterDilation = attributes.filterDilation[axis];
    this.#extent = extent;
    this.#length = length;
    this.step = this.#filterDilation === 1 ? this.#dilation : 1;
    this.taps = Math.ceil(extent / this.step);
  }

  /** The first kernel element that may meet something at an output, or at any that is a multiple of `step` further on. */
  first(writer: Writer, out: string): string {
    if (this.step === 1) return '0';
    const d = this.step;
    const terms = [times(out, (d - (this.#stride % d)) % d), String(((this.#low % d) + d) % d)];
    return writer.integer(writer.remainder(`(${sumOf(terms)})`, d), d);
  }

  /** Number `tap` of those that meet something; adds the condition under which there is one. */
  element(writer: Writer, first: string, tap: string, conditions: string[]): string {
    const k = writer.integer(sumOf([first, times(tap, this.step)]), this.#extent + this.step);
    if (this.step > 1) conditions.push(`${k} < ${this.#extent}`);
    return k;
  }

  /** The input row or column that kernel element k meets at an output; adds the conditions under which there is one. */
  meets(writer: Writer, out: string, k: string, conditions: string[]): string {
    const terms = [times(out, this.#stride), times(k, this.#filterDilation), String(-this.#low)];
    const place = writer.integer(`(${sumOf(terms)})`, 2 ** 24);
    conditions.push(`${place} >= 0`, `${place} < ${(this.#length - 1) * this.#dilation + 1}`);
    if (this.step < this.#dilation) conditions.push(`${writer.remainder(place, this.#dilation)} == 0`);
    return writer.quotient(place, this.#dilation);
  }
}
