// The memory of WebGL 2: textures of 32-bit integers. Element i is in column i mod width of row ⌊i / width⌋.
import type { Layers } from '../code/command.ts';
import { widthBits } from '../code/glsl.ts';
import type { Allocator } from './pool.ts';

export interface Texture {
  readonly texture: WebGLTexture;
  /** TEXTURE_2D or, if it has layers, TEXTURE_2D_ARRAY. */
  readonly target: number;
  /** Draws to the texture, and reads from it. */
  readonly framebuffer: WebGLFramebuffer;
  readonly width: number;
}

export function textureAllocator(gl: WebGL2RenderingContext): Allocator<Texture> {
  // Widths are powers of two.
  const maxWidth = 2 ** Math.floor(Math.log2(gl.getParameter(gl.MAX_TEXTURE_SIZE) as number));
  return {
    maxBytes: (layers) => bytesPerElement(layers) * maxWidth ** 2,
    create: (bytes, layers) => createTexture(gl, bytes, layers),
    destroy: ({ texture, framebuffer }) => {
      gl.deleteFramebuffer(framebuffer);
      gl.deleteTexture(texture);
    },
  };
}

/** Bytes of an element: a number, or four in each layer. */
export function bytesPerElement(layers: Layers | undefined): number {
  return layers ? 16 * layers : 4;
}

/** @throws {Error} if the device is out of memory. */
function createTexture(gl: WebGL2RenderingContext, bytes: number, layers: Layers | undefined): Texture {
  const elements = bytes / bytesPerElement(layers);
  const width = 2 ** widthBits(elements);
  const height = Math.ceil(elements / width);
  const target = layers ? gl.TEXTURE_2D_ARRAY : gl.TEXTURE_2D;
  const texture = gl.createTexture();
  gl.bindTexture(target, texture);
  if (layers) gl.texStorage3D(target, 1, gl.RGBA32I, width, height, layers);
  else gl.texStorage2D(target, 1, gl.R32I, width, height);
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  const framebuffer = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  if (layers) attachLayers(gl, texture, layers);
  else gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, target, texture, 0);
  if (gl.getError() === gl.OUT_OF_MEMORY) {
    gl.deleteFramebuffer(framebuffer);
    gl.deleteTexture(texture);
    throw new Error(`gpu: out of memory for a texture of ${bytes} bytes`);
  }
  return { texture, framebuffer, target, width };
}

/** Makes fragments write all layers. */
function attachLayers(gl: WebGL2RenderingContext, texture: WebGLTexture, layers: Layers): void {
  const attachments = Array.from({ length: layers }, (_, layer) => gl.COLOR_ATTACHMENT0 + layer);
  attachments.forEach((attachment, layer) => gl.framebufferTextureLayer(gl.FRAMEBUFFER, attachment, texture, 0, layer));
  if (layers > 1) gl.drawBuffers(attachments);
}

/** Writes the first elements of a texture. */
export function writeTexture(gl: WebGL2RenderingContext, { texture, width }: Texture, words: Int32Array): void {
  gl.bindTexture(gl.TEXTURE_2D, texture);
  const rows = Math.floor(words.length / width);
  const rest = words.length - rows * width;
  const writeRows = (row: number, columns: number, count: number): void =>
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
  if (rows > 0) writeRows(0, width, rows);
  if (rest > 0) writeRows(rows, rest, 1);
}

/** Reads the first elements of a texture. */
export interface TextureReader {
  /** The number of integers to read, of which each `channels`-th is an element. */
  readonly length: number;
  readonly channels: number;
  /** Reads into an array, or with 0 into the bound pixel buffer. */
  readInto(target: Int32Array | 0): void;
}

/**
 * Whether the driver can read one channel of a texture, as most can; four channels must always work. Ask once: the answer
 * waits for the driver.
 */
export function canReadOneChannel(gl: WebGL2RenderingContext, { framebuffer }: Texture): boolean {
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  return (
    gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_FORMAT) === gl.RED_INTEGER &&
    gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_TYPE) === gl.INT
  );
}

export function textureReader(
  gl: WebGL2RenderingContext,
  { framebuffer, width }: Texture,
  size: number,
  channels: 1 | 4,
): TextureReader {
  const rows = Math.ceil(size / width);
  return {
    length: rows * width * channels,
    channels,
    readInto: (target) => {
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      const format = channels === 1 ? gl.RED_INTEGER : gl.RGBA_INTEGER;
      gl.readPixels(0, 0, width, rows, format, gl.INT, target as Int32Array);
    },
  };
}

/** Extracts the elements from integers that were read. */
export function firstChannel(words: Int32Array<ArrayBuffer>, channels: number, size: number): Int32Array<ArrayBuffer> {
  return channels === 1 ? words.slice(0, size) : Int32Array.from({ length: size }, (_, i) => words[channels * i]!);
}
