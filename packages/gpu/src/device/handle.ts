import type { DeviceBuffer } from './device.ts';

/** A device buffer that holds its content until it is freed; using it after that is an error. */
export class Handle<Content> implements DeviceBuffer {
  readonly bytes: number;
  #content: Content | undefined;

  constructor(content: Content, bytes: number) {
    this.#content = content;
    this.bytes = bytes;
  }

  /** @throws {Error} if it was freed. */
  get content(): Content {
    if (this.#content === undefined) throw new Error('gpu: memory is used after it was freed');
    return this.#content;
  }

  /**
   * Frees the buffer and returns its content.
   * @throws {Error} if it was freed before.
   */
  free(): Content {
    const content = this.#content;
    if (content === undefined) throw new Error('gpu: memory is freed twice');
    this.#content = undefined;
    return content;
  }
}
