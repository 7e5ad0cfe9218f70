import { isLeaf } from './order.ts';
import type { Attribute, Attributes, Primitive } from './primitive.ts';
import type { Tensor } from './tensor.ts';

/** What a plan computes. */
export interface Targets {
  /** All tensors that are needed, inputs first; those that have a value or are sources are bound when the plan runs. */
  readonly order: readonly Tensor[];
  /** Written to outputs 0, 1, … */
  readonly results: readonly Tensor[];
  /** Written to the outputs after those, over values that the plan may have to read before. */
  readonly updates: readonly Update[];
}

/** A new value of a variable. */
export interface Update {
  readonly value: Tensor;
  /** The leaves that read the old value: they are bound to the memory that is written. */
  readonly replaces: readonly Tensor[];
}

/** A text that is equal for graphs of one structure, which share a plan: only the values of their leaves may differ. */
export function structureKey({ order, results, updates }: Targets): string {
  const numbers = new Map<Tensor, number>();
  const numbersOf = (tensors: readonly Tensor[]): string => tensors.map((tensor) => numbers.get(tensor)).join(' ');
  let key = '';
  for (const tensor of order) {
    numbers.set(tensor, numbers.size);
    const { primitive, dtype, shape, inputs, attributes } = tensor;
    const operation = isLeaf(tensor)
      ? 'leaf'
      : `${primitiveKey(primitive)} ${numbersOf(inputs)} ${attributesKey(attributes)}`;
    key += `${operation} ${dtype} ${shape.join()}\n`;
  }
  return `${key}${numbersOf(results)}>${updates.map(({ value, replaces }) => numbersOf([value, ...replaces])).join(';')}`;
}

/** Elementwise operations by number, since operations that users define may share a name; others by name. */
const elementwiseNumbers = new WeakMap<Primitive, number>();
let elementwiseNumbered = 0;

function primitiveKey(primitive: Primitive): string | number {
  if (primitive.kind !== 'elementwise') return primitive.name;
  let number = elementwiseNumbers.get(primitive);
  if (number === undefined) elementwiseNumbers.set(primitive, (number = elementwiseNumbered++));
  return number;
}

/** Attributes as text: equal for equal attributes. */
export function attributesKey(attributes: Attributes): string {
  let key = '';
  for (const name in attributes) key += `${name}=${attributeKey(attributes[name]!)};`;
  return key;
}

/** An attribute as text. */
export function attributeKey(value: Attribute): string {
  if (Array.isArray(value)) return `[${value.map(attributeKey).join(',')}]`;
  return Object.is(value, -0) ? '-0' : String(value);
}
