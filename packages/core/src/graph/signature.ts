// Signatures of graphs: by them plans are found again.
import type { DType } from '../data/dtype.ts';
import type { Shape } from '../data/shape.ts';
import { isLeaf } from './order.ts';
import type { Attribute, Attributes, Primitive } from './primitive.ts';
import type { LeafSlice, Targets } from './targets.ts';
import { positionOf, setPosition, type Tensor } from './tensor.ts';

/**
 * A sequence of int32 numbers that is equal for graphs that differ in nothing but the values of their leaves and the offsets
 * of their leaves' slices, and for no others. Valid until the next call.
 */
export function signatureOf({ order, slices, results, updates }: Targets): Int32Array {
  length = 0;
  writeInteger(order.length);
  for (let i = 0; i < order.length; i++) {
    const tensor = order[i]!;
    setPosition(tensor, i);
    const slice = slices.size > 0 ? slices.get(tensor) : undefined;
    if (slice) writeSlice(slice);
    else if (isLeaf(tensor)) writeInteger(leafNumber);
    else writeOperation(tensor);
    writeInteger(dtypeNumbers[tensor.dtype]);
    writeShape(tensor.shape);
  }
  writePositions(results);
  writeInteger(updates.length);
  for (const { value, replaces } of updates) {
    writeInteger(positionOf(value));
    writePositions(replaces);
  }
  return words.subarray(0, length);
}

const leafNumber = 0;
const sliceNumber = 1;
const dtypeNumbers: Readonly<Record<DType, number>> = { float32: 0, float64: 1, int32: 2, bool: 3 };

let words = new Int32Array(1024);
let length = 0;

function write(word: number): void {
  if (length === words.length) {
    const larger = new Int32Array(2 * length);
    larger.set(words);
    words = larger;
  }
  words[length++] = word;
}

function writeOperation({ primitive, inputs, attributes }: Tensor): void {
  write(numberOf(primitive));
  writePositions(inputs);
  writeAttributes(attributes);
}

function writeSlice({ leaf, size, view: { strides, offset } }: LeafSlice): void {
  write(sliceNumber);
  write(positionOf(leaf));
  writeInteger(size);
  writeInteger(offset);
  writeAttribute(strides);
}

function writePositions(tensors: readonly Tensor[]): void {
  write(tensors.length);
  for (const tensor of tensors) write(positionOf(tensor));
}

function writeShape(shape: Shape): void {
  write(shape.length);
  for (const size of shape) writeInteger(size);
}

/** Tags of attributes, and the end of a list of them. */
const tags = { end: 0, name: 1, integer: 2, number: 3, true: 4, false: 5, string: 6, array: 7 } as const;

function writeAttributes(attributes: Attributes): void {
  for (const name in attributes) {
    write(tags.name);
    write(numberOfName(name));
    writeAttribute(attributes[name]!);
  }
  write(tags.end);
}

function writeAttribute(value: Attribute): void {
  if (typeof value === 'number') {
    if (isInteger(value)) {
      write(tags.integer);
      write(value);
    } else {
      write(tags.number);
      writeDouble(value);
    }
  } else if (typeof value === 'boolean') {
    write(value ? tags.true : tags.false);
  } else if (typeof value === 'string') {
    write(tags.string);
    write(numberOfName(value));
  } else {
    write(tags.array);
    write(value.length);
    for (const item of value) writeAttribute(item);
  }
}

/** Whether a number is an int32 and not −0. */
function isInteger(value: number): boolean {
  return value === (value | 0) && !Object.is(value, -0);
}

/** Writes an integer ≥ 0. */
function writeInteger(value: number): void {
  if (isInteger(value)) return write(value);
  write(-1);
  writeDouble(value);
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

function writeDouble(value: number): void {
  double[0] = value;
  write(halves[0]!);
  write(halves[1]!);
}

const numbersOfNames = new Map<string, number>();
/** Numbers for elementwise operations, since operations that users define may share a name. */
const numbersOfPrimitives = new WeakMap<Primitive, number>();
let nextNumber = sliceNumber + 1;

function numberOf(primitive: Primitive): number {
  if (primitive.kind !== 'elementwise') return numberOfName(primitive.name);
  let number = numbersOfPrimitives.get(primitive);
  if (number === undefined) numbersOfPrimitives.set(primitive, (number = nextNumber++));
  return number;
}

function numberOfName(name: string): number {
  let number = numbersOfNames.get(name);
  if (number === undefined) numbersOfNames.set(name, (number = nextNumber++));
  return number;
}
