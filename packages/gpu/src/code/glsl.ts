// Kernels in GLSL ES 3.00, for WebGL 2: fragment shaders, with one fragment for each element. Arrays are textures of 32-bit
// integers, which hold the bits of floats. Scratch may have layers of vectors, so that a fragment computes several numbers.
import { arrayName, type Code, type Layers, type Location, type Scratch } from './command.ts';
import { glslHelpers } from './glslHelpers.ts';
import { withDependencies } from './helpers.ts';
import { ShaderWriter } from './shaderWriter.ts';
import { valueTypeOf, type Value, type ValueType } from './writer.ts';

/** Smaller arrays get a texture of this many elements. */
const minTextureSize = 64;

/** log₂ of the width of the texture for an array of `size` elements: textures are about square. */
export function widthBits(size: number): number {
  return Math.ceil(Math.ceil(Math.log2(Math.max(size, minTextureSize))) / 2);
}

function layersOf(location: Location): Layers | undefined {
  return location.kind === 'scratch' ? location.layers : undefined;
}

const typeNames: Readonly<Record<ValueType, string>> = { f32: 'float', i32: 'int', bool: 'bool' };

export class GlslWriter extends ShaderWriter {
  override readonly element = 'index';
  protected override readonly minInteger = 'int(0x80000000u)';

  override loop(count: number, body: (k: string) => void): void {
    if (count === 1) return body('0');
    const k = this.newName('k');
    this.block(`for (int ${k} = 0; ${k} < ${count}; ${k}++)`, () => body(k));
  }

  override finish(name: string, result: Value, output: Location): Code {
    const { dtype, size } = output;
    return this.#assemble(name, { dtype, size }, ['out int result;'], [`result = ${this.#stored(result)};`]);
  }

  /** Ends a kernel in which each thread computes an element with layers: numbers 0 to 3 are in the first one. */
  finishLayers(name: string, numbers: readonly Value[], output: Scratch): Code {
    const layers = Array.from({ length: output.layers! }, (_, layer) => numbers.slice(4 * layer, 4 * layer + 4));
    return this.#assemble(
      name,
      output,
      layers.map((_, layer) => `layout(location = ${layer}) out ivec4 layer${layer};`),
      layers.map((numbers, layer) => `layer${layer} = ivec4(${numbers.map((x) => this.#stored(x)).join(', ')});`),
    );
  }

  /** Loads one of the numbers of an element with layers. */
  loadLayered(scratch: Scratch, position: string, number: string): Value {
    const type = valueTypeOf(scratch.dtype);
    const bits = String(widthBits(scratch.size));
    const text = this.callHelper('layeredElement', this.array(scratch), position, number, bits);
    return this.bind(type, type === 'f32' ? this.bitcastToFloat(text) : text);
  }

  #stored({ type, text }: Value): string {
    return type === 'f32' ? this.bitcastToInt(text) : `int(${text})`;
  }

  #assemble(name: string, output: Code['output'], declarations: readonly string[], results: readonly string[]): Code {
    const samplers = this.inputs.map((input) => (layersOf(input) === undefined ? 'isampler2D' : 'isampler2DArray'));
    const helpers = withDependencies(this.helpers, glslHelpers);
    const source = [
      '#version 300 es',
      'precision highp float;',
      'precision highp int;',
      ...new Set(samplers.map((sampler) => `precision highp ${sampler};`)),
      ...samplers.map((sampler, i) => `uniform ${sampler} ${arrayName(i)};`),
      ...declarations,
      ...helpers.map((helper) => glslHelpers[helper]!.text),
      'void main() {',
      `  int index = int(gl_FragCoord.y) << ${widthBits(output.size)} | int(gl_FragCoord.x);`,
      `  if (index >= ${output.size}) { return; }`,
      ...(helpers.includes('opaqueZero') ? ['  opaqueZero = index >> 31;'] : []),
      this.statements,
      ...results.map((line) => `  ${line}`),
      '}',
    ].join('\n');
    return { name, source, inputs: this.inputs.map(({ dtype }) => dtype), output };
  }

  protected override typeName(type: ValueType): string {
    return typeNames[type];
  }

  protected override declaration(type: ValueType, name: string, initial: string): string {
    return `${typeNames[type]} ${name} = ${initial};`;
  }

  protected override selection(condition: string, x: string, y: string): string {
    return `(${condition} ? ${x} : ${y})`;
  }

  protected override conjunction(x: string, y: string): string {
    return `${x} && ${y}`;
  }

  protected override disjunction(x: string, y: string): string {
    return `${x} || ${y}`;
  }

  protected override bitcastToInt(x: string): string {
    return `floatBitsToInt(${x})`;
  }

  protected override bitcastToFloat(x: string): string {
    return `intBitsToFloat(${x})`;
  }

  protected override shiftRightLogical(x: string, bits: number): string {
    return `int(uint(${x}) >> ${bits}u)`;
  }

  protected override roundToEven(x: string): string {
    return `roundEven(${x})`;
  }

  protected override renderLoad({ dtype, size }: Location, array: string, position: string): Value {
    const type = valueTypeOf(dtype);
    const element = this.callHelper('element', array, position, String(widthBits(size)));
    return this.bind(type, { f32: this.bitcastToFloat(element), i32: element, bool: `${element} != 0` }[type]);
  }
}
