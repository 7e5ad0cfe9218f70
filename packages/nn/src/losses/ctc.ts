// Connectionist temporal classification.
import { arange, full, isFloatingPoint, logsumexp, stack, type Tensor, where, zeros } from '@thetagrad/core';
import { checkInteger, checkTensor, describeIndices, formatShape, HostBuffer, last } from '@thetagrad/core/backend';
import { scan } from '@thetagrad/func';
import { labelMessage, toClassIndices } from '../labels.ts';
import { type Lengths, toLengths } from '../lengths.ts';
import { type LossOptions, reduce, type Reduction, reductionOf } from './reduce.ts';

export interface CtcLossOptions extends LossOptions {
  /** The class of the blank. Default: 0. */
  readonly blank?: number;
  /** Whether the loss of a target that the frames cannot spell is 0 instead of ∞; its gradient is 0 in any case. Default: false. */
  readonly zeroInfinity?: boolean;
  /** Default: `'mean'`, which divides each loss by the length of its target (at least 1) before. */
  readonly reduction?: Reduction;
}

/**
 * The negative logarithm of the probability of a sequence of labels, summed over all its alignments with the frames (Graves et
 * al., ICML 2006, section 4.1), by the forward recursion of logarithms. It is ∞ where there are too few frames.
 * @param logProbabilities floating point [T, N, C] or, of one sample, [T, C]; such as `logits.logSoftmax()`
 * @param targets int32 [N, S] or [S], of which only the first `targetLengths` count; each from 0 to C − 1, and not the blank
 * @param inputLengths the number of frames of each sample, from 0 to T: int32 [N], or an array; a scalar or a number of one sample
 * @param targetLengths the number of labels of each sample, from 0 to S: as inputLengths
 * @returns a scalar, or [N] with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, log-probabilities are not floating point, targets or lengths are not integers,
 *   or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit, a length or the blank is out of range, or a label is out of range: lengths and
 *   labels at once where they are plain data, labels at evaluation otherwise. Computed lengths are not checked.
 */
export function ctcLoss(
  logProbabilities: Tensor,
  targets: Tensor,
  inputLengths: Tensor | readonly number[] | number,
  targetLengths: Tensor | readonly number[] | number,
  options: CtcLossOptions = {},
): Tensor {
  const operation = 'ctcLoss';
  checkTensor(operation, logProbabilities);
  checkTensor(operation, targets);
  const reduction = reductionOf(operation, options, ['blank', 'zeroInfinity']);
  const { blank = 0, zeroInfinity = false } = options;
  if (!isFloatingPoint(logProbabilities.dtype)) {
    throw new TypeError(`${operation}: log-probabilities must be floating point, got ${logProbabilities.dtype}`);
  }
  if (logProbabilities.ndim !== 2 && logProbabilities.ndim !== 3) {
    throw new RangeError(
      `${operation}: log-probabilities must be [T, N, C] or [T, C], got ${formatShape(logProbabilities.shape)}`,
    );
  }
  const isBatched = logProbabilities.ndim === 3;
  const x = isBatched ? logProbabilities : logProbabilities.expandDims(1);
  const [frames, count, classes] = x.shape as [number, number, number];
  checkInteger(operation, 'blank', blank, { min: 0, max: classes - 1 });
  const labels = toLabels(operation, targets, isBatched ? count : undefined);
  const samples = isBatched ? [count] : [];
  const { counts } = toLengths(operation, 'inputLengths', inputLengths, { samples, max: frames });
  const lengths = toLengths(operation, 'targetLengths', targetLengths, { samples, max: last(labels.shape) });
  checkTargets(operation, targets, lengths, { blank, classes });
  const losses = alignmentLosses(x, toAlignment(operation, labels, lengths.counts, { blank, classes }), counts);
  const finite = zeroInfinity ? losses.equal(Infinity).where(0, losses) : losses;
  const isMean = (reduction ?? 'mean') === 'mean';
  const scaled = isMean ? finite.div(lengths.counts.maximum(1)) : finite;
  return reduce(operation, isBatched ? scaled : scaled.squeeze(0), reduction);
}

/** Checks targets; returns them as [N, S]. */
function toLabels(operation: string, targets: Tensor, count: number | undefined): Tensor {
  if (targets.dtype !== 'int32') {
    throw new TypeError(
      `${operation}: targets must be int32 labels, got ${targets.dtype}; convert with astype('int32')`,
    );
  }
  const { shape } = targets;
  if (count === undefined ? shape.length === 1 : shape.length === 2 && shape[0] === count) {
    return count === undefined ? targets.expandDims(0) : targets;
  }
  const expected = count === undefined ? '[S]' : `[${count}, S]`;
  throw new RangeError(`${operation}: targets must be ${expected}, got ${formatShape(shape)}`);
}

/** What alignments go through: a target of S labels as L = 2 · S + 1 states, a blank before and after each. */
interface Alignment {
  /** int32 [N, L]: the class of each state. */
  readonly states: Tensor;
  /** bool [N, L]: states that follow the one before the last as well, as the blank between can be left out. */
  readonly canSkip: Tensor;
  /** bool [N, L]: states that end a target. */
  readonly isLast: Tensor;
}

function toAlignment(
  operation: string,
  labels: Tensor,
  lengths: Tensor,
  { blank, classes }: { readonly blank: number; readonly classes: number },
): Alignment {
  const [count, size] = labels.shape as [number, number];
  const length = 2 * size + 1;
  // What follows a target is not read.
  const read = arange(size).less(lengths.expandDims(-1)).where(labels, blank);
  const indices = toClassIndices(operation, read, classes);
  const blanks = full([count, size + 1], blank, { dtype: 'int32' });
  const interleaved = stack(
    [
      blanks,
      indices.pad([
        [0, 0],
        [0, 1],
      ]),
    ],
    2,
  ).reshape([count, length + 1]);
  const states = describeIndices(interleaved.slice([null, [0, length]]), (index, position) => {
    const label = index < 0 ? index + classes : index;
    return labelMessage(operation, label, [Math.floor(position / length), ((position % length) - 1) / 2], classes);
  });
  const position = arange(length);
  const beforeLast = states
    .pad([
      [0, 0],
      [2, 0],
    ])
    .slice([null, [0, length]]);
  const canSkip = position.mod(2).equal(1).logicalAnd(position.greater(1)).logicalAnd(states.notEqual(beforeLast));
  const end = lengths.expandDims(-1).mul(2);
  return { states, canSkip, isLast: position.equal(end).logicalOr(position.equal(end.sub(1))) };
}

/** The loss of each sample, [N]. */
function alignmentLosses(
  logProbabilities: Tensor,
  { states, canSkip, isLast }: Alignment,
  inputLengths: Tensor,
): Tensor {
  const [frames] = logProbabilities.shape as [number];
  const { dtype } = logProbabilities;
  const emissions = logProbabilities.takeAlongAxis(states.expandDims(0), 2);
  const isFrame = arange(frames)
    .reshape([-1, 1, 1])
    .less(inputLengths.reshape([-1, 1]))
    .astype(dtype);
  const length = last(states.shape);
  const delay = (x: Tensor, steps: number): Tensor =>
    x
      .pad(
        [
          [0, 0],
          [steps, 0],
        ],
        -Infinity,
      )
      .slice([null, [0, length]]);
  // Logarithms of the probabilities of all beginnings of alignments, by their last state. Before the first frame it is the first.
  const first = where(arange(length).equal(0), zeros([], { dtype }), -Infinity).broadcastTo(states.shape);
  const [final] = scan(
    (reached: Tensor, { emission, active }: { emission: Tensor; active: Tensor }) => {
      const skipped = canSkip.where(delay(reached, 2), -Infinity);
      const next = logsumexp(stack([reached, delay(reached, 1), skipped]), 0).add(emission);
      return [active.greater(0).where(next, reached), null];
    },
    first,
    { emission: emissions, active: isFrame } as { emission: Tensor; active: Tensor },
  );
  return isLast.where(final, -Infinity).logsumexp(-1).neg();
}

/** Checks the labels of targets, where these and their lengths are plain data. */
function checkTargets(
  operation: string,
  targets: Tensor,
  lengths: Lengths,
  { blank, classes }: { readonly blank: number; readonly classes: number },
): void {
  if (!(targets.buffer instanceof HostBuffer && lengths.known)) return;
  const size = last(targets.shape);
  const { values } = targets.buffer;
  for (const [n, length] of Array.from(lengths.known).entries()) {
    for (let s = 0; s < length; s++) {
      const label = values[n * size + s]!;
      const index = targets.ndim === 1 ? [s] : [n, s];
      if (label < 0 || label >= classes) throw new RangeError(labelMessage(operation, label, index, classes));
      if (label === blank) {
        throw new RangeError(
          `${operation}: label ${label} at index ${formatShape(index)} is the blank; choose another class as blank`,
        );
      }
    }
  }
}
