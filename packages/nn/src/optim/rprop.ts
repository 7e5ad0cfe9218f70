import { argumentError, areNumbers, checkOptions } from '@thetagrad/core/backend';
import type { Tensor, VariableTree, VariableTreeOf } from '@thetagrad/core';
import { Optimizer, optimizerOptions, type OptimizerOptions, type TrainedParameter } from './optimizer.ts';

export interface RpropOptions extends Omit<OptimizerOptions, 'lr' | 'weightDecay'> {
  /** The size of the first step of each element. Default: 0.01. */
  readonly lr?: OptimizerOptions['lr'];
  /** Factors of the size where the sign of the gradient has changed, and where it has not. Default: 0.5 and 1.2. */
  readonly etas?: readonly [minus: number, plus: number];
  /** The smallest and the largest size. Default: 1e-6 and 50. */
  readonly stepSizes?: readonly [min: number, max: number];
}

/**
 * Resilient backpropagation by PyTorch's rule, for gradients of the whole data: each element goes against the sign of its gradient,
 * by a size that shrinks where the sign has changed, without a step this time, and grows where it has not. (Riedmiller and Braun,
 * ICNN 1993.)
 */
export class Rprop<Tree = VariableTree> extends Optimizer<Tree> {
  readonly etas: readonly [minus: number, plus: number];
  readonly stepSizes: readonly [min: number, max: number];

  /** @throws {RangeError} if an option is out of range, or as {@link Optimizer}. */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: RpropOptions = {}) {
    const known = optimizerOptions.filter((name) => name !== 'weightDecay');
    checkOptions('Rprop', options, [...known, 'etas', 'stepSizes']);
    const { lr = 1e-2, etas = [0.5, 1.2], stepSizes = [1e-6, 50], ...rest } = options;
    checkPair('etas', '0 < minus < 1 < plus', etas, ([minus, plus]) => minus > 0 && minus < 1 && plus > 1);
    checkPair('stepSizes', '0 ≤ min ≤ max', stepSizes, ([min, max]) => min >= 0 && min <= max);
    super(tree, { lr, ...rest }, ['previousGrad', 'stepSize']);
    this.etas = etas;
    this.stepSizes = stepSizes;
  }

  protected override apply(parameter: TrainedParameter, grad: Tensor): Tensor {
    const { name, variable } = parameter;
    const [minus, plus] = this.etas;
    const [previous, size] = [this.state('previousGrad', name), this.state('stepSize', name)];
    // Signs, since the product of small gradients could be 0.
    const agreement = grad.sign().mul(previous.value.sign());
    const old = size.value.add(this.scalar(parameter, (lr, step) => (step === 0 ? lr : 0)));
    const scaled = agreement.greater(0).where(old.mul(plus), agreement.less(0).where(old.mul(minus), old));
    const stepSize = scaled.clip(...this.stepSizes);
    const used = agreement.less(0).where(0, grad);
    previous.assign(used);
    size.assign(stepSize);
    return variable.value.sub(used.sign().mul(stepSize));
  }
}

type Pair = readonly [number, number];

function checkPair(name: string, expected: string, pair: Pair, isRight: (pair: Pair) => boolean): void {
  const areTwo = areNumbers(pair) && pair.length === 2;
  if (!areTwo || !isRight(pair)) throw argumentError('Rprop', name, `two numbers, ${expected}`, pair, areTwo);
}
