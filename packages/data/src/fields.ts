import { Tensor, tensor } from '@thetagrad/core';
import { argumentError, checkOptions, formatShape, isPlainObject, show } from '@thetagrad/core/backend';
import { Order, orderOptionNames, type OrderOptions, type Position } from './order.ts';

/** Examples that are made when a batch is: from files, or as windows of one text. */
export interface Rows {
  /** Number of examples. */
  readonly length: number;
  /** The examples at the given indices as a tensor, of shape [indices.length, …]. */
  take(indices: Int32Array): Tensor;
}

/** One value for each example: a tensor whose first axis counts them, a typed array of numbers, or {@link Rows}. */
export type Field = Tensor | Float32Array | Float64Array | Int32Array | Rows;

/** A batch of fields by their names, and its position in the stream. */
export type FieldBatch<Name extends string = string> = Position & {
  /** Index of each example. */
  readonly indices: Int32Array;
  /** Position after this batch: store it in a checkpoint and pass it as `start` to resume. */
  readonly next: Position;
} & { readonly [name in Name]: Tensor };

/** Selects the rows of each batch. */
export class FieldPipeline<Name extends string> {
  readonly order: Order;
  /** The fields that are tensors. */
  readonly tensors: readonly Tensor[];
  readonly #fields: readonly (readonly [name: Name, rows: Rows])[];

  /**
   * @throws {TypeError} if a field or option is of the wrong kind, or a field has the name of something else in a batch.
   * @throws {RangeError} if fields differ in length, an option is out of range, or `start` is not a position in this stream.
   */
  constructor(fields: Readonly<Record<Name, Field>>, options: OrderOptions) {
    checkOptions('batches', options, [...orderOptionNames]);
    if (!isPlainObject(fields)) {
      throw argumentError('batches', 'data', 'an ImageDataset, or an object of tensors and arrays', fields, false);
    }
    const names = Object.keys(fields) as Name[];
    this.tensors = names.map((name) => fields[name]).filter((field) => field instanceof Tensor);
    const taken = names.find((name) => ['indices', 'epoch', 'step', 'next'].includes(name));
    if (taken !== undefined)
      throw new TypeError(`batches: a field cannot have the name ${show(taken)}, which a batch has itself`);
    this.#fields = names.map((name) => [name, toRows(name, fields[name])] as const);
    const [first] = this.#fields;
    if (first === undefined) throw new TypeError('batches: the object has no fields');
    const { length } = first[1];
    for (const [name, rows] of this.#fields) {
      if (rows.length === length) continue;
      throw new RangeError(
        `batches: fields must have the same number of examples; '${first[0]}' has ${length}, '${name}' ${rows.length}`,
      );
    }
    this.order = new Order(length, options);
  }

  /** Generates all batches from the start position. */
  *run(): Generator<FieldBatch<Name>, void> {
    for (const position of this.order.positions()) {
      const indices = this.order.indicesAt(position);
      const tensors = this.#fields.map(([name, rows]) => [name, takeRows(name, rows, indices)] as const);
      const taken = Object.fromEntries(tensors) as Record<Name, Tensor>;
      yield { ...taken, indices, ...position, next: this.order.nextOf(position) };
    }
  }
}

function toRows(name: string, field: Field): Rows {
  if (field instanceof Float32Array || field instanceof Float64Array || field instanceof Int32Array) {
    return toRows(name, tensor(field));
  }
  if (field instanceof Tensor) {
    const { ndim, shape } = field;
    if (ndim > 0) return { length: shape[0]!, take: (indices) => field.take(indices) };
    throw new RangeError(`batches: field '${name}' is a scalar; its first axis counts the examples`);
  }
  if (
    typeof field === 'object' &&
    field !== null &&
    Number.isInteger(field.length) &&
    typeof field.take === 'function'
  ) {
    return field;
  }
  const kinds = 'a tensor, a Float32Array, Float64Array or Int32Array, or { length, take }';
  throw argumentError('batches', `field '${name}'`, kinds, field, false);
}

function takeRows(name: string, rows: Rows, indices: Int32Array): Tensor {
  const taken = rows.take(indices);
  if (taken instanceof Tensor && taken.shape[0] === indices.length) return taken;
  const got = taken instanceof Tensor ? formatShape(taken.shape) : show(taken);
  throw new TypeError(`batches: take of field '${name}' must give a tensor of ${indices.length} rows, got ${got}`);
}
