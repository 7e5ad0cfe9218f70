// Kernels in GLSL ES 3.00, for the mode webgl2: fragment shaders, whose arrays are textures. A texel is an integer; those of
// floats have their bits.
import { arrayName, type Code, type Place } from './code.ts';
import { glslHelpers } from './glslHelpers.ts';
import { withUsed } from './helpers.ts';
import { TypedWriter } from './typed.ts';
import { valueTypeOf, type Value, type ValueType } from './writer.ts';

/** Textures of fewer elements are not made. */
const leastElements = 64;

/** The width of the textures for so many elements is 2 to this: about as wide as they are high. */
export function widthBits(size: number): number {
  return Math.ceil(Math.ceil(Math.log2(Math.max(size, leastElements))) / 2);
}

const typeNames: Readonly<Record<ValueType, string>> = { f32: 'float', i32: 'int', bool: 'bool' };

export class GlslWriter extends TypedWriter {
  override readonly element = 'index';
  protected override readonly leastInteger = 'int(0x80000000u)';

  /** Fragments cannot write but to their texel: indices are looked at by kernels of their own, see `lower/check.ts`. */
  override reportOutside(): void {}

  override loop(count: number, body: (k: string) => void): void {
    if (count === 1) return body('0');
    const k = this.fresh('k');
    this.block(`for (int ${k} = 0; ${k} < ${count}; ${k}++)`, () => body(k));
  }

  override finish(name: string, { type, text }: Value, output: Place): Code {
    const inputs = this.inputs.map(({ dtype }) => dtype);
    const helpers = withUsed(this.helpers, glslHelpers);
    const source = [
      '#version 300 es',
      'precision highp float;',
      'precision highp int;',
      'precision highp isampler2D;',
      ...inputs.map((_, i) => `uniform isampler2D ${arrayName(i)};`),
      'out int result;',
      ...helpers.map((helper) => glslHelpers[helper]!.text),
      'void main() {',
      `  int index = int(gl_FragCoord.y) << ${widthBits(output.size)} | int(gl_FragCoord.x);`,
      `  if (index >= ${output.size}) { return; }`,
      ...(helpers.includes('zero') ? ['  zero = index >> 31;'] : []),
      this.statements,
      `  result = ${type === 'f32' ? this.bitsOf(text) : `int(${text})`};`,
      '}',
    ].join('\n');
    return { name, source, inputs, output: { dtype: output.dtype, size: output.size } };
  }

  protected override typeName(type: ValueType): string {
    return typeNames[type];
  }

  protected override declaration(type: ValueType, name: string, initial: string): string {
    return `${typeNames[type]} ${name} = ${initial};`;
  }

  protected override chosen(condition: string, x: string, y: string): string {
    return `(${condition} ? ${x} : ${y})`;
  }

  protected override both(x: string, y: string): string {
    return `${x} && ${y}`;
  }

  protected override either(x: string, y: string): string {
    return `${x} || ${y}`;
  }

  protected override bitsOf(x: string): string {
    return `floatBitsToInt(${x})`;
  }

  protected override floatOfBits(x: string): string {
    return `intBitsToFloat(${x})`;
  }

  protected override shiftedUnsigned(x: string, bits: number): string {
    return `int(uint(${x}) >> ${bits}u)`;
  }

  protected override nearest(x: string): string {
    return `roundEven(${x})`;
  }

  protected override loaded({ dtype, size }: Place, array: string, index: string): Value {
    const type = valueTypeOf(dtype);
    const element = this.helper('element', array, index, String(widthBits(size)));
    return this.keep(type, { f32: this.floatOfBits(element), i32: element, bool: `${element} != 0` }[type]);
  }
}
