import { arrayName, type Code } from '../code/command.ts';
import { gpuJs } from './gpujs.ts';
import type { CachedKernel } from './kernelCache.ts';
import type { Texture } from './textures.ts';

/** A triangle that covers the whole output. */
const vertexShader = `#version 300 es
void main() {
  gl_Position = vec4(float(gl_VertexID & 1) * 4.0 - 1.0, float(gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}`;

/** The memory of a program, and that of a compiled character. */
const kernelOverhead = 32_768;
const bytesPerCharacter = 16;

/** A kernel of gpu.js that runs given GLSL, instead of GLSL translated from JavaScript. */
export class GlslKernel extends gpuJs.WebGL2Kernel implements CachedKernel {
  readonly bytes: number;
  readonly #gl: WebGL2RenderingContext;
  readonly #size: number;

  /** @throws {Error} if the driver refuses the source. */
  constructor({ name, source, inputs, output }: Code, gl: WebGL2RenderingContext) {
    super('function kernel() {}', {
      output: [Math.max(1, output.size)],
      precision: 'single',
      context: gl,
      canvas: gl.canvas,
    });
    this.#gl = gl;
    this.bytes = kernelOverhead + bytesPerCharacter * source.length;
    this.#size = output.size;
    const program = (this.program = gl.createProgram());
    const shaders = [gl.VERTEX_SHADER, gl.FRAGMENT_SHADER].map((type) => gl.createShader(type)!);
    shaders.forEach((shader, i) => {
      gl.shaderSource(shader, [vertexShader, source][i]!);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    });
    gl.linkProgram(program);
    // They live as long as the program.
    for (const shader of shaders) gl.deleteShader(shader);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = [...shaders.map((shader) => gl.getShaderInfoLog(shader)), gl.getProgramInfoLog(program)];
      this.destroy();
      throw new Error(
        `gpu: the device refuses the kernel '${name}': ${logs.filter(Boolean).join('\n').trim()}\n${source}`,
      );
    }
    gl.useProgram(program);
    inputs.forEach((_, i) => gl.uniform1i(gl.getUniformLocation(program, arrayName(i)), i));
  }

  submit(inputs: readonly Texture[], output: Texture): void {
    const gl = this.#gl;
    gl.useProgram(this.program);
    inputs.forEach(({ texture, target }, i) => {
      gl.activeTexture(gl.TEXTURE0 + i);
      gl.bindTexture(target, texture);
    });
    gl.bindFramebuffer(gl.FRAMEBUFFER, output.framebuffer);
    gl.viewport(0, 0, output.width, Math.ceil(this.#size / output.width));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}
