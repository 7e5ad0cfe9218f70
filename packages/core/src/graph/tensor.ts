import type { Buffer } from '../schedule/backend.ts';
import { type DType, type TypedArray } from '../data/dtype.ts';
import { evaluate, evaluateSync } from '../evaluate.ts';
import { formatTensor, nest, type NestedArray } from '../inspect/format.ts';
import * as conversion from '../ops/cast.ts';
import * as convolution from '../ops/convolution.ts';
import * as elementwise from '../ops/elementwise.ts';
import * as indexing from '../ops/indexing.ts';
import * as linear from '../ops/matmul.ts';
import * as movement from '../ops/movement.ts';
import * as reduction from '../ops/reduction.ts';
import * as scan from '../ops/scan.ts';
import * as statistics from '../ops/statistics.ts';
import type { Attributes, Primitive } from './primitive.ts';
import { type Shape, sizeOf } from '../data/shape.ts';

/** What an operation takes beside tensors: plain numbers, which take the dtype of the tensor they meet. */
export type TensorLike = Tensor | number;

let created = 0;

/**
 * An array of numbers that is known by how it is computed: a node of a graph. Operations check shapes and dtypes at
 * once and compute nothing; reading values (`data`, `item`, `toArray`) or `evaluate` computes what is needed.
 * A tensor never changes.
 */
export class Tensor {
  /** Nodes are numbered as they are made, so inputs always have smaller numbers. */
  readonly id: number = created++;
  readonly primitive: Primitive;
  /** Empty once the value is known: the graph behind a value is let go. */
  inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
  /** What a source or a custom gradient holds; bound at run time and no part of the graph's structure. */
  readonly payload: unknown;
  /** The value, once it has been computed. */
  buffer: Buffer | undefined;

  /** For operations; users create tensors with `tensor`, `zeros`, `arange` and so on. */
  constructor(
    primitive: Primitive,
    inputs: readonly Tensor[],
    type: { readonly shape: Shape; readonly dtype: DType },
    attributes: Attributes = {},
    payload?: unknown,
  ) {
    this.primitive = primitive;
    this.inputs = inputs;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.attributes = attributes;
    this.payload = payload;
  }

  /** The number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The elements in row-major order, computed if need be. The array is the caller's own. */
  async data(): Promise<TypedArray> {
    await evaluate(this);
    return this.buffer!.read();
  }

  /** As {@link data}, for backends that can wait: all that run on the CPU. */
  dataSync(): TypedArray {
    evaluateSync(this);
    return this.buffer!.readSync();
  }

  /**
   * The only element, as a number.
   * @throws {RangeError} if the tensor has more than one element, or none.
   */
  async item(): Promise<number> {
    this.#checkSingle();
    return (await this.data())[0]!;
  }

  /** As {@link item}, for backends that can wait. */
  itemSync(): number {
    this.#checkSingle();
    return this.dataSync()[0]!;
  }

  /** The elements as nested arrays; a number or boolean if the tensor is a scalar. */
  async toArray(): Promise<NestedArray> {
    return nest(await this.data(), this.shape, this.dtype);
  }

  /** As {@link toArray}, for backends that can wait. */
  toArraySync(): NestedArray {
    return nest(this.dataSync(), this.shape, this.dtype);
  }

  /** The values as NumPy prints them, long axes shortened; computed if need be. */
  toString(): string {
    return formatTensor(this.dataSync(), this.shape, this.dtype);
  }

  #checkSingle(): void {
    if (this.size !== 1) {
      throw new RangeError(
        `item: a tensor of shape [${this.shape.join(', ')}] has ${this.size} elements, not one; use data() or toArray()`,
      );
    }
  }
}

// Every function of these modules that starts from a tensor is a method too: sin(x) is x.sin(), sum(x, 0) is x.sum(0).
const methods = [elementwise, conversion, reduction, scan, statistics, movement, linear, convolution, indexing];

/** The functions of a module as methods: without their first parameter. */
type Methods<Module> = {
  [Name in keyof Module]: Module[Name] extends (first: infer First, ...rest: infer Rest) => infer Result
    ? Tensor extends First
      ? (...rest: Rest) => Result
      : never
    : never;
};

export interface Tensor
  extends
    Methods<typeof elementwise>,
    Methods<typeof conversion>,
    Methods<typeof reduction>,
    Methods<typeof scan>,
    Methods<typeof statistics>,
    Methods<typeof movement>,
    Methods<typeof linear>,
    Methods<typeof convolution>,
    Methods<typeof indexing> {}

for (const module of methods as readonly Record<string, (...parameters: unknown[]) => unknown>[]) {
  // ownKeys, because the module may still be loading (they import each other): the function is looked up at the call.
  for (const name of Reflect.ownKeys(module)) {
    if (typeof name !== 'string') continue;
    Object.defineProperty(Tensor.prototype, name, {
      value(this: Tensor, ...rest: unknown[]) {
        return module[name]!(this, ...rest);
      },
      configurable: true,
      writable: true,
    });
  }
}

// What Node's console prints.
Object.defineProperty(Tensor.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Tensor): string {
    return this.toString();
  },
  configurable: true,
});
