import { isLeaf } from './order.ts';
import type { Attribute, Attributes, Primitive } from './primitive.ts';
import type { Targets } from './targets.ts';
import type { Tensor } from './tensor.ts';

/** A cache key for plans: equal for graphs that differ in nothing but the values of their leaves. */
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

/** Numbers for elementwise operations, since operations that users define may share a name. */
const elementwiseNumbers = new WeakMap<Primitive, number>();
let nextElementwiseNumber = 0;

function primitiveKey(primitive: Primitive): string | number {
  if (primitive.kind !== 'elementwise') return primitive.name;
  let number = elementwiseNumbers.get(primitive);
  if (number === undefined) elementwiseNumbers.set(primitive, (number = nextElementwiseNumber++));
  return number;
}

/** Serializes attributes: equal text for equal attributes. */
function attributesKey(attributes: Attributes): string {
  let key = '';
  for (const name in attributes) key += `${name}=${attributeKey(attributes[name]!)};`;
  return key;
}

/** Serializes an attribute. */
export function attributeKey(value: Attribute): string {
  if (Array.isArray(value)) return `[${value.map(attributeKey).join(',')}]`;
  return Object.is(value, -0) ? '-0' : String(value);
}
