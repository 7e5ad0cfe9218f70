// Choosing between tensors by indices and conditions.
import {
  isFloatingPoint,
  promoteTypes,
  Tensor,
  zeros,
  type DType,
  type Indices,
  type TensorLike,
} from '@thetagrad/core';
import {
  argumentError,
  broadcastShapes,
  checkFunction,
  checkOptions,
  checkTensor,
  formatShape,
  fromValues,
  nameIndices,
  sameShape,
  toIndices,
  unknownValue,
} from '@thetagrad/core/backend';

export interface ChooseOptions {
  /**
   * What becomes of an index out of range: 'raise' makes it an error, and counts negative ones from the end; 'wrap' takes it
   * modulo the number of choices, 'clip' moves it to the nearest end. Default: 'raise'.
   */
  readonly mode?: 'raise' | 'wrap' | 'clip';
}

/**
 * Takes each element from the choice that an index names (NumPy's `choose`). The indices and all choices broadcast together; the
 * dtype is the common one of the choices.
 * @param indices int32, or integers in arrays.
 * @param choices tensors or numbers, at least one.
 * @throws {TypeError} if the indices are not integers, the choices not an array of tensors or numbers, or an option is unknown.
 * @throws {RangeError} if there is no choice, shapes do not broadcast, or an index is out of range: of indices in a tensor at
 *   evaluation.
 * @example
 * choose([0, 1, 1], [tensor([1, 2, 3]), 0]) // tensor([1, 0, 0])
 */
export function choose(indices: Indices, choices: readonly TensorLike[], options: ChooseOptions = {}): Tensor {
  checkOptions('choose', options, ['mode']);
  const { mode = 'raise' } = options;
  if (!['raise', 'wrap', 'clip'].includes(mode)) {
    throw unknownValue('choose', 'mode', mode, `'raise', 'wrap' or 'clip'`);
  }
  const operands = toOperands('choose', 'choices', choices);
  const count = operands.length;
  if (count === 0) throw new RangeError('choose: there are no choices; expected at least one');
  const given = toIndices('choose', indices, mode === 'raise' ? { shape: [count], axis: 0 } : undefined);
  const shape = broadcastShapes('choose', given.shape, ...operands.map((choice) => choice.shape));
  const index =
    mode === 'wrap' ? given.mod(count) : mode === 'clip' ? given.clip(0, count - 1) : checkRange(given, count);
  // Comparisons and choices are one kernel, which a gather from stacked choices would not be. The last choice needs no
  // comparison, unless it is the only one: the index has to be read to be checked.
  const compared = count === 1 ? [...operands, ...operands] : operands;
  const conditions = compared.slice(0, -1).map((_, i) => index.equal(i));
  return firstOf(conditions, compared).broadcastTo(shape);
}

/** Counts negative indices from the end. An index out of range is an error at evaluation. */
function checkRange(indices: Tensor, count: number): Tensor {
  // The zeros are one number in memory, which is read only where an index is in range.
  const line = indices.flatten();
  const checked = nameIndices('choose', zeros([count], { dtype: 'int32' }).takeAlongAxis(line), [count], 0);
  return line.less(0).where(line.add(count), line).add(checked).reshape(indices.shape);
}

/**
 * Takes each element from the choice of the first condition that is true there, or the default where none is (NumPy's
 * `select`). Conditions and choices broadcast together; the dtype is the common one of the choices and the default.
 * @param conditions tensors of bool, at least one.
 * @param choices as many tensors or numbers.
 * @param byDefault a tensor or a number. Default: 0.
 * @throws {TypeError} if the conditions are not an array of bool tensors, or a choice is neither a tensor nor a number.
 * @throws {RangeError} if there is no condition, the numbers of conditions and choices differ, or shapes do not broadcast.
 * @example
 * select([tensor([true, false, false]), tensor([true, true, false])], [1, 2], -1) // tensor([ 1, 2, -1])
 */
export function select(
  conditions: readonly Tensor[],
  choices: readonly TensorLike[],
  byDefault: TensorLike = 0,
): Tensor {
  checkConditions('select', conditions);
  checkArray('select', 'choices', choices);
  if (choices.length !== conditions.length) {
    throw new RangeError(
      `select: expected a choice for each of ${conditions.length} conditions, got ${choices.length}`,
    );
  }
  const operands = toOperands('select', 'choices and the default', [...choices, byDefault]);
  const shape = broadcastShapes('select', ...[...conditions, ...operands].map((operand) => operand.shape));
  return firstOf(conditions, operands).broadcastTo(shape);
}

/**
 * Evaluates a function that is defined in pieces (NumPy's `piecewise`): at each element of x the piece of the last condition
 * that is true there. Each function is applied to all of x. The dtype is the common one of the pieces.
 * @param conditions tensors of bool that broadcast to x's shape, at least one.
 * @param pieces a number, or a function of x, for each condition, and possibly one more for where none is true, which is 0
 *   by default. What functions return broadcasts to x's shape.
 * @throws {TypeError} if x is not a tensor, the conditions are not an array of bool tensors, or a piece is neither a number nor
 *   a function that returns a tensor or a number.
 * @throws {RangeError} if there is no condition, the number of pieces does not fit, or shapes do not broadcast to x's.
 * @example
 * piecewise(tensor([-2, -1, 3]), [tensor([false, false, true])], [(x) => x.mul(10), (x) => x.neg()]) // tensor([ 2, 1, 30])
 */
export function piecewise(
  x: Tensor,
  conditions: readonly Tensor[],
  pieces: readonly (number | ((x: Tensor) => TensorLike))[],
): Tensor {
  checkTensor('piecewise', x);
  checkConditions('piecewise', conditions);
  checkArray('piecewise', 'pieces', pieces);
  const count = conditions.length;
  if (pieces.length !== count && pieces.length !== count + 1) {
    throw new RangeError(
      `piecewise: expected ${count} or ${count + 1} pieces for ${count} conditions, got ${pieces.length}`,
    );
  }
  const values = pieces.map((piece) => {
    if (typeof piece === 'number') return piece;
    checkFunction('piecewise', piece);
    return piece(x);
  });
  const [byDefault = 0] = values.splice(count);
  const operands = toOperands('piecewise', 'pieces', [...values.toReversed(), byDefault]);
  for (const { shape } of [...conditions, ...operands]) {
    if (sameShape(broadcastShapes('piecewise', shape, x.shape), x.shape)) continue;
    const [from, to] = [formatShape(shape), formatShape(x.shape)];
    throw new RangeError(`piecewise: a condition or piece of shape ${from} does not broadcast to ${to} of x`);
  }
  return firstOf(conditions.toReversed(), operands).broadcastTo(x.shape);
}

/** The choice of the first condition that is true, or the last choice, which has no condition. */
function firstOf(conditions: readonly Tensor[], choices: readonly Tensor[]): Tensor {
  return choices.reduceRight((rest, choice, i) => conditions[i]?.where(choice, rest) ?? choice);
}

function checkArray(operation: string, name: string, values: readonly unknown[]): void {
  if (!Array.isArray(values)) throw argumentError(operation, name, 'an array', values, false);
}

function checkConditions(operation: string, conditions: readonly Tensor[]): void {
  checkArray(operation, 'conditions', conditions);
  if (conditions.length === 0) throw new RangeError(`${operation}: there are no conditions; expected at least one`);
  for (const condition of conditions) {
    checkTensor(`${operation}: a condition`, condition);
    if (condition.dtype === 'bool') continue;
    throw new TypeError(
      `${operation}: a condition must be bool, got ${condition.dtype}; compare, or convert with astype('bool')`,
    );
  }
}

/** Tensors of the dtype that tensors and numbers have in common. */
function toOperands(operation: string, name: string, operands: readonly TensorLike[]): Tensor[] {
  checkArray(operation, name, operands);
  for (const operand of operands) {
    if (typeof operand !== 'number') checkTensor(`${operation}: ${name}`, operand);
  }
  const dtypes = operands.flatMap((operand) => (operand instanceof Tensor ? [operand.dtype] : []));
  const ofTensors = dtypes.length > 0 ? dtypes.reduce(promoteTypes) : 'float32';
  const dtype = operands.reduce<DType>((common, operand) => {
    if (typeof operand !== 'number' || isFloatingPoint(common)) return common;
    return Number.isInteger(operand) ? 'int32' : 'float32';
  }, ofTensors);
  return operands.map((operand) =>
    typeof operand === 'number' ? fromValues(operation, operand, { dtype }) : operand.astype(dtype),
  );
}
