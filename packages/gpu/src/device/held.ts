import type { Memory } from './device.ts';

/** Memory that holds something of a device until it is freed; using it after that is an error. */
export class Held<Content> implements Memory {
  readonly bytes: number;
  #content: Content | undefined;

  constructor(content: Content, bytes: number) {
    this.#content = content;
    this.bytes = bytes;
  }

  get content(): Content {
    if (this.#content === undefined) throw new Error('gpu: memory is used after it was freed');
    return this.#content;
  }

  /** What it held, which is the caller's now. */
  free(): Content {
    const content = this.#content;
    if (content === undefined) throw new Error('gpu: memory is freed twice');
    this.#content = undefined;
    return content;
  }
}
