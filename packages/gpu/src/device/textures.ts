// The memory of WebGL 2: textures of 32-bit integers, in which element i is in column i mod width of row ⌊i / width⌋.
import { widthBits } from '../code/glsl.ts';
import type { Source } from './pool.ts';

export interface Texture {
  readonly texture: WebGLTexture;
  /** To draw to it, and to read from it. */
  readonly framebuffer: WebGLFramebuffer;
  readonly width: number;
}

export function texturesOf(gl: WebGL2RenderingContext): Source<Texture> {
  // A power of two, as widths are.
  const side = 2 ** Math.floor(Math.log2(gl.getParameter(gl.MAX_TEXTURE_SIZE) as number));
  return {
    most: 4 * side ** 2,
    make: (bytes) => make(gl, bytes / 4),
    destroy: ({ texture, framebuffer }) => {
      gl.deleteFramebuffer(framebuffer);
      gl.deleteTexture(texture);
    },
  };
}

/** @throws {Error} if the device is out of memory. */
function make(gl: WebGL2RenderingContext, elements: number): Texture {
  const width = 2 ** widthBits(elements);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R32I, width, Math.ceil(elements / width));
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  const framebuffer = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  if (gl.getError() === gl.OUT_OF_MEMORY) {
    gl.deleteFramebuffer(framebuffer);
    gl.deleteTexture(texture);
    throw new Error(`out of memory, for ${4 * elements} bytes more`);
  }
  return { texture, framebuffer, width };
}

/** Writes the first elements. */
export function write(gl: WebGL2RenderingContext, { texture, width }: Texture, words: Int32Array): void {
  gl.bindTexture(gl.TEXTURE_2D, texture);
  const rows = Math.floor(words.length / width);
  const rest = words.length - rows * width;
  const put = (row: number, columns: number, count: number): void =>
    gl.texSubImage2D(
      gl.TEXTURE_2D,
      0,
      0,
      row,
      columns,
      count,
      gl.RED_INTEGER,
      gl.INT,
      words.subarray(row * width, row * width + columns * count),
    );
  if (rows > 0) put(0, width, rows);
  if (rest > 0) put(rows, rest, 1);
}

/** How the first elements are read: into so many integers, the first of each `step` of which is an element. */
export interface Reading {
  readonly length: number;
  readonly step: number;
  /** Reads them, into an array or the buffer that is bound. */
  into(target: Int32Array | 0): void;
}

/**
 * Whether textures are read as they are. Drivers must offer four channels, and most offer one as well. To be asked once, as
 * the answer waits for the driver.
 */
export function isReadTight(gl: WebGL2RenderingContext, { framebuffer }: Texture): boolean {
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  return (
    gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_FORMAT) === gl.RED_INTEGER &&
    gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_TYPE) === gl.INT
  );
}

export function readingOf(
  gl: WebGL2RenderingContext,
  { framebuffer, width }: Texture,
  size: number,
  isTight: boolean,
): Reading {
  const rows = Math.ceil(size / width);
  const step = isTight ? 1 : 4;
  return {
    length: rows * width * step,
    step,
    into: (target) => {
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      const format = isTight ? gl.RED_INTEGER : gl.RGBA_INTEGER;
      gl.readPixels(0, 0, width, rows, format, gl.INT, target as Int32Array);
    },
  };
}

/** The elements, of what was read. */
export function elementsOf(words: Int32Array<ArrayBuffer>, step: number, size: number): Int32Array<ArrayBuffer> {
  return step === 1 ? words.slice(0, size) : Int32Array.from({ length: size }, (_, i) => words[step * i]!);
}
