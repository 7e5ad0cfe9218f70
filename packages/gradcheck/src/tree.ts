import { isFloat, Tensor } from '@thetagrad/core';

/** A tensor of a tree and where it is in it: `input 1.weights[0]`. */
export interface Leaf {
  readonly tensor: Tensor;
  readonly path: string;
}

/** The tensors of a tree that are to be differentiated, and how to build the same tree with others in their places. */
export interface Tree {
  readonly leaves: readonly Leaf[];
  readonly rebuild: (tensors: readonly Tensor[]) => unknown;
}

/**
 * Walks arrays and plain objects. `pick` decides about everything else: true (for tensors only) makes it a leaf, false
 * leaves it where it is, and it may throw.
 */
export function collect(root: unknown, path: string, pick: (value: unknown, path: string) => boolean): Tree {
  const leaves: Leaf[] = [];
  const visit = (value: unknown, at: string): ((tensors: readonly Tensor[]) => unknown) => {
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, i) => visit(item, `${at}[${i}]`));
      return (tensors) => items.map((item) => item(tensors));
    }
    if (isPlainObject(value)) {
      const entries = Object.entries(value).map(([key, item]) => [key, visit(item, `${at}.${key}`)] as const);
      return (tensors) => Object.fromEntries(entries.map(([key, item]) => [key, item(tensors)]));
    }
    if (!pick(value, at)) return () => value;
    const index = leaves.push({ tensor: value as Tensor, path: at }) - 1;
    return (tensors) => tensors[index];
  };
  return { leaves, rebuild: visit(root, path) };
}

export function isFloatTensor(value: unknown): value is Tensor {
  return value instanceof Tensor && isFloat(value.dtype);
}

/** What a value is, for messages. */
export function describe(value: unknown): string {
  if (value instanceof Tensor) return `a tensor of ${value.dtype}`;
  if (value instanceof Promise) return 'a Promise; it must be synchronous';
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? `'${value}'` : String(value);
  return value.constructor?.name ?? 'an object';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
