// Convolutions whose input is dilated, as gradients of strided ones are: at each output only every d-th filter element meets
// an input element, and which ones repeats every d outputs. Outputs are grouped into these d phases, and filter elements that
// meet only inserted zeros are skipped.
import type { ConvolutionAttributes } from '@thetagrad/core/backend';
import { plus, times, type Writer } from '../code/writer.ts';

/** A convolution along one axis. */
export class ConvolutionAxis {
  /** The distance between the filter elements that meet input elements at one output, which is the number of phases. */
  readonly step: number;
  /** The maximum number of these filter elements. */
  readonly taps: number;
  readonly #stride: number;
  readonly #padBefore: number;
  readonly #inputDilation: number;
  readonly #filterDilation: number;
  readonly #filterLength: number;
  readonly #inputLength: number;

  constructor(attributes: ConvolutionAttributes, axis: 0 | 1, filterLength: number, inputLength: number) {
    this.#stride = attributes.stride[axis];
    this.#padBefore = attributes.padBefore[axis];
    this.#inputDilation = attributes.inputDilation[axis];
    this.#filterDilation = attributes.filterDilation[axis];
    this.#filterLength = filterLength;
    this.#inputLength = inputLength;
    this.step = this.#filterDilation === 1 ? this.#inputDilation : 1;
    this.taps = Math.ceil(filterLength / this.step);
  }

  /** The first filter element that may meet an input element at an output, or at any other of its phase. */
  firstTap(writer: Writer, output: string): string {
    if (this.step === 1) return '0';
    const d = this.step;
    const terms = [times(output, (d - (this.#stride % d)) % d), String(((this.#padBefore % d) + d) % d)];
    return writer.bindIndex(writer.remainder(`(${plus(terms)})`, d), d);
  }

  /** The filter element of a tap; adds the condition under which there is one. */
  filterIndex(writer: Writer, firstTap: string, tap: string, conditions: string[]): string {
    const k = writer.bindIndex(plus([firstTap, times(tap, this.step)]), this.#filterLength + this.step);
    if (this.step > 1) conditions.push(`${k} < ${this.#filterLength}`);
    return k;
  }

  /** The input element that filter element `k` meets at an output; adds the conditions under which there is one. */
  inputIndex(writer: Writer, output: string, k: string, conditions: string[]): string {
    const terms = [times(output, this.#stride), times(k, this.#filterDilation), String(-this.#padBefore)];
    const dilated = writer.bindIndex(`(${plus(terms)})`, 2 ** 24);
    conditions.push(`${dilated} >= 0`, `${dilated} < ${(this.#inputLength - 1) * this.#inputDilation + 1}`);
    if (this.step < this.#inputDilation) {
      conditions.push(`${writer.remainder(dilated, this.#inputDilation)} == 0`);
    }
    return writer.quotient(dilated, this.#inputDilation);
  }
}
